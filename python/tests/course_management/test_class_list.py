"""Many students at once, from a CSV file."""

import pytest

from course_management.office import COURSE, Office

HEADER = 'student_id,first_name,last_name,email\n'


def test_all_rows_are_added_to_course_and_gradebook(any_office: Office) -> None:
    file = any_office.write(HEADER + 'ada,Ada,"Lovelace, née Byron",ada@example.edu\nümit,Ümit,Yılmaz,\n')
    outcome = any_office.manage('iris', 'add_students', COURSE, file)
    assert outcome.status == 0
    assert outcome.said.splitlines() == [
        f'ada was successfully added to {COURSE}',
        f'ümit was successfully added to {COURSE}',
    ]
    expected = {'ada': ('Ada', 'Lovelace, née Byron', 'ada@example.edu'), 'ümit': ('Ümit', 'Yılmaz', None)}
    assert {name: any_office.details(name) for name in any_office.members('student')} == expected
    assert any_office.graded() == expected


def test_an_empty_field_leaves_what_is_known(any_office: Office) -> None:
    any_office.manage('iris', 'add_students', COURSE, any_office.write(HEADER + 'ada,Ada,Byron,ada@example.edu\n'))
    any_office.manage('iris', 'add_students', COURSE, any_office.write(HEADER + 'ada,,Lovelace,\n'))
    assert any_office.details('ada') == ('Ada', 'Lovelace', 'ada@example.edu')
    assert any_office.graded() == {'ada': ('Ada', 'Lovelace', 'ada@example.edu')}


def test_rows_that_are_no_students_are_told_and_the_others_added(any_office: Office) -> None:
    rows = ['ada,Ada,Lovelace,', 'iris,Iris,Ngu,', 'bob,Bob', '', ',No,Name,', 'ada,Again,Ada,', 'carol,,,,', 'dan,,,']
    file = any_office.write(HEADER + '\n'.join(rows))
    outcome = any_office.manage('iris', 'add_students', COURSE, file)
    assert outcome.status == 255
    assert any_office.members('student') == sorted(any_office.graded()) == ['ada', 'dan']
    assert any_office.members('instructor') == ['iris']
    complaints = outcome.complained
    assert 'There are 2 fields and not 4, as in the first line: bob,Bob (line 4' in complaints
    assert 'Student ID cannot be empty (line 6' in complaints
    assert 'ada is there already, in line 2 (line 7' in complaints
    assert 'There are 5 fields and not 4' in complaints
    assert f'There was an error adding iris to {COURSE}: Cannot add instructor as student' in complaints


def test_columns_come_in_any_order_as_a_spreadsheet_writes_them(office: Office) -> None:
    file = office.write(
        '\ufeffemail, student_id ,section,last_name,first_name\r\nada@example.edu,ada,3,Lovelace,Ada\r\n'
    )
    assert office.manage('iris', 'add_students', COURSE, file, '--no-gb').status == 0
    assert office.details('ada') == ('Ada', 'Lovelace', 'ada@example.edu')
    assert office.graded() == {}


@pytest.mark.parametrize(
    ('text', 'complaint'),
    [
        ('', 'is empty'),
        ('student_id,first_name,last_name\nada,Ada,Lovelace\n', 'Missing column email in class.csv'),
        ('student_id;first_name;last_name;email\n', 'Its first line has student_id;first_name'),
    ],
)
def test_a_file_that_is_no_class_list_changes_nothing(office: Office, text: str, complaint: str) -> None:
    outcome = office.manage('iris', 'add_students', COURSE, office.write(text))
    assert outcome.status == 255
    assert complaint in outcome.complained
    assert office.members('student') == []


def test_a_file_that_is_not_there_is_told(office: Office) -> None:
    outcome = office.manage('iris', 'add_students', COURSE, 'none.csv')
    assert outcome.status == 255
    assert 'The csv file you entered does not exist. Please enter a valid path! (none.csv)' in outcome.complained


def test_a_file_in_another_encoding_is_told(office: Office) -> None:
    (office.desk('iris') / 'latin.csv').write_bytes((HEADER + 'uemit,Ümit,,\n').encode('latin-1'))
    outcome = office.manage('iris', 'add_students', COURSE, 'latin.csv')
    assert outcome.status == 255
    assert 'latin.csv is not UTF-8' in outcome.complained
    assert office.members('student') == []
