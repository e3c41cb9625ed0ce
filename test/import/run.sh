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

report=$(mktemp)
trap 'rm -f "$report"' EXIT
vitest run --config "$here/vitest.config.ts" --reporter=default --reporter=json --outputFile="$report" "$@"
status=$?
counts=$(node -e '
  const { testResults: files } = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))
  const tests = files.flatMap(file => file.assertionResults)
  // A file that broke before or after its tests counts as one more failure.
  const broken = files.filter(file => file.status === "failed" && !file.assertionResults.some(t => t.status === "failed"))
  const count = status => tests.filter(test => test.status === status).length
  console.log(`${count("passed")} passed, ${count("failed") + broken.length} failed`)
' "$report") || counts='0 passed, 1 failed'
echo "$counts"
exit $status
