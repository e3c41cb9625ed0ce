#!/bin/sh
# nbgrader's pages in JupyterLab, in Chromium, with the plugin and the built server. Arguments go to vitest:
#
#   test/jupyterlab/run.sh                      everything
#   test/jupyterlab/run.sh refusals             the files whose name has `refusals` in it
#   test/jupyterlab/run.sh -t 'fetches'         tests by name
set -u
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
PATH="$PWD/node_modules/.bin:$PATH"
export PATH

"$here/setup.sh" && npm run -s build || { echo '0 passed, 1 failed'; exit 1; }

exec test/run-vitest.sh "$here/vitest.config.ts" "$@"
