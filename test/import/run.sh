#!/bin/sh
# Imports of what the real Python ngshare 0.6.0, and nbgrader's own exchange, have written. Arguments go to vitest:
#
#   test/import/run.sh                 all
#   test/import/run.sh exchange-dir    the files whose name has this in it
set -u
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
PATH="$PWD/node_modules/.bin:$PATH"
export PATH

[ -x .venv/ngshare06/bin/python ] || bench/peers/setup-python.sh || { echo '0 passed, 1 failed'; exit 1; }
test/clients/setup.sh || { echo '0 passed, 1 failed'; exit 1; }

exec test/run-vitest.sh "$here/vitest.config.ts" "$@"
