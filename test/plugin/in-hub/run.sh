#!/bin/sh
# The plugin inside the notebook servers of a real hub; arguments go to pytest.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
"$here/setup.sh"
cd "$here"
exec "$here/../../../.venv/plugin-in-hub/bin/python" -m pytest --quiet -p no:cacheprovider "$@"
