"""A class list: a CSV file with a row for each student."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ..server.interface import Member

COLUMNS = ('student_id', 'first_name', 'last_name', 'email')


class ClassListError(Exception):
    """The file as a whole cannot be used. The text is fit for a person."""


@dataclass
class ClassList:
    """`problems`: one sentence for each row that is no student."""

    students: list[Member] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_class_list(file: Path) -> ClassList:
    """Columns in any order. An empty field says nothing: what the server knows stays."""
    try:
        with file.open(encoding='utf-8-sig', newline='') as lines:
            return _read(lines, file)
    except FileNotFoundError:
        raise ClassListError(f'The csv file you entered does not exist. Please enter a valid path! ({file})') from None
    except OSError as error:
        raise ClassListError(f'{file} cannot be read: {error.strerror}') from error
    except UnicodeDecodeError as error:
        raise ClassListError(f'{file} is not UTF-8. Save it as "CSV UTF-8".') from error
    except csv.Error as error:
        raise ClassListError(f'{file} is no CSV file: {error}') from error


def _read(lines: Iterable[str], file: Path) -> ClassList:
    rows = csv.reader(lines)
    header = [name.strip() for name in next(rows, [])]
    if not header:
        raise ClassListError(f'The csv file you entered is empty ({file})')
    for column in COLUMNS:
        if column not in header:
            raise ClassListError(f'Missing column {column} in {file}. Its first line has {", ".join(header)}.')
    class_list = ClassList()
    lines_of: dict[str, int] = {}
    for row in rows:
        if any(value.strip() for value in row):
            problem = _add(class_list, header, row, lines_of, rows.line_num)
            if problem is not None:
                class_list.problems.append(f'{problem} (line {rows.line_num} of {file})')
    return class_list


def _add(class_list: ClassList, header: list[str], row: list[str], lines_of: dict[str, int], line: int) -> str | None:
    """What is wrong with the row, if anything is."""
    if len(row) != len(header):
        return f'There are {len(row)} fields and not {len(header)}, as in the first line: {",".join(row)}'
    fields = {name: value.strip() for name, value in zip(header, row, strict=True)}
    student = fields['student_id']
    if not student:
        return 'Student ID cannot be empty'
    if student in lines_of:
        return f'{student} is there already, in line {lines_of[student]}'
    lines_of[student] = line
    names = (fields[column] or None for column in COLUMNS[1:])
    class_list.students.append(Member(student, 'student', *names))
    return None
