#!/usr/bin/env bash
# Builds the fuzz targets with clang, address and undefined behaviour sanitizers, runs each for a while and prints a table:
# executions, edges covered of those there are, findings. Ends with 1 when something was found.
#
# usage: bash tests/fuzz/run.sh [--minutes N] [--jobs N] [TARGET...]
#   --minutes   for each target (default 4)
#   --jobs      how many run at once (default 1); an input may take so many times longer
#   TARGET      as in tests/fuzz/meson.build (default: all)
#
# What was learned stays in $SIDETOK_CACHE/fuzz/TARGET and is where the next run goes on; a finding's input lies beside it as TARGET-crash-*
# (or -timeout-, -oom-), and becomes a file of tests/fuzz/corpus/TARGET once it is mended. Environment: SIDETOK_CACHE.

source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/setup.sh"

minutes=4
jobs=1
targets=()
while [ $# -gt 0 ]; do
    case $1 in
    --minutes) minutes=$2 && shift ;;
    --jobs) jobs=$2 && shift ;;
    -*) sed -n '2,12s/^# \{0,1\}//p' "$0" && exit 2 ;;
    *) targets+=("$1") ;;
    esac
    shift
done

install_packages "${build_packages[@]}" clang libclang-rt-dev
build=$root/build-fuzz
CC=clang build_tree "$build" -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
[ ${#targets[@]} -gt 0 ] || for program in "$build"/tests/fuzz/fuzz_*; do
    [ ! -f "$program" ] || targets+=("${program##*/fuzz_}")
done
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
learned=$cache/fuzz
mkdir -p "$learned"

# One target, until its time is over or it has found something.
run_target() {
    local name=$1
    mkdir -p "$learned/$name"
    "$build/tests/fuzz/fuzz_$name" -max_total_time=$((minutes * 60)) -max_len=4096 -timeout=$((20 * jobs)) -rss_limit_mb=4000 -print_final_stats=1 \
        -artifact_prefix="$learned/$name-" "$learned/$name" "$root/tests/fuzz/corpus/$name" >"$learned/$name.log" 2>&1 ||
        touch "$learned/$name.found"
}

# The last of the numbers after a word in a target's log.
last() {
    grep -aoE "$2 *[0-9]+" "$learned/$1.log" | grep -oE '[0-9]+$' | tail -n 1
}

rm -f "$learned"/*.found
for name in "${targets[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
        wait -n || true
    done
    run_target "$name" &
done
wait

found=0
printf '| target | executions | edges covered | of | inputs kept | found |\n| --- | --- | --- | --- | --- | --- |\n'
for name in "${targets[@]}"; do
    finding=-
    if [ -e "$learned/$name.found" ]; then
        finding=$(grep -aE 'SUMMARY|false:|runtime error' "$learned/$name.log" | head -n 1)
        found=1
    fi
    # shellcheck disable=SC2012
    printf '| %s | %s | %s | %s | %s | %s |\n' "$name" "$(last "$name" 'stat::number_of_executed_units:')" "$(last "$name" 'cov:')" \
        "$(last "$name" 'modules +\(')" "$(ls "$learned/$name" | wc -l)" "$finding"
done
exit $found
