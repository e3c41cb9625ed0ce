#!/bin/sh
# Installs a hub, JupyterLab, nbgrader and the plugin of this checkout into one Python environment, .venv/plugin-in-hub,
# once; silent and quick when it is there already.
set -eu

hub='jupyterhub==6.1.1 jupyterlab==4.6.6 nbgrader==0.9.6'
tools='pytest==9.2.0 hatchling==1.33.0 editables==0.6'

cd "$(dirname "$0")/../../.."
venv=.venv/plugin-in-hub
stamp=$venv/installed
wanted="$hub $tools $PWD $(cat python/pyproject.toml)"

if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

# Without the stamp whatever is there may be half an installation.
rm -rf "$venv"
"${PYTHON:-python3}" -m venv "$venv"
# shellcheck disable=SC2086 # lists of packages
"$venv/bin/pip" install --quiet --disable-pip-version-check $hub $tools
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-build-isolation --editable python
echo "$wanted" > "$stamp"
