#!/bin/sh
# Installs the newest JupyterHub of each major version into .venv/jupyterhub-N, and Chromium where it is missing; silent
# and quick when all is there already. `setup.sh 6 5` sees to these versions only.
#
# All four install and run on Python 3.11 with today's packages. The proxy and playwright-core come with `npm ci`.
set -eu

hub_of() {
    case $1 in
        6) echo 'jupyterhub==6.1.1' ;;
        5) echo 'jupyterhub==5.5.4' ;;
        4) echo 'jupyterhub==4.1.6' ;;
        3) echo 'jupyterhub==3.1.1' ;;
        *) echo "no such hub: $1" >&2; exit 2 ;;
    esac
}

# What decides whether an old hub starts: hubs set no upper limits, and new versions of these have broken old hubs
# before (SQLAlchemy 2 those before 3.1.1, for one). These are known to work with all four.
helpers='sqlalchemy==2.1.9 alembic==1.20.1 tornado==6.6.1 oauthlib==4.0.1 traitlets==5.16.1 jinja2==3.1.6
    pamela==1.2.0 certipy==0.2.3'

cd "$(dirname "$0")/../.."

install_hub() {
    hub=$(hub_of "$1")
    # shellcheck disable=SC2086 # on one line
    wanted=$(echo $hub $helpers)
    venv=.venv/jupyterhub-$1
    stamp=$venv/installed
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
        return
    fi
    # Without the stamp whatever is there may be half an installation.
    rm -rf "$venv"
    "${PYTHON:-python3}" -m venv "$venv"
    # shellcheck disable=SC2086 # a list of packages
    "$venv/bin/pip" install --quiet --disable-pip-version-check $wanted
    "$venv/bin/python" -m jupyterhub --version >/dev/null
    echo "$wanted" > "$stamp"
}

install_chromium() {
    [ -x /usr/bin/chromium ] && return
    if [ "$(id -u)" -ne 0 ]; then
        echo 'Chromium is missing: install the package chromium' >&2
        exit 1
    fi
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium >/dev/null
}

install_chromium
for version in ${*:-6 5 4 3}; do
    install_hub "$version"
done
