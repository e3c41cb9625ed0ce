"""The command `ngshare-course-management`: courses and their rosters."""

import sys


def main() -> None:
    sys.exit('ngshare-course-management is not written yet')
