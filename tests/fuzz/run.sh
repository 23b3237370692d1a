#!/usr/bin/env bash
# Builds the fuzz targets with address and undefined behaviour sanitizers, runs each for a while and prints a table: executions, edges covered
# of those there are, findings. Ends with 1 when something was found.
#
# usage: bash tests/fuzz/run.sh [--afl] [--minutes N] [--jobs N] [TARGET...]
#   --afl       by AFL++ rather than clang's libFuzzer: the same programs, with its own ways of making inputs
#   --minutes   for each target (default 4)
#   --jobs      how many run at once (default 1); an input may take so many times longer
#   TARGET      as in tests/fuzz/meson.build (default: all)
#
# Inputs begin with tests/fuzz/corpus/TARGET. What was learned stays in $SIDETOK_CACHE/fuzz/TARGET (AFL++: fuzz-afl/TARGET) and is where the
# next run goes on; a finding's input lies beside it as TARGET-crash-* (or -timeout-, -oom-; AFL++: -crash-, -hang-), and becomes a file of
# tests/fuzz/corpus/TARGET once it is mended. Environment: SIDETOK_CACHE.

source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/setup.sh"

engine=libfuzzer
minutes=4
jobs=1
targets=()
while [ $# -gt 0 ]; do
    case $1 in
    --afl) engine=afl ;;
    --minutes) minutes=$2 && shift ;;
    --jobs) jobs=$2 && shift ;;
    -*) sed -n '2,14s/^# \{0,1\}//p' "$0" && exit 2 ;;
    *) targets+=("$1") ;;
    esac
    shift
done
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

# --- libFuzzer
setup_libfuzzer() {
    learned=$cache/fuzz
    build=$root/build-fuzz
    install_packages "${build_packages[@]}" clang libclang-rt-dev
    CC=clang build_target=fuzz build_tree "$build" -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
}

# One target, until its time is over or it has found something.
run_libfuzzer() {
    local name=$1
    mkdir -p "$learned/$name"
    "$build/tests/fuzz/fuzz_$name" -max_total_time=$((minutes * 60)) -max_len=4096 -timeout=$((20 * jobs)) -rss_limit_mb=4000 -print_final_stats=1 \
        -artifact_prefix="$learned/$name-" "$learned/$name" "$root/tests/fuzz/corpus/$name" >"$learned/$name.log" 2>&1 ||
        grep -aE 'SUMMARY|false:|runtime error' "$learned/$name.log" | head -n 1 >"$learned/$name.found"
}

# The last of the numbers after a word in a target's log.
last() {
    grep -aoE "$2 *[0-9]+" "$learned/$1.log" | grep -oE '[0-9]+$' | tail -n 1
}

figures_libfuzzer() {
    printf '%s | %s | %s' "$(last "$1" 'stat::number_of_executed_units:')" "$(last "$1" 'cov:')" "$(last "$1" 'modules +\(')"
}

# --- AFL++. Its compiler makes the same fuzz_NAME programs, each input a call in one process (its driver takes libFuzzer's place). What is
# asked of the machine is told off: where cores are written to, the processor's speed, a core of its own.
setup_afl() {
    learned=$cache/fuzz-afl
    build=$root/build-afl
    install_packages "${build_packages[@]}" clang libclang-rt-dev afl++
    export AFL_QUIET=1 AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_FORKSRV_INIT_TMOUT=60000
    CC=afl-clang-fast build_target=fuzz build_tree "$build" -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
    unset UBSAN_OPTIONS # afl-fuzz has its own, by which a finding is a crash
}

# One target, for its time, whatever it finds. Seeds are the corpus and what the runs before have kept.
run_afl() {
    local name=$1 out=$learned/$1.out
    mkdir -p "$learned/$name"
    cp "$root/tests/fuzz/corpus/$name"/* "$learned/$name"
    rm -rf "$out"
    afl-fuzz -V $((minutes * 60)) -G 4096 -t $((20000 * jobs)) -i "$learned/$name" -o "$out" -- "$build/tests/fuzz/fuzz_$name" \
        >"$learned/$name.log" 2>&1 || echo "afl-fuzz: $(grep -a 'ABORT' "$learned/$name.log" | tail -n 1)" >"$learned/$name.found"
    python3 - "$out/default" "$learned/$name" >>"$learned/$name.found" <<'PYTHON'
import hashlib, pathlib, sys
out, learned = map(pathlib.Path, sys.argv[1:])
for folder, begin in (("queue", f"{learned}/"), ("crashes", f"{learned}-crash-"), ("hangs", f"{learned}-hang-")):
    for file in out.glob(folder + "/id:*"):
        if ",orig:" not in file.name:
            data = file.read_bytes()
            kept = pathlib.Path(begin + hashlib.sha1(data).hexdigest())
            kept.write_bytes(data)
            if folder != "queue":
                print(kept)
PYTHON
    [ -s "$learned/$name.found" ] || rm "$learned/$name.found"
}

stat_of() {
    sed -n "s/^$2 *: //p" "$learned/$1.out/default/fuzzer_stats" 2>/dev/null
}

figures_afl() {
    printf '%s | %s | %s' "$(stat_of "$1" execs_done)" "$(stat_of "$1" edges_found)" "$(stat_of "$1" total_edges)"
}

"setup_$engine"
[ ${#targets[@]} -gt 0 ] || for program in "$build"/tests/fuzz/fuzz_*; do
    [ ! -f "$program" ] || targets+=("${program##*/fuzz_}")
done
mkdir -p "$learned"
rm -f "$learned"/*.found
for name in "${targets[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
        wait -n || true
    done
    "run_$engine" "$name" &
done
wait

found=0
printf '| target | executions | edges covered | of | inputs kept | found |\n| --- | --- | --- | --- | --- | --- |\n'
for name in "${targets[@]}"; do
    finding=-
    if [ -e "$learned/$name.found" ]; then
        finding=$(tail -n 1 "$learned/$name.found")
        found=1
    fi
    # shellcheck disable=SC2012
    printf '| %s | %s | %s | %s |\n' "$name" "$("figures_$engine" "$name")" "$(ls "$learned/$name" | wc -l)" "$finding"
done
exit $found
