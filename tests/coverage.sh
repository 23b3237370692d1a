#!/usr/bin/env bash
# How much of sidecar, client and proto the tests run: lines and branches, by room and, with --missing, by line.
#
# usage: bash tests/coverage.sh [--missing] [--share K/N]
#   --missing   prints every line that nothing runs, and every line of which a branch is never taken, too
#   --share     which part of the recorded cases is replayed (default all)
#
# Clang counts in files that are mapped into memory, so that a daemon which a test kills has been counted as well. Unit,
# client, service and fuzz suites run, then the recorded cases. Environment: SIDETOK_CACHE.

source "$(dirname "${BASH_SOURCE[0]}")/../deploy/setup.sh"

share=0/1
missing=no
while [ $# -gt 0 ]; do
    case $1 in
    --missing) missing=yes ;;
    --share) share=$2 && shift ;;
    *) sed -n '2,9s/^# \{0,1\}//p' "$0" && exit 2 ;;
    esac
    shift
done

install_packages "${build_packages[@]}" clang libclang-rt-dev llvm
fetch_models
build=$root/build-coverage
flags='-fprofile-instr-generate -fcoverage-mapping -mllvm -runtime-counter-relocation'
CC=clang build_tree "$build" -Dbuildtype=debug -Dc_args="$flags -DNDEBUG" -Dc_link_args='-fprofile-instr-generate'

export SIDETOK_MODELS=$cache/models SIDETOK_VARIANTS=$cache/variants SIDETOK_SLOW=4
profiles=$build/profiles
rm -rf "$profiles"
mkdir -p "$profiles"
export LLVM_PROFILE_FILE="$profiles/%8m%c.profraw"
say "running the suites"
meson test -C "$build" --no-rebuild --timeout-multiplier 4 --suite unit --suite client --suite service --suite fuzz \
    >"$build/tests.log" 2>&1 || grep -E '(FAIL|ERROR|TIMEOUT) ' "$build/tests.log" >&2
say "replaying recorded cases, $share"
python3 "$root/tests/parity/replay.py" --sidetok "$build/sidecar/cli/sidetok" --variants "$SIDETOK_VARIANTS" --share "$share" | tail -n 1 || true

llvm-profdata merge -sparse "$profiles"/*.profraw -o "$build/merged.profdata"
objects=()
for program in "$build"/tests/*/test_* "$build"/tests/*/replay_* "$build"/tests/parity/image_probe "$build"/sidecar/cli/sidetok; do
    [ -x "$program" ] && [ ! -d "$program" ] && objects+=(-object "$program")
done
export_as() {
    llvm-cov export -format="$1" -instr-profile="$build/merged.profdata" "$build/sidecar/sidetokd" "${objects[@]}" \
        -ignore-filename-regex='/tests/|/bench/|^/usr/' 2>/dev/null
}
export_as lcov >"$build/coverage.lcov"
export_as text >"$build/coverage.json"
python3 "$root/tests/coverage.py" "$root" "$build/coverage.lcov" "$build/coverage.json" "$missing"
