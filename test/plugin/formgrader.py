"""nbgrader's own pages for instructors, as far as they ask the exchange."""

from in_process import being
from nbgrader.apps import NbGraderAPI, NbGraderApp


def open_page(instructor):
    """What every page of formgrader begins with."""
    with being(instructor.environment(), instructor.desk):
        NbGraderApp.clear_instance()
        app = NbGraderApp.instance()
        try:
            app.initialize([])
            return NbGraderAPI(config=app.config)
        finally:
            app.reset()


def assignments_on_page(instructor):
    """{assignment: status} as the page of all assignments shows them."""
    api = open_page(instructor)
    with being(instructor.environment(), instructor.desk):
        return {assignment['name']: assignment['status'] for assignment in api.get_assignments()}
