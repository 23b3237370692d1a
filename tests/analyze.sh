#!/usr/bin/env bash
# What looks at the code without a test's opinion: gcc's -fanalyzer, clang-tidy, and the memory sanitizer under unit tests and corpora.
# Prints findings; ends with `N passed, N failed`, one for each checker or test.
#
# usage: bash tests/analyze.sh [gcc] [tidy] [memory]     (default: all)
#   gcc      -fanalyzer over sidecar, client and proto; what it gets wrong is listed in tests/analyze.py, with reasons
#   tidy     clang-tidy over the same, by .clang-tidy
#   memory   unit tests and corpora of the fuzz targets under clang's -fsanitize=memory. Those that decode images and sounds or hold messages
#            of nng are left out: these libraries are not built so, and everything that they write would be reported
#
# Environment: SIDETOK_CACHE, SIDETOK_JOBS (default: the processors).

source "$(dirname "${BASH_SOURCE[0]}")/../deploy/setup.sh"

jobs=${SIDETOK_JOBS:-$(nproc)}
steps=("$@")
[ ${#steps[@]} -gt 0 ] || steps=(gcc tidy memory)
passed=0
failed=0

# Left out: what decodes images and sounds. Replayed: the corpora without images and without nng's messages.
not_in_memory=(audio image image_file image_format memory)
corpora=(body config envelope http json record request spm_file spm_text tekken_file tekken_text)

check_files() {
    local build=$root/build-analyze
    [ -f "$build/build.ninja" ] || CC=gcc meson setup "$build" "$root" >"$cache/logs/analyze.log" 2>&1
    ninja -C "$build" build.ninja >>"$cache/logs/analyze.log" 2>&1 # files that have come since then
    if python3 "$root/tests/analyze.py" "$1" "$root" "$build" "$jobs"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
}

check_memory() {
    local build=$root/build-msan name programs=() tests=()
    [ -f "$build/build.ninja" ] || CC=clang meson setup "$build" "$root" -Dbuildtype=debugoptimized -Db_sanitize=memory -Db_lundef=false \
        -Dc_args=-fsanitize-memory-track-origins >"$cache/logs/msan.log" 2>&1
    for name in "$root"/tests/unit/test_*.c; do
        name=$(basename "$name" .c) && name=${name#test_}
        [[ " ${not_in_memory[*]} " = *" $name "* ]] || programs+=("tests/unit/test_$name") tests+=("$name")
    done
    for name in "${corpora[@]}"; do
        programs+=("tests/fuzz/replay_$name") tests+=("corpus of $name")
    done
    ninja -C "$build" -j "$jobs" "${programs[@]}" >"$cache/logs/msan.log" 2>&1 || { tail -n 20 "$cache/logs/msan.log" && failed=$((failed + 1)) && return; }
    meson test -C "$build" --no-rebuild --print-errorlogs --timeout-multiplier 4 "${tests[@]}" || true
    local line
    line=$(python3 "$root/tests/summary.py" "$build/meson-logs/testlog.junit.xml")
    printf '%s\n' "$line"
    [[ $line =~ ([0-9]+)\ passed,\ ([0-9]+)\ failed ]] && passed=$((passed + BASH_REMATCH[1])) && failed=$((failed + BASH_REMATCH[2]))
}

install_packages "${build_packages[@]}" clang clang-tidy libclang-rt-dev
mkdir -p "$cache/logs"
export SIDETOK_MODELS=$cache/models SIDETOK_VARIANTS=$cache/variants
for step in "${steps[@]}"; do
    say "$step"
    case $step in
    gcc | tidy) check_files "$step" ;;
    memory) check_memory ;;
    *) sed -n '2,13s/^# \{0,1\}//p' "$0" && exit 2 ;;
    esac
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
