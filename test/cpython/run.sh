#!/bin/sh
# The file-system calls of vserver against CPython (python3, or $PYTHON); arguments go to vitest.
set -u
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
PATH="$PWD/node_modules/.bin:$PATH"
export PATH

"${PYTHON:-python3}" --version || { echo '0 passed, 1 failed'; exit 1; }
# Some tests need root, to become somebody whom permission bits bind; others are told as skipped.
exec test/run-vitest.sh "$here/vitest.config.ts" "$@"
