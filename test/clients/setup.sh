#!/bin/sh
# Installs nbgrader and today's ngshare plugin into .venv/nbgrader, once; silent and quick when they are there already.
#
# nbgrader comes with all its dependencies, JupyterLab included: the commands under test do not open it, but a
# hand-picked subset would be an installation that no user has.
# ngshare_exchange comes without its own: it asks for jupyter_core < 4.11.2, which contradicts nbgrader's
# jupyter_server. All that it imports (nbgrader, requests, rapidfuzz, traitlets, jupyter_core) comes with nbgrader.
set -eu

nbgrader='nbgrader==0.9.6'
plugin='ngshare_exchange==0.5.3'

cd "$(dirname "$0")/../.."
venv=.venv/nbgrader
stamp=$venv/installed
wanted="$nbgrader $plugin"

if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

# Without the stamp whatever is there may be half an installation.
rm -rf "$venv"
"${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check "$nbgrader"
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps "$plugin"
# The plugin reads the user's name when it is imported and dies without one.
JUPYTERHUB_USER=setup "$venv/bin/python" -c 'import ngshare_exchange'
echo "$wanted" > "$stamp"
