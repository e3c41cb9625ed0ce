#!/bin/sh
# The database's contract and the black-box suite on Debian's PostgreSQL: test/postgres/run.sh [ARGUMENT OF VITEST…].
# NGSHARE_TEST_POSTGRES_BIN names the programs of another one. Ends with one line of counts.
set -u
cd "$(dirname "$0")/../.." || exit 1
newest() { find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null | sort -V | tail -1; }
if [ -z "${NGSHARE_TEST_POSTGRES_BIN:-}" ]; then
  if [ -z "$(newest)" ]; then
    # Without a cluster of its own, which nobody would use.
    mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
    { apt-get update && apt-get install -y --no-install-recommends postgresql; } >/dev/null || {
      echo 'there is no PostgreSQL, and it could not be installed'
      echo '0 passed, 1 failed'
      exit 1
    }
  fi
  NGSHARE_TEST_POSTGRES_BIN=$(dirname "$(newest)")
fi
export NGSHARE_TEST_POSTGRES_BIN NGSHARE_TEST_DATABASE=postgresql
PATH="$PWD/node_modules/.bin:$PATH"
export PATH
"$NGSHARE_TEST_POSTGRES_BIN/postgres" --version
if [ $# -eq 0 ]; then set -- test/contracts/postgres.test.ts test/v1 test/service-mode; fi
exec test/run-vitest.sh vitest.config.ts "$@"
