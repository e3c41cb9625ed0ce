"""
For the notebook servers; goes beside nbgrader_config.py.
"""

import os

c = get_config()  # noqa: F821

# Terminals are login shells otherwise, for which many systems set PATH anew: `nbgrader` and `ngshare-course-management`
# would not be found in them.
c.ServerApp.terminado_settings = {"shell_command": [os.environ.get("SHELL") or "/bin/bash"]}
