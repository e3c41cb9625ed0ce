"""
Makes nbgrader use ngshare. Goes wherever notebooks run, into a folder that Jupyter reads: /etc/jupyter for everybody on
a machine, etc/jupyter of a Python environment for all who use that one.

nbgrader logs a mistake in this file and goes on with its shared folder. "Unwritable directory ... exchange" or "No such
file ... exchange" then means: this file was not read, or ngshare_exchange is not installed.
"""

import os

from ngshare_exchange import configureExchange

c = get_config()  # noqa: F821

# The hub's config says where ngshare is. The plugin takes the address from here and from no other config.
configureExchange(c, os.environ.get("NGSHARE_URL", "http://127.0.0.1:10101/services/ngshare"))

# An assignment is fetched to COURSE/ASSIGNMENT: two courses may both have a `homework1`.
c.Exchange.path_includes_course = True

# No course here: students see all of theirs, and instructors name the one that they work on in a config of their own.
