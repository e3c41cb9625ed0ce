#!/bin/sh
# Installs what docs/installation.md has a reader install into one Python environment, here .venv/in-hub, once; silent
# and quick when it is there already.
set -eu

hub='jupyterhub==6.1.1 jupyterlab==4.6.6 nbgrader==0.9.6'
plugin='ngshare_exchange==0.5.3'

cd "$(dirname "$0")/../../.."
venv=.venv/in-hub
stamp=$venv/installed
wanted="$hub $plugin"

if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

# Without the stamp whatever is there may be half an installation.
rm -rf "$venv"
"${PYTHON:-python3}" -m venv "$venv"
# shellcheck disable=SC2086 # a list of packages
"$venv/bin/pip" install --quiet --disable-pip-version-check $hub
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps "$plugin"
echo "$wanted" > "$stamp"
