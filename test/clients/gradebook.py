"""What an instructor's gradebook says, read with nbgrader's own classes."""

from nbgrader.api import Gradebook


def students_in_gradebook(desk):
    with _open(desk) as gradebook:
        return {student.id: (student.first_name, student.last_name, student.email) for student in gradebook.students}


def scores(desk, assignment):
    """{student: (score, maximum)} of the graded submissions of an assignment."""
    with _open(desk) as gradebook:
        return {
            submission.student.id: (submission.score, submission.max_score)
            for submission in gradebook.assignment_submissions(assignment)
        }


def set_due_date(desk, assignment, due):
    """`due`: UTC, as nbgrader writes times."""
    with _open(desk) as gradebook:
        gradebook.update_or_create_assignment(assignment, duedate=due)


def _open(desk):
    return Gradebook(f'sqlite:///{desk}/gradebook.db')


def seconds_late(desk, assignment):
    """{student: seconds} of the graded submissions of an assignment."""
    with _open(desk) as gradebook:
        return {
            submission.student.id: submission.total_seconds_late
            for submission in gradebook.assignment_submissions(assignment)
        }
