#!/bin/sh
# PostgreSQL behind Debian's PgBouncer: the contract of a database in both of its modes, and, where it lends a
# connection for one transaction only, those of the black-box suite that change the most. Ends with one line of counts.
set -u
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
# It lies where only root looks.
PATH="$PWD/node_modules/.bin:$PATH:/usr/sbin"
export PATH

. test/parts.sh

if ! command -v pgbouncer >/dev/null; then
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends pgbouncer; } >/dev/null || {
        echo 'there is no PgBouncer, and it could not be installed'
        echo '0 passed, 1 failed'
        exit 1
    }
fi
pgbouncer --version | head -n 1
part 'the contract' test/run-vitest.sh "$here/vitest.config.ts"
NGSHARE_TEST_DATABASE=postgresql NGSHARE_TEST_POOLER=transaction \
    part 'the black-box suite' test/run-vitest.sh vitest.config.ts \
    test/v1/assignments test/v1/concurrency test/v1/courses test/v1/feedback test/v1/housekeeping test/v1/history \
    test/v1/instructors test/v1/receipts test/v1/students test/v1/submissions test/v1/timestamps test/v1/users
end_of_parts
