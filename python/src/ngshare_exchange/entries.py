"""How nbgrader's lists describe assignments and submissions: the dictionaries, and the lines people read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from .downloads import checksums_of
from .server.interface import Assignment, Feedback
from .trees.writing import has_bytes

Entry = dict[str, Any]


@dataclass(frozen=True)
class Sent:
    """A submission that is listed. `copy`: the folder in the cache; `feedback`: what the server has of it."""

    course: str
    student: str
    assignment: str
    timestamp: str
    copy: Path | None
    notebooks: tuple[str, ...]
    feedback: Feedback | None


def describe_assignment(released: Assignment, folder: Path | None) -> Entry:
    """`folder`: where it was fetched to."""
    if folder is None:
        notebooks = [{'notebook_id': name, 'path': ''} for name in released.release.notebooks or ()]
    else:
        notebooks = [{'notebook_id': name, 'path': str(folder / f'{name}.ipynb')} for name in notebooks_in(folder)]
    return {
        'course_id': released.course,
        'assignment_id': released.assignment,
        'status': 'released' if folder is None else 'fetched',
        'path': '' if folder is None else str(folder),
        'notebooks': notebooks,
    }


def describe_submission(sent: Sent, feedback_folder: Path) -> Entry:
    """`feedback_folder`: where the feedback to it is when it was fetched.

    Not every notebook needs to have feedback: students add some of their own.
    """
    notebooks = [_describe_notebook(sent, name, feedback_folder) for name in sent.notebooks]
    is_here = any(notebook['has_local_feedback'] for notebook in notebooks)
    files = sent.feedback.files if sent.feedback else ()
    is_newer = any(not has_bytes(feedback_folder / file.path, checksums_of(file)) for file in files)
    return {
        **_describe_what(sent),
        'status': 'submitted',
        'notebooks': notebooks,
        'has_local_feedback': is_here,
        'has_exchange_feedback': bool(files),
        'feedback_updated': is_here and is_newer,
        'local_feedback_path': str(feedback_folder) if is_here else None,
    }


def describe_removed(sent: Sent) -> Entry:
    notebooks = [{'notebook_id': name, 'path': _notebook_path(sent, name)} for name in sent.notebooks]
    return {**_describe_what(sent), 'status': 'removed', 'notebooks': notebooks}


def group_by_assignment(submissions: Iterable[Entry]) -> list[Entry]:
    """One entry for each course, student and assignment, with the submissions by time."""

    def key(entry: Entry) -> tuple[str, str, str]:
        return entry['course_id'], entry['student_id'], entry['assignment_id']

    ordered = sorted(submissions, key=lambda entry: (*key(entry), entry['timestamp']))
    grouped = [(names, list(entries)) for names, entries in groupby(ordered, key)]
    return [
        {
            'course_id': course,
            'student_id': student,
            'assignment_id': assignment,
            'status': entries[0]['status'],
            'submissions': entries,
        }
        for (course, student, assignment), entries in grouped
    ]


def sentence_of_submission(entry: Entry) -> str:
    words = f'{entry["course_id"]} {entry["student_id"]} {entry["assignment_id"]} {entry["timestamp"]}'
    if entry['status'] != 'submitted':
        return words
    if entry['has_local_feedback'] and not entry['feedback_updated']:
        return f'{words} (feedback already fetched)'
    if entry['has_exchange_feedback']:
        return f'{words} (feedback ready to be fetched)'
    return f'{words} (no feedback available)'


def notebooks_in(folder: Path) -> list[str]:
    """Of the top of the folder, without .ipynb, sorted."""
    return sorted(path.stem for path in folder.glob('*.ipynb'))


def _describe_what(sent: Sent) -> Entry:
    return {
        'course_id': sent.course,
        'student_id': sent.student,
        'assignment_id': sent.assignment,
        'timestamp': sent.timestamp,
        'path': '' if sent.copy is None else str(sent.copy),
    }


def _describe_notebook(sent: Sent, name: str, feedback_folder: Path) -> Entry:
    local = feedback_folder / f'{name}.html'
    is_here = local.is_file()
    returned = [file for file in (sent.feedback.files if sent.feedback else ()) if file.path == local.name]
    is_newer = is_here and any(not has_bytes(local, checksums_of(file)) for file in returned)
    return {
        'notebook_id': name,
        'path': _notebook_path(sent, name),
        'has_local_feedback': is_here,
        'has_exchange_feedback': bool(returned),
        'local_feedback_path': str(local) if is_here else None,
        'feedback_updated': is_newer,
    }


def _notebook_path(sent: Sent, name: str) -> str:
    return '' if sent.copy is None else str(sent.copy / f'{name}.ipynb')
