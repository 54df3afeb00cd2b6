#!/usr/bin/env bash
# The pages by the clock: journeys 1 and 2 at five characters a second, what a first visit loads, Lighthouse (median of
# five), and the inbox with 100,000 cases to painted rows. WEB_PARTS names some: journeys sizes lighthouse inbox.
# WEB_RUNS is Lighthouse's rounds, WEB_CASES the cases of the inbox. Last line: what missed its aim.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${TONGBAN_BINARY:=build/release/tongban}"
export TONGBAN_BINARY
skip() { echo "skipped: $1"; exit 0; }
command -v node >/dev/null || skip "node is not installed"
[[ -x /usr/bin/chromium || -x /usr/bin/chromium-browser ]] || skip "chromium is not installed (apt-get install chromium fonts-noto-cjk)"
[[ -d web/node_modules/playwright-core ]] || skip "the npm packages of web/ are not installed (npm ci --prefix web)"
if [[ " ${WEB_PARTS:-lighthouse} " == *" lighthouse "* ]] && ! cmp -s tests/pages/package-lock.json tests/pages/node_modules/.installed-lock; then
  if [[ -n ${DEV_NO_INSTALL:-} ]]; then echo "skipped: Lighthouse is not installed (npm ci --prefix tests/pages)"
  elif npm ci --prefix tests/pages --no-audit --no-fund >/dev/null 2>&1; then cp tests/pages/package-lock.json tests/pages/node_modules/.installed-lock
  else echo "skipped: Lighthouse could not be installed (npm ci --prefix tests/pages)"; fi
fi
exec node bench/web/main.mjs
