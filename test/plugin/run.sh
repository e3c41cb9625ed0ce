#!/usr/bin/env bash
# The Python package: format, lint, types and tests, on the oldest and the newest Python of this machine that it
# supports; then, on the newest, the nbgrader commands with it against the server, and against a Python ngshare 0.6.
# Needs `npm ci`: it builds the server, which the tests start. Arguments go to pytest:
#
#   test/plugin/run.sh                 all
#   test/plugin/run.sh -k roster       the tests with this in their name
set -uo pipefail
cd "$(dirname "$0")/../../python"
PATH="$PWD/../node_modules/.bin:$PATH"
# The tests are about this checkout, whichever one the environments were made from.
export PATH PYTHONPATH=$PWD/src
report=$(mktemp)
trap 'rm -f "$report"' EXIT
passed=0 failed=0

# Lines `minor path` of every Python 3.10 or newer: on the PATH, and of pyenv.
pythons() {
  local python
  for python in $(compgen -c python3. | grep -xE 'python3\.[0-9]+' | sort -u) ~/.pyenv/versions/*/bin/python; do
    "$python" -c 'import sys, venv; v = sys.version_info; v >= (3, 10) and print(v.minor, sys.executable)' 2>/dev/null
  done | sort -n -u -k 1,1
}

# check NAME COMMAND…: one check, counted; its output is shown when it fails.
check() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    passed=$((passed + 1))
    echo "ok      $name"
  else
    failed=$((failed + 1))
    echo "FAILED  $name"
    echo "$output"
    return 1
  fi
}

# The tests in the environment $1; pytest's own report tells how many there were.
tests() {
  local bin=$1 counts
  shift
  : >"$report"
  "$bin/python" -m pytest --quiet --junitxml="$report" "$@"
  counts=$("$bin/python" - "$report" <<'PYTHON'
import sys
from xml.etree import ElementTree

suite = ElementTree.parse(sys.argv[1]).getroot()[0]
total, skipped, *bad = (int(suite.get(name)) for name in ('tests', 'skipped', 'failures', 'errors'))
print(total - skipped - sum(bad), sum(bad))
PYTHON
  ) || counts='0 1'
  passed=$((passed + ${counts% *}))
  failed=$((failed + ${counts#* }))
}

check build npm --prefix .. run --silent build
has_old_server() { [ -x ../.venv/ngshare06/bin/python ] || ../bench/peers/setup-python.sh; }
check "Python ngshare 0.6" has_old_server

mapfile -t found < <(pythons)
if [ ${#found[@]} -eq 0 ]; then
  echo 'There is no Python 3.10 or newer'
  echo '0 passed, 1 failed'
  exit 1
fi
chosen=("${found[0]}")
[ ${#found[@]} -eq 1 ] || chosen+=("${found[-1]}")

for one in "${chosen[@]}"; do
  python=${one#* } version=3.${one% *}
  bin=$PWD/../.venv/plugin-$version/bin
  echo "Python $version: $python"
  check "environment of $version" ./setup-dev.sh "$python" || continue
  check "types of $version" "$bin/mypy" --python-version "$version"
  tests "$bin" "$@"
done
commands=$PWD/../test/plugin
tests "$bin" --rootdir "$commands" -c "$commands/pytest.ini" "$commands" "$@"
for folder in . "$commands"; do
  check "format of $(basename "$(realpath "$folder")")" "$bin/ruff" format --config pyproject.toml --check "$folder"
  check "lint of $(basename "$(realpath "$folder")")" "$bin/ruff" check --config pyproject.toml "$folder"
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
