"""The command `ngshare-course-management`: courses and who is in them, on the server and in the gradebook."""

from .command import main

__all__ = ['main']
