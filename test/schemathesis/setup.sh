#!/bin/sh
# Installs schemathesis into .venv/schemathesis, once; silent and quick when it is there already.
set -eu

schemathesis='schemathesis==4.32.5'

cd "$(dirname "$0")/../.."
venv=.venv/schemathesis
stamp=$venv/installed

if [ "$(cat "$stamp" 2>/dev/null)" = "$schemathesis" ]; then
    exit 0
fi

# Without the stamp whatever is there may be half an installation.
rm -rf "$venv"
"${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check "$schemathesis"
echo "$schemathesis" > "$stamp"
