#!/usr/bin/env bash
# Filing over HTTP against the ceiling and the control of ../shared/bench, all in one run on one file system: the
# hotline's filing, then a filing that assigns a unit and starts two clocks. Through the real path: rights, decision,
# views, numbers, personal keys, idempotency; only the rate limits are lifted. Prints ratios; only they mean anything.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
binary=${TONGBAN_BINARY:-$root/build/release/tongban}
shared=${TONGBAN_SHARED:-$root/../shared}
if [[ ! -x $shared/bench/compare ]]; then
  echo "skipped: the comparison needs $shared/bench/compare, which is not there (set TONGBAN_SHARED)."
  exit 0
fi
work=$root/build/bench/http
rm -rf "$work/data" "$work/packs"
mkdir -p "$work"
cp -r "$root/packs" "$work/packs"
cp -r "$root/bench/packs/direct" "$work/packs/bench-direct"
port=${BENCH_PORT:-18200}

"$binary" init --data "$work/data" --packs "$work/packs" >/dev/null
"$binary" serve --data "$work/data" --packs "$work/packs" --port "$port" --api-lift-rate-limits yes --log-requests no >"$work/serve.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null || true' EXIT
for _ in $(seq 100); do
  curl -fs "http://127.0.0.1:$port/readyz" >/dev/null 2>&1 && break
  sleep 0.1
done
count="curl -fs http://127.0.0.1:$port/metrics | awk '/^tongban_requests_accepted_total/ {print \$2}'"

measure() {  # title, path, body
  printf '\n== %s\n' "$1"
  "$shared/bench/compare" --work "$work/compare" --rounds "${BENCH_ROUNDS:-3}" --seconds "${BENCH_SECONDS:-4}" --connections 64 \
    --ours "http://127.0.0.1:$port" --path "$2" --body "$3" --header 'Idempotency-Key: {n}' --count-command "$count"
}
measure 'hotline filing' /api/v1/packs/hotline-12345/request \
  '{"title":"{subject}","content":"{content}","kind":"complaint","division":"500103","address":"{subject}","phone":"023-{n}"}'
measure 'filing that dispatches at once' /api/v1/packs/bench-direct/ticket \
  '{"title":"{subject}","content":"{content}","phone":"023-{n}"}'
