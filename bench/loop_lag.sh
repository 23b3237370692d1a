#!/usr/bin/env bash
# Measures how long requests of 1 and 5 MB hold up the loop that asks them: a C loop with 50 of 1 MB under way, and asyncio. Both tokenizers.
# usage: bash bench/loop_lag.sh      prints tables. SIDETOK_BUILD, SIDETOK_PYTHON and SIDETOK_CACHE as in tests/python/run.sh
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/setup.sh"
prepare_python_bench
folder=$(mktemp -d)
trap 'kill "$daemon" 2>/dev/null || true; rm -rf "$folder"' EXIT
url=ipc://$folder/s.sock

"$build/sidecar/sidetokd" --listen "$url" --tokenizer "tekken=$cache/models/tekken_240911.json" \
    --tokenizer "v3=$cache/models/mistral_instruct_tokenizer_240323.model.v3" 2>"$folder/log" &
daemon=$!
"$build/sidecar/cli/sidetok" ping --connect "$url" --wait-ms 30000 >"$folder/ping"
for name in tekken v3; do
    echo "== $name: a C loop's 1 ms timer"
    "$build/bench/loop_lag" "$url" "$name"
    echo "== $name: asyncio"
    "$python" "$root/bench/loop_lag.py" "$url" --tokenizer "$name" "$@"
done
