#!/bin/sh
# The nbgrader commands inside the notebook servers of real hubs; arguments go to hub_cycle.py.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
"$here/setup.sh"
exec "$here/../../../.venv/in-hub/bin/python" "$here/hub_cycle.py" "$@"
