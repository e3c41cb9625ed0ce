#!/bin/sh
# Random requests made from the OpenAPI document, to the built server; arguments go to run.py.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
"$here/setup.sh"
exec "$here/../../.venv/schemathesis/bin/python" "$here/run.py" "$@"
