#!/bin/sh
# Makes a virtual environment to work on the package in: nbgrader, the package itself (editable), tests and linters.
# Silent and quick when it is there already.
#
#   python/setup-dev.sh [PYTHON [VENV]]      by default python3 and .venv/plugin-<its version>
set -eu
cd "$(dirname "$0")"

python=${1:-python3}
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
venv=${2:-../.venv/plugin-$version}
stamp=$venv/installed
wanted=$(sed -n '/^\[project/,/^\[tool/p' pyproject.toml; cat requirements-dev.txt)

if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

# Without the stamp whatever is there may be half an installation.
rm -rf "$venv"
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --no-warn-script-location --disable-pip-version-check -r requirements-dev.txt
"$venv/bin/python" -m pip install --quiet --no-warn-script-location --disable-pip-version-check --no-build-isolation --editable .
printf '%s\n' "$wanted" >"$stamp"
