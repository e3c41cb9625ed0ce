#!/bin/sh
# Runs the tests of one vitest configuration, for suites that `npm test` leaves out: run-vitest.sh CONFIG [ARGUMENT…].
# Ends with one line of counts, and vitest's status.
set -u
config=$1
shift
report=$(mktemp)
trap 'rm -f "$report"' EXIT
vitest run --config "$config" --reporter=default --reporter=json --outputFile="$report" "$@"
status=$?
counts=$(node -e '
  const { testResults: files } = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))
  const tests = files.flatMap(file => file.assertionResults)
  // A file that broke before or after its tests counts as one more failure.
  const broken = files.filter(file => file.status === "failed" && !file.assertionResults.some(t => t.status === "failed"))
  const count = status => tests.filter(test => test.status === status).length
  const skipped = count("skipped") + count("pending")
  if (skipped > 0) console.log(`${skipped} skipped`)
  console.log(`${count("passed")} passed, ${count("failed") + broken.length} failed`)
' "$report") || counts='0 passed, 1 failed'
echo "$counts"
exit $status
