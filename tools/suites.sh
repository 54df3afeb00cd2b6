# shellcheck shell=bash disable=SC2154,SC2015,SC2012
# Part of ./dev (sourced): the suites, the benchmarks, the fault runs and the fuzzers.
#
# A suite is
#   FOLDER            the GoogleTest program FOLDER_test made of src/FOLDER/**/*_test.cc
#   NAME              the GoogleTest program NAME_test made of tests/NAME_test.cc
#   NAME              an executable tests/NAME/run
#   torture/NAME      an executable tests/torture/NAME
#   sanitize/…        FOLDER and packs once more, with address and undefined-behaviour sanitizers
#   thread/FOLDER     engine and store with the thread sanitizer; only when asked for by name
# An executable suite finds in its environment TONGBAN_BINARY (the program), TONGBAN_BUILD, TONGBAN_ROUNDS, TONGBAN_SHARED
# and CI, starts in the root of the checkout without standard input, and prints as its last line `N passed, N failed`;
# a line that starts with `skipped` says what could not be checked and why.

source_files() {  # the C++ files that people wrote; planted faults are kept as they are
  find src tests bench examples \( -name '*.h' -o -name '*.cc' \) -not -path '*/node_modules/*' -not -path 'tests/checks/faults/*' 2>/dev/null | sort
}

unit_folders() {
  local folder
  for folder in src/*/; do
    folder=$(basename "$folder")
    [[ $folder == app ]] && continue
    [[ -n $(find "src/$folder" -name '*_test.cc' -print -quit) ]] && printf '%s\n' "$folder"
  done
  return 0
}

has_program() { compgen -G 'src/app/*.cc' >/dev/null; }

# Everything in the order in which it runs: what fails fast and cheaply comes first.
all_suites() {
  local folder file
  [[ -x tests/checks/run ]] && echo checks
  unit_folders
  for file in tests/*_test.cc; do [[ -f $file ]] && basename "$file" _test.cc; done
  for file in tests/*/run; do
    [[ -x $file && $file != tests/checks/run ]] || continue
    folder=$(basename "$(dirname "$file")")
    # The packs are checked by the program; without a program there is nothing to run them with.
    [[ $folder == packs ]] && ! has_program && continue
    printf '%s\n' "$folder"
  done
  for file in tests/torture/*; do [[ -f $file && -x $file && $file != */run ]] && printf 'torture/%s\n' "$(basename "$file")"; done
  unit_folders | sed 's,^,sanitize/,'
  if has_program && [[ -x tests/packs/run ]]; then echo sanitize/packs; fi
}

# Not http: the fences in its library are unknown to the thread sanitizer.
suites_by_name() { printf 'thread/%s\n' engine store; }

total_passed=0
total_failed=0

report() {  # report SUITE PASSED FAILED SKIPPED MICROSECONDS
  local word=ok skipped=
  (($3)) && word=FAILED
  (($4)) && skipped=", $4 skipped"
  printf '%-26s %-6s %5d passed, %d failed%s  %d.%d s\n' "$1" "$word" "$2" "$3" "$skipped" $(($5 / 1000000)) $(($5 / 100000 % 10))
  total_passed=$((total_passed + $2))
  total_failed=$((total_failed + $3))
}

now_us() { printf '%s' "${EPOCHREALTIME/[.,]/}"; }

# After a build with failures, asks again target by target. (A dry run cannot tell: it always wants to look at the globs.)
build_failed=" "
built() {  # built DIRECTORY TARGET
  [[ $build_failed != *" $1 "* ]] || ninja_build "$1" "$2" >/dev/null 2>&1
}

not_built() {  # not_built SUITE LOG TARGET
  report "$1" 0 1 0 0
  printf '    %s did not build; see %s\n' "$3" "$2"
}

run_unit() {  # run_unit SUITE DIRECTORY FOLDER [GOOGLETEST-ARGUMENT…]
  local suite=$1 directory=$2 folder=$3 log=$logs/${1//\//_}.log code=0 start passed failed skipped
  shift 3
  if ! built "$directory" "${folder}_test"; then not_built "$suite" "$logs/build_${directory##*/}.log" "${folder}_test"; return; fi
  start=$(now_us)
  "$directory/${folder}_test" --gtest_color=no "$@" >"$log" 2>&1 </dev/null || code=$?
  # Counted test by test, so that a program that dies in the middle still shows what it did, and one failure more.
  passed=$(grep -c '^\[       OK \]' "$log" || true)
  failed=$(grep -cE '^\[  FAILED  \] .*\([0-9]+ ms\)$' "$log" || true)
  skipped=$(grep -cE '^\[  SKIPPED \] .*\([0-9]+ ms\)$' "$log" || true)
  ((code != 0 && failed == 0)) && failed=1
  report "$suite" "$passed" "$failed" "$skipped" $(($(now_us) - start))
  ((failed)) || return 0
  grep -E '^\[  FAILED  \] .*\([0-9]+ ms\)$' "$log" | head -n 10 | sed 's/^/    /' || true
  grep -qE '^\[  (PASSED|FAILED)  \] [0-9]+ test' "$log" || printf '    the program ended early with code %d; last lines:\n%s\n' "$code" "$(tail -n 5 "$log" | sed 's/^/    | /')"
  printf '    see %s\n' "$log"
}

run_script() {  # run_script SUITE DIRECTORY FILE
  local suite=$1 directory=$2 file=$3 log=$logs/${1//\//_}.log code=0 start last passed=0 failed=1 skipped
  start=$(now_us)
  TONGBAN_BINARY=$root/$directory/tongban TONGBAN_BUILD=$root/$directory "$file" >"$log" 2>&1 </dev/null || code=$?
  last=$(tail -n 1 "$log")
  if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    passed=${BASH_REMATCH[1]} failed=${BASH_REMATCH[2]}
    ((code != 0 && failed == 0)) && failed=1
  fi
  skipped=$(grep -c '^skipped' "$log" || true)
  report "$suite" "$passed" "$failed" "$skipped" $(($(now_us) - start))
  ((failed)) || return 0
  { grep -E '^FAILED' "$log" || tail -n 8 "$log"; } | head -n 20 | sed 's/^/    /'
  printf '    see %s\n' "$log"
}

run_suite() {
  local suite=$1
  case $suite in
    sanitize/packs) run_script "$suite" "$sanitize" tests/packs/run ;;
    # The frames of a sanitized build are several times larger, so that a recursion within its bound needs more stack.
    sanitize/*) ulimit -S -s 65536 2>/dev/null || ulimit -S -s "$(ulimit -H -s)"; TONGBAN_SANITIZED=1 run_unit "$suite" "$sanitize" "${suite#sanitize/}" ;;
    # The power cuts have one thread, and hundreds of rounds.
    thread/*) GTEST_FILTER=-PowerCut.* TSAN_OPTIONS=halt_on_error=1 TONGBAN_SANITIZED=1 run_unit "$suite" "$thread" "${suite#thread/}" ;;
    torture/*) run_script "$suite" "$release" "tests/$suite" ;;
    *) if [[ -x tests/$suite/run ]]; then run_script "$suite" "$release" "tests/$suite/run"; else run_unit "$suite" "$release" "$suite"; fi ;;
  esac
}

# Builds what the suites need; the full output goes to the log, the errors to the terminal.
build_for() {  # build_for DIRECTORY TARGET…
  local directory=$1 log start
  shift
  (($#)) || return 0
  log=$logs/build_${directory##*/}.log
  start=$(now_us)
  if ninja_build "$directory" "$@" >"$log" 2>&1; then
    printf '%-26s %-6s %d.%d s\n' "build ${directory##*/}" ok $((($(now_us) - start) / 1000000)) $((($(now_us) - start) / 100000 % 10))
  else
    build_failed+="$directory "
    printf '%-26s FAILED\n' "build ${directory##*/}"
    grep -E '(error|Error|FAILED)[: ]' "$log" | head -n 20 | sed 's/^/    /' || true
    printf '    see %s\n' "$log"
  fi
}

command_test() {
  local suites known suite targets=() sanitize_targets=() thread_targets=() folder
  mapfile -t known < <(all_suites)
  # Of two suites with one name only the script would run.
  suite=$(printf '%s\n' "${known[@]}" | sort | uniq -d | head -n 1)
  [[ -z $suite ]] || stop "two suites are named $suite: a folder of tests/ must not be named like one of src/."
  if [[ ${1:-} == --list ]]; then printf '%s\n' "${known[@]}"; suites_by_name | sed 's/$/ (by name only)/'; return; fi
  suites=("${known[@]}")
  if (($#)); then
    mapfile -t -O "${#known[@]}" known < <(suites_by_name)
    suites=()
    for suite in "$@"; do
      printf '%s\n' "${known[@]}" | grep -qxF -- "$suite" || stop "there is no suite \"$suite\". Known: ${known[*]}"
      suites+=("$suite")
    done
  fi
  need build test
  need_space .
  mkdir -p "$logs"
  for suite in "${suites[@]}"; do
    case $suite in
      sanitize/packs) sanitize_targets+=(tongban) ;;
      sanitize/*) sanitize_targets+=("${suite#sanitize/}_test") ;;
      thread/*) thread_targets+=("${suite#thread/}_test") ;;
      checks) ;;
      *)
        folder=tests/$suite
        if [[ $suite == torture/* || -x $folder/run ]]; then
          has_program && targets+=(tongban)
          need_npm "$folder"
        else
          targets+=("${suite}_test")
        fi
        ;;
    esac
  done
  export TONGBAN_ROUNDS=${TONGBAN_ROUNDS:-100}
  ((${#targets[@]})) && build_web
  ((${#targets[@]})) && configure "$release" -DCMAKE_BUILD_TYPE=RelWithDebInfo
  ((${#sanitize_targets[@]})) && configure "$sanitize" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG='-O1 -g1' -DTONGBAN_SANITIZE=ON -DTONGBAN_BENCH=OFF
  ((${#thread_targets[@]})) && configure "$thread" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG='-O1 -g1' -DCMAKE_CXX_FLAGS=-fsanitize=thread -DMIMALLOC=OFF -DTONGBAN_BENCH=OFF
  # A full run builds everything that is built by default, so that a source without a test still has to compile.
  if (($# == 0)) && ((${#targets[@]})); then targets=(all); fi
  # The quick checks need no build and speak first.
  for suite in "${suites[@]}"; do [[ $suite == checks ]] && run_suite checks; done
  build_for "$release" "${targets[@]}"
  for suite in "${suites[@]}"; do [[ $suite == checks || $suite == sanitize/* || $suite == thread/* ]] || run_suite "$suite"; done
  build_for "$sanitize" "${sanitize_targets[@]}"
  for suite in "${suites[@]}"; do [[ $suite == sanitize/* ]] && run_suite "$suite"; done
  build_for "$thread" "${thread_targets[@]}"
  for suite in "${suites[@]}"; do [[ $suite == thread/* ]] && run_suite "$suite"; done
  printf '%d passed, %d failed\n' "$total_passed" "$total_failed"
  ((total_failed == 0 && total_passed > 0))
}

command_torture() {
  export TONGBAN_ROUNDS=${1:-$torture_rounds}
  [[ $TONGBAN_ROUNDS =~ ^[1-9][0-9]*$ ]] || stop "./dev torture takes a number of rounds, not \"$TONGBAN_ROUNDS\"."
  need build test
  need_space .
  mkdir -p "$logs"
  configure "$release" -DCMAKE_BUILD_TYPE=RelWithDebInfo
  local folder file
  build_for "$release" all
  # Tests whose name contains Torture repeat TONGBAN_ROUNDS times.
  while read -r folder; do
    grep -rqE '^TEST(_[FP])?\(.*Torture' "src/$folder" --include='*_test.cc' && run_unit "$folder" "$release" "$folder" '--gtest_filter=*Torture*'
  done < <(unit_folders)
  for file in tests/torture/*; do [[ -f $file && -x $file ]] && run_suite "torture/$(basename "$file")"; done
  printf '%d passed, %d failed\n' "$total_passed" "$total_failed"
  ((total_failed == 0 && total_passed > 0)) || stop "$( ((total_passed + total_failed)) && echo "some fault runs failed." || echo "this checkout has no fault runs: no test named …Torture…, no tests/torture.")"
}

command_bench() {
  need build bench
  need_space .
  mkdir -p build/bench "$logs"
  configure "$release" -DCMAKE_BUILD_TYPE=RelWithDebInfo
  local file name failed=0 found=0
  local wanted=" $* "
  # Only what is asked for is built, and a wrong name is told before anything is.
  local targets=()
  for file in bench/*_bench.cc bench/*.sh; do
    [[ -f $file ]] || continue
    name=$(basename "${file%.*}")
    [[ $# == 0 || $wanted == *" ${name%_bench} "* ]] || continue
    found=1
    if [[ $file == *.cc ]]; then targets+=("$name"); elif has_program; then targets+=(tongban); fi
  done
  ((found)) || stop "no such benchmark. There are: $(ls bench 2>/dev/null | sed -n 's/_bench\.cc$//p; s/\.sh$//p' | tr '\n' ' ')"
  ((${#targets[@]} == 0)) || build_release "${targets[@]}" >"$logs/build_bench.log" 2>&1 || { tail -n 30 "$logs/build_bench.log" >&2; stop "the benchmarks do not build; see $logs/build_bench.log."; }
  for file in bench/*_bench.cc; do
    name=$(basename "$file" .cc)
    [[ -f $file ]] && [[ $# == 0 || $wanted == *" ${name%_bench} "* ]] || continue
    printf '\n--- %s\n' "${name%_bench}"
    "$release/$name" --benchmark_out="build/bench/$name.json" --benchmark_out_format=json </dev/null || failed=1
  done
  # Measurements that need a running server are scripts; each says itself what it lacks.
  for file in bench/*.sh; do
    name=$(basename "$file" .sh)
    [[ -x $file ]] && [[ $# == 0 || $wanted == *" $name "* ]] || continue
    printf '\n--- %s\n' "$name"
    TONGBAN_BINARY=$root/$release/tongban TONGBAN_BUILD=$root/$release "$file" </dev/null 2>&1 | tee "build/bench/$name.txt" || failed=1
  done
  [[ -x $TONGBAN_SHARED/bench/compare ]] || say "skipped: the comparison with other programs, because $TONGBAN_SHARED/bench/compare is not there (set TONGBAN_SHARED)."
  return $failed
}

# Fuzz targets are tests/fuzz/NAME_fuzz.cc (libFuzzer), built by clang with everything instrumented. They start from
# tests/fuzz/corpus/NAME (which the suite fuzz_corpus goes through without clang) and the words of tests/fuzz/NAME.dict.
# What they learn is kept in build/fuzz/corpus/NAME_fuzz; a crash is kept as build/fuzz/NAME_fuzz-crash-….
command_fuzz() {
  local together= seconds=60 file name names=() targets=() failed=0
  [[ ${1:-} == --together ]] && { together=yes; shift; }
  if (($#)); then seconds=$1; shift; fi
  [[ $seconds =~ ^[1-9][0-9]*$ ]] || stop "./dev fuzz takes a number of seconds, not \"$seconds\"."
  local wanted=" $* "
  for file in tests/fuzz/*_fuzz.cc; do
    name=$(basename "$file" _fuzz.cc)
    [[ $# == 0 || $wanted == *" $name "* ]] && names+=("$name") && targets+=("${name}_fuzz")
  done
  ((${#names[@]})) || stop "no such fuzz target. There are: $(ls tests/fuzz 2>/dev/null | sed -n 's/_fuzz\.cc$//p' | tr '\n' ' ')"
  need build fuzz
  need_space .
  mkdir -p "$logs"
  configure build/fuzz -DCMAKE_CXX_COMPILER=clang++-19 -DCMAKE_BUILD_TYPE=Debug \
    -DCMAKE_CXX_FLAGS_DEBUG='-O1 -gline-tables-only' -DTONGBAN_BENCH=OFF \
    -DCMAKE_PROJECT_tongban_INCLUDE="$root/cmake/fuzz.cmake"
  ninja_build build/fuzz "${targets[@]}" >"$logs/build_fuzz.log" 2>&1 || {
    grep -m 10 'error' "$logs/build_fuzz.log" >&2 || true
    stop "a fuzz target does not build; see $logs/build_fuzz.log"
  }
  # Together: the seconds are shared, and as many run at a time as there are cores, two at least.
  local at_a_time=1 each=$seconds running=() started=()
  if [[ $together ]]; then
    at_a_time=$((jobs > 2 ? jobs : 2))
    each=$(((seconds + ${#names[@]} - 1) / ${#names[@]}))
  fi
  for name in "${names[@]}"; do
    fuzz_one "$name" "$each" &
    running+=($!) started+=("$name")
    if ((${#running[@]} >= at_a_time)); then
      fuzz_end "${running[0]}" "${started[0]}" "$each" || failed=1
      running=("${running[@]:1}") started=("${started[@]:1}")
    fi
  done
  while ((${#running[@]})); do
    fuzz_end "${running[0]}" "${started[0]}" "$each" || failed=1
    running=("${running[@]:1}") started=("${started[@]:1}")
  done
  return $failed
}

# A single input may take 25 seconds of the wall clock, so that a busy machine finds nothing; a hang takes longer.
fuzz_one() {  # fuzz_one NAME SECONDS
  local words=()
  [[ -f tests/fuzz/$1.dict ]] && words=("-dict=tests/fuzz/$1.dict")
  mkdir -p "build/fuzz/corpus/$1_fuzz"
  exec "build/fuzz/$1_fuzz" -max_total_time="$2" -timeout=25 -rss_limit_mb=1024 -max_len=4096 -print_final_stats=1 "${words[@]}" \
    -artifact_prefix="build/fuzz/$1_fuzz-" "build/fuzz/corpus/$1_fuzz" "tests/fuzz/corpus/$1" >"$logs/$1_fuzz.log" 2>&1 </dev/null
}

fuzz_end() {  # fuzz_end PROCESS NAME SECONDS
  local code=0 log=$logs/$2_fuzz.log
  wait "$1" || code=$?
  printf '%s: %s s, %s inputs tried, coverage %s%s\n' "$2" "$3" \
    "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
    "$(grep -o 'cov: [0-9]*' "$log" | tail -n 1 | cut -d ' ' -f 2)" "$( ((code)) && echo ', FOUND SOMETHING')"
  ((code == 0)) || { tail -n 20 "$log" >&2; say "$2_fuzz found something; see $log"; }
  return $code
}
