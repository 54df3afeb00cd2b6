#!/usr/bin/env bash
# The peers of dmn_bench: other engines from npm on the same tables of 12 and 1,000 rules and the same inputs, in the same
# run, their answers checked likewise. Prints each with the ratio to our own figures.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
peers=$root/bench/peers
data=$root/build/bench/dmn/12
if [[ ! -f $data/expected.jsonl ]]; then
  echo "skipped: the other engines need the table that dmn_bench makes in $data (it takes it from ../shared/bench/dmn; set TONGBAN_SHARED)."
  exit 0
fi
if ! command -v npm >/dev/null 2>&1 || ! command -v node >/dev/null 2>&1; then
  echo "skipped: the other engines, because node and npm are not there."
  exit 0
fi
if ! cmp -s "$peers/package-lock.json" "$peers/node_modules/.installed-lock"; then
  if [[ -n ${DEV_NO_INSTALL:-} ]]; then
    echo "skipped: the other engines are not installed, and DEV_NO_INSTALL forbids it. Run: npm ci --prefix bench/peers"
    exit 0
  fi
  mkdir -p "$root/build/logs"
  if ! npm ci --prefix "$peers" --no-audit --no-fund >"$root/build/logs/npm_peers.log" 2>&1 </dev/null; then
    echo "skipped: npm could not install the other engines (see build/logs/npm_peers.log; is there a network?)."
    exit 0
  fi
  cp "$peers/package-lock.json" "$peers/node_modules/.installed-lock"
fi
for rules in 12 1000; do
  node --stack-size=8000 "$peers/run.mjs" "$root/build/bench/dmn/$rules" "$root/build/bench/dmn_bench.json" "$rules"
done
