#!/bin/sh
# Files in S3: the contract of a content store and its faults on real S3 servers, and the API's tests with S3 beneath.
# `run.sh -t NAME`: whatever vitest takes.
set -u
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
PATH="$PWD/node_modules/.bin:$PATH"
NGSHARE_TEST_STORAGE=s3
export PATH NGSHARE_TEST_STORAGE

"$here/setup.sh" && npm run -s build || { echo '0 passed, 1 failed'; exit 1; }
exec test/run-vitest.sh "$here/vitest.config.ts" "$@"
