#!/bin/sh
# Makes the Python environment that the benchmark measures ngshare 0.6.0 in. Safe to repeat.
set -eu

cd "$(dirname "$0")/../.."
environment=.venv/ngshare06

python3 -m venv "$environment"
"$environment/bin/pip" install --quiet --requirement bench/peers/python-requirements.txt
"$environment/bin/python" -c 'import ngshare.ngshare'
echo "ngshare 0.6.0 is ready in $environment"
