#!/bin/sh
# The Tekken engine's unit tests on the instructions of 64-bit ARM, under emulation: the NEON path against plain C and the
# pattern. Needs qemu-user, gcc-aarch64-linux-gnu and libc6-dev-arm64-cross (Debian). usage: tests/arm64.sh [OUT]
set -eu
cd "$(dirname "$0")/.."
out=${1:-$(mktemp -d)}
mkdir -p "$out"
cc="aarch64-linux-gnu-gcc -std=gnu17 -O2 -D_GNU_SOURCE -I. -Isidecar/support -Isidecar/tokenizer"
$cc -c -DMASKS_PLAIN -DFIRST_LOOK=first_look_c '-DFIRST_LOOK_NAME="c"' sidecar/tokenizer/first_look.c -o "$out/look_c.o"
$cc -c -DFIRST_LOOK=first_look_neon '-DFIRST_LOOK_NAME="neon"' sidecar/tokenizer/first_look.c -o "$out/look_neon.o"
for source in sidecar/support/*.c sidecar/tokenizer/*.c proto/error.c proto/msgpack_read.c; do
    [ "$source" = sidecar/tokenizer/first_look.c ] || $cc -c "$source" -o "$out/$(basename "$source" .c).o"
done
for test in boundaries piece_table joins bpe runs tekken; do
    $cc -static tests/unit/test_$test.c "$out"/*.o -lm -o "$out/test_$test"
    echo "# $test"
    qemu-aarch64 "$out/test_$test"
done
