#!/bin/sh
# The file-system calls of vserver against CPython (python3, or $PYTHON); arguments go to vitest.
set -u
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
PATH="$PWD/node_modules/.bin:$PATH"
export PATH

"${PYTHON:-python3}" --version || { echo '0 passed, 1 failed'; exit 1; }
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
  const skipped = count("skipped") + count("pending")
  if (skipped > 0) console.log(`${skipped} skipped: they need root, to become somebody whom permission bits bind`)
  console.log(`${count("passed")} passed, ${count("failed") + broken.length} failed`)
' "$report") || counts='0 passed, 1 failed'
echo "$counts"
exit $status
