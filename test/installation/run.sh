#!/bin/sh
# docs/installation.md, followed to the letter in a fresh folder, and then tried in a real browser.
# KEEP=1 leaves the folder behind.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
PATH="$PWD/node_modules/.bin:$PATH"
export PATH
if [ ! -x /usr/bin/chromium ]; then
    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium
fi
exec node test/installation/main.ts
