#!/bin/sh
# Replicas behind nginx, over one PostgreSQL and a real S3 server. Everything, or by hand what you name:
#
#   test/replicas/run.sh                      the black-box suite on two, the real clients, and what only replicas have
#   test/replicas/run.sh suite 4              the black-box suite on so many replicas
#   test/replicas/run.sh logins               people of a hub, by token and by browser, on two
#   test/replicas/run.sh processes clients    real processes: real clients, kills, outages …; whatever vitest takes
set -u
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
PATH="$PWD/node_modules/.bin:$PATH"
export PATH

. test/parts.sh

suite() {
    NGSHARE_TEST_REPLICAS=$1 NGSHARE_TEST_DATABASE=postgresql NGSHARE_TEST_STORAGE=s3 \
        part "the black-box suite on $1 replicas" test/run-vitest.sh vitest.config.ts test/v1 test/v2
}

logins() {
    NGSHARE_TEST_REPLICAS=2 NGSHARE_TEST_DATABASE=postgresql NGSHARE_TEST_STORAGE=s3 \
        part 'people of a hub on 2 replicas' test/run-vitest.sh vitest.config.ts \
        test/service-mode/login test/service-mode/sessions test/service-mode/tokens test/service-mode/permissions
}

processes() {
    part 'real processes' test/run-vitest.sh "$here/vitest.config.ts" "$@"
}

if ! command -v nginx >/dev/null; then
    apt-get update -qq && apt-get install -y -qq --no-install-recommends nginx-light >/dev/null
fi
test/s3/setup.sh minio && test/clients/setup.sh && npm run -s build || { echo '0 passed, 1 failed'; exit 1; }

which=${1:-all}
[ $# -eq 0 ] || shift
case $which in
    all)
        suite 2
        logins
        processes
        ;;
    suite) suite "${1:-2}" ;;
    logins) logins ;;
    processes) processes "$@" ;;
    *) echo "no such part: $which" >&2; exit 2 ;;
esac
end_of_parts
