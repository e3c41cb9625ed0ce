#!/bin/sh
# A file-based exchange and a client of the 2020 API against the built server. Needs Python 3.9 or newer, without packages.
set -eu
exec python3 -B "$(dirname "$0")/example.py"
