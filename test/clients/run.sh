#!/bin/sh
# The real nbgrader commands against the built server; arguments go to cycle.py.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
"$here/setup.sh"
exec "$here/../../.venv/nbgrader/bin/python" "$here/cycle.py" "$@"
