#!/usr/bin/env bash
# Installs what the tests need, builds, runs every suite, and ends with `N passed, N failed`.
#
# usage: bash tests/run.sh [--quick] [--all]
#   --quick   unit, client and service tests only: no reference, no sanitizer build
#   --all     thread sanitizer, gcc's sanitizers beside clang's, and valgrind besides; as root also the packages under a
#             booted systemd, the image by buildah and podman, the Kubernetes manifests, a real kubelet (each skips with its reason)
#
# Environment: SIDETOK_CACHE (default .cache), SIDETOK_WERROR=1 (warnings fail the build), SIDETOK_FUZZ_SECONDS, SIDETOK_FUZZ_SEED,
#   SIDETOK_SLOW (default 1: a machine so many times slower; waits and bounds of time in client and service tests are so many times longer).

source "$(dirname "${BASH_SOURCE[0]}")/../deploy/setup.sh"

mode=normal
for argument in "$@"; do
    case $argument in
    --quick) mode=quick ;;
    --all) mode=all ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "$0" && exit 2 ;;
    esac
done

werror=$([ "${SIDETOK_WERROR:-0}" = 1 ] && echo true || echo false)
valgrind_slow=10
passed=0
failed=0
skipped=0

# Adds the "N passed, N failed[, N skipped]" line that a suite closed with; a suite without one has failed.
count() {
    local name=$1 log=$2 line
    line=$(grep -aE '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
    if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)? ]]; then
        passed=$((passed + BASH_REMATCH[1]))
        failed=$((failed + BASH_REMATCH[2]))
        skipped=$((skipped + ${BASH_REMATCH[4]:-0}))
        printf '%-28s %s\n' "$name" "$line"
    else
        failed=$((failed + 1))
        printf '%-28s ended without a result\n' "$name"
        tail -n 40 "$log"
    fi
}

# A suite: its output goes to a log, shown when something failed.
suite() {
    local name=$1 log=$logs/$1.log before=$failed start=$SECONDS
    shift
    "$@" >"$log" 2>&1 </dev/null || true
    count "$name" "$log"
    [ "$failed" = "$before" ] || grep -avE '^ok ' "$log" | tail -n 80
    printf '%-28s %d s\n' "" $((SECONDS - start)) >&2
}

# The log is this run's alone; meson names it after the program that wraps the tests, if there is one.
meson_suite() {
    local dir=$1
    shift
    rm -f "$dir"/meson-logs/testlog*
    meson test -C "$dir" --no-rebuild --print-errorlogs --timeout-multiplier 4 "$@"
    python3 "$root/tests/summary.py" "$dir"/meson-logs/testlog*.junit.xml
}

install_packages "${build_packages[@]}" clang libclang-rt-dev llvm valgrind mandoc groff # llvm: names in clang's findings, which suppressions go by
fetch_models
logs=$cache/logs
mkdir -p "$logs"

variants=$cache/variants
if [ "$(cat "$variants/stamp" 2>/dev/null)" != "$(sha256sum <"$root/tests/parity/variants.json")" ]; then
    say "deriving the tokenizer files of the parity cases"
    python3 "$root/tests/parity/variants.py" "$cache/models" "$variants"
    sha256sum <"$root/tests/parity/variants.json" >"$variants/stamp"
fi
export SIDETOK_MODELS=$cache/models SIDETOK_VARIANTS=$variants

build=$root/build-test
build_tree "$build" -Dwerror="$werror"
suite tests meson_suite "$build"

parity() {
    python3 "$root/tests/parity/replay.py" --sidetok "$build/sidecar/cli/sidetok" \
        --variants "$variants" "$@"
}

# The installed reference, request by request or file by file, for as long as asked. It is the reference only on its own Python.
# usage: fuzz SCRIPT SECONDS [OPTIONS...]
fuzz() {
    if [ "$(python3 -c 'import sys; print(sys.version_info[:2])')" != "(3, 11)" ]; then
        echo "live fuzzing is skipped: the reference's messages are those of Python 3.11"
        echo "0 passed, 0 failed, 1 skipped"
        return
    fi
    make_venv reference "$root/tests/requirements.txt"
    "$cache/venv-reference/bin/python" "$root/tests/parity/$1" --sidetok "$build/sidecar/cli/sidetok" ${SIDETOK_FUZZ_SEED:+--seed "$SIDETOK_FUZZ_SEED"} --seconds "${@:2}"
}

# The Go client, against a fake sidecar and the real one. Go is no dependency of the rest: without it the suite is skipped.
go_client() {
    local version
    version=$(go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
    if [ "${version:-0}" -lt 24 ]; then
        echo "the Go client is skipped: Go 1.24 is not installed"
        echo "0 passed, 0 failed, 1 skipped"
        return
    fi
    (cd "$root/client/go" && SIDETOKD=$build/sidecar/sidetokd go test -race -count=1 -v ./...) |
        awk '{ print } /^--- PASS/ { passed++ } /^(--- FAIL|panic:|FAIL.*build failed)/ { failed++ }
             END { printf "%d passed, %d failed\n", passed, failed + (passed == 0) }'
}

if [ $mode != quick ]; then
    suite go-client go_client
    suite parity parity
    suite python env SIDETOK_BUILD="$build" bash "$root/tests/python/run.sh"
    suite live-fuzz fuzz fuzz_requests.py "${SIDETOK_FUZZ_SECONDS:-60}" --variants "$variants"
    suite live-fuzz-sounds fuzz fuzz_sounds.py $((${SIDETOK_FUZZ_SECONDS:-60} / 4)) --variants "$variants"
    suite live-fuzz-tekken fuzz fuzz_load.py $((${SIDETOK_FUZZ_SECONDS:-60} / 4))
    suite live-fuzz-sentencepiece fuzz fuzz_model.py $((${SIDETOK_FUZZ_SECONDS:-60} / 4))
    CC=clang build_tree "$root/build-asan" -Dwerror="$werror" -Db_sanitize=address,undefined -Db_lundef=false
    suite sanitized-tests meson_suite "$root/build-asan"
fi
if [ $mode = all ]; then
    CC=clang build_tree "$root/build-tsan" -Dwerror="$werror" -Db_sanitize=thread -Db_lundef=false
    suite thread-sanitized-tests meson_suite "$root/build-tsan"
    CC=gcc build_tree "$root/build-asan-gcc" -Dwerror="$werror" -Db_sanitize=address,undefined -Db_lundef=false
    suite sanitized-tests-gcc meson_suite "$root/build-asan-gcc"
    CC=gcc build_tree "$root/build-tsan-gcc" -Dwerror="$werror" -Db_sanitize=thread -Db_lundef=false
    suite thread-sanitized-tests-gcc meson_suite "$root/build-tsan-gcc"
    # One thread at a time in turn: without fairness one that works keeps the others from the processor.
    valgrind="valgrind -q --fair-sched=yes"
    SIDETOK_SLOW=$valgrind_slow suite valgrind-tests meson_suite "$build" --timeout-multiplier 20 --suite unit --suite client \
        --wrap "$valgrind --error-exitcode=9 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
            --suppressions=$root/tests/client/valgrind.supp"
    # The daemon under valgrind; without the tests that bound latency, and without the filter, which valgrind's own calls do not pass.
    SIDETOK_SLOW=$valgrind_slow SIDETOK_WRAP="$valgrind --leak-check=no" SIDETOKD_SECCOMP=no suite valgrind-service meson_suite "$build" \
        --timeout-multiplier 20 service_hostile service_order service_peers service_queue service_start service_stop
    suite packages-booted bash "$root/tests/deploy/nspawn.sh"
    SIDETOK=$build/sidecar/cli/sidetok suite image bash "$root/tests/deploy/container.sh"
    SIDETOK=$build/sidecar/cli/sidetok suite image-with-models bash "$root/tests/deploy/container.sh" --baked
    suite manifests bash "$root/tests/deploy/kubernetes.sh"
    suite kubelet bash "$root/tests/deploy/kubelet.sh"
fi

printf '%d passed, %d failed%s\n' "$passed" "$failed" "$([ "$skipped" = 0 ] || printf ', %d skipped' "$skipped")"
[ "$failed" = 0 ]
