#!/bin/sh
# The Tekken engine's unit tests on the instructions of 64-bit ARM, under emulation: the NEON path against plain C and the
# pattern. Needs qemu-user, gcc-aarch64-linux-gnu and libc6-dev-arm64-cross (Debian). usage: tests/arm64.sh [OUT]
set -eu
cd "$(dirname "$0")/.."
out=${1:-$(mktemp -d)}
mkdir -p "$out"
cc="aarch64-linux-gnu-gcc -std=gnu17 -O2 -D_GNU_SOURCE -I. -Isidecar/support -Isidecar/tokenizer"
for path in c neon; do
    plain=$([ $path != c ] || echo -DMASKS_PLAIN)
    for source in first_look joins_lanes; do
        $cc -c $plain -DFIRST_LOOK=first_look_$path "-DFIRST_LOOK_NAME=\"$path\"" -DJOINS_LANES=joins_lanes_$path \
            sidecar/tokenizer/$source.c -o "$out/${source}_$path.o"
    done
done
for source in sidecar/support/*.c sidecar/tokenizer/*.c proto/error.c proto/msgpack_read.c; do
    case $source in
    */first_look.c | */joins_lanes.c) ;;
    *) $cc -c "$source" -o "$out/$(basename "$source" .c).o" ;;
    esac
done
for test in boundaries piece_table pretokenizer cuts joins joins_lanes deferred bpe runs tekken; do
    $cc -static tests/unit/test_$test.c "$out"/*.o -lm -o "$out/test_$test"
    echo "# $test"
    qemu-aarch64 "$out/test_$test"
done
