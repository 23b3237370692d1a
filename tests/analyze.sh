#!/usr/bin/env bash
# What looks at the code without a test's opinion: gcc's -fanalyzer, clang-tidy, and the memory sanitizer under the unit tests.
# Prints findings; ends with `N passed, N failed`, one for each checker or test.
#
# usage: bash tests/analyze.sh [gcc] [tidy] [memory]     (default: all)
#   gcc      -fanalyzer over sidecar, client and proto; what it gets wrong is listed in tests/analyze.py, with reasons
#   tidy     clang-tidy over the same, by .clang-tidy
#   memory   unit tests of engines, JSON, requests and templates under clang's -fsanitize=memory. Tests that decode images and sounds are
#            left out: their libraries are not built so, and everything that these write would be reported
#
# Environment: SIDETOK_CACHE, SIDETOK_JOBS (default: the processors).

source "$(dirname "${BASH_SOURCE[0]}")/../deploy/setup.sh"

jobs=${SIDETOK_JOBS:-$(nproc)}
steps=("$@")
[ ${#steps[@]} -gt 0 ] || steps=(gcc tidy memory)
passed=0
failed=0

# The programs' own code alone, and what the sanitizer knows of the C library.
memory_tests=(apply_fit arena base64 body boundaries bpe character_name decode decode_chunk decode_message decode_response decode_tool file joins
    json_read json_scan json_write map matcher message message_repr msgpack_read normalize pair_table piece_cache piece_table
    pretokenizer pydantic pydantic_number pydantic_read python_object python_repr python_text rules runs sentencepiece
    sentencepiece_model settings sha256 stream tekken template tool_schema tool_schema_name tool_schema_regex unicode utf8
    validate vllm_steps wire)

check_files() {
    [ -f "$root/build-analyze/compile_commands.json" ] || CC=gcc meson setup "$root/build-analyze" "$root" >"$cache/logs/analyze.log" 2>&1
    if python3 "$root/tests/analyze.py" "$1" "$root" "$root/build-analyze" "$jobs"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
}

check_memory() {
    local build=$root/build-msan name programs=() tests=()
    [ -f "$build/build.ninja" ] || CC=clang meson setup "$build" "$root" -Dbuildtype=debugoptimized -Db_sanitize=memory -Db_lundef=false \
        -Dc_args=-fsanitize-memory-track-origins >"$cache/logs/msan.log" 2>&1
    for name in "${memory_tests[@]}"; do
        [ ! -f "$root/tests/unit/test_$name.c" ] || programs+=("tests/unit/test_$name") tests+=("$name")
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
