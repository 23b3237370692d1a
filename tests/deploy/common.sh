# Shared by the scripts of tests/deploy: how they end, in the words that tests/run.sh reads. To be sourced.

source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/setup.sh"

passed=0 failed=0

# Ends the script where the machine forbids the rest: why, and what was seen until then.
skip() {
    echo "skipped: $*"
    echo "$passed passed, $failed failed, 1 skipped"
    exit $((failed > 0))
}

# Ends it where the rest has no sense without what was to be.
give_up() {
    echo "not ok - $*"
    echo "$passed passed, $((failed + 1)) failed"
    exit 1
}

# Ends it with the results of a file of TAP; one without any is a failure.
conclude() {
    passed=$(grep -c '^ok ' "$1" || true)
    failed=$(grep -c '^not ok ' "$1" || true)
    echo "$passed passed, $failed failed"
    exit $((failed > 0 || passed == 0))
}
