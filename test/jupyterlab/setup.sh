#!/bin/sh
# Installs nbgrader, JupyterLab with it, and the plugin of this folder into .venv/jupyterlab, once; and Chromium where it
# is missing. The plugin's source is used as it stands, so that a change needs no new installation.
set -eu

nbgrader='nbgrader==0.9.6'

cd "$(dirname "$0")/../.."
venv=.venv/jupyterlab
stamp=$venv/installed
wanted="$nbgrader $PWD/python"

if [ ! -x /usr/bin/chromium ]; then
    if [ "$(id -u)" -ne 0 ]; then
        echo 'Chromium is missing: install the package chromium' >&2
        exit 1
    fi
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium >/dev/null
fi

if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

# Without the stamp whatever is there may be half an installation.
rm -rf "$venv"
"${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check "$nbgrader" -e python
"$venv/bin/python" -c 'import ngshare_exchange'
echo "$wanted" > "$stamp"
