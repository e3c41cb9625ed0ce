"""Tells both stories, each against a vserver of its own; ends with `N passed, N failed`."""

import sys
import tempfile
from pathlib import Path

# `checks` and `server` are those of the clients' tests.
sys.path.insert(1, str(Path(__file__).resolve().parents[1] / 'clients'))

from api_story import Course, story as api_story
from checks import Report
from directory_story import Classroom, story as directory_story
from own_vserver import OwnVserver

STORIES = ((directory_story, Classroom), (api_story, Course))


def main():
    report = Report()
    for story, world in STORIES:
        with tempfile.TemporaryDirectory(prefix='ngshare-vserver-') as folder, OwnVserver(Path(folder)) as server:
            report.tell(story, world(server))
    return report.close()


if __name__ == '__main__':
    sys.exit(main())
