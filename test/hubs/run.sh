#!/bin/sh
# ngshare as a service of real JupyterHubs. Everything, or by hand what you name:
#
#   test/hubs/run.sh                          four hubs, all tests
#   test/hubs/run.sh 6                        hub 6 only
#   test/hubs/run.sh 6 5 -- groups            two hubs, the files whose name has `groups` in it
#   test/hubs/run.sh 6 -- -t 'logs out'       tests by name; whatever vitest takes
set -u
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
PATH="$PWD/node_modules/.bin:$PATH"
export PATH

hubs='' projects=''
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    hubs="$hubs $1" projects="$projects --project jupyterhub-$1"
    shift
done
[ $# -eq 0 ] || shift

# shellcheck disable=SC2086 # lists
"$here/setup.sh" $hubs && npm run -s build || { echo '0 passed, 1 failed'; exit 1; }

# shellcheck disable=SC2086
exec test/run-vitest.sh "$here/vitest.config.ts" $projects "$@"
