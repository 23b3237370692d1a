#!/usr/bin/env bash
# Measures GET /health of client/example/server.py while three clients post 1 MB requests, with the library in its loop and with the sidecar.
# usage: bash bench/health.sh [SVG]     prints a table; the picture goes to docs/health.svg by default
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/setup.sh"
prepare_python_bench
model=$cache/models/mistral_instruct_tokenizer_240323.model.v3
folder=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$folder"' EXIT

wait_for() {
    for _ in $(seq 300); do
        "$python" -c "import sys, urllib.request; urllib.request.urlopen(sys.argv[1])" "$1" 2>/dev/null && return
        sleep 0.1
    done
    fail "no answer from $1"
}

"$build/sidecar/sidetokd" --listen "ipc://$folder/s.sock" --tokenizer "v3=$model" 2>"$folder/log" &
pids+=($!)
"$python" "$root/client/example/server.py" --port 8341 --library "$model" &
pids+=($!)
"$python" "$root/client/example/server.py" --port 8342 --sidecar "ipc://$folder/s.sock" &
pids+=($!)
wait_for http://127.0.0.1:8341/health
wait_for http://127.0.0.1:8342/health
"$python" "$root/bench/health/measure.py" --out "$folder/m.json" --path /tokenize --clients 3 --text prose:1MB:4 \
    "library in the loop=http://127.0.0.1:8341" "sidecar=http://127.0.0.1:8342"
"$python" "$root/bench/health/plot.py" --svg "${1:-$root/docs/health.svg}" \
    --title "GET /health of client/example/server.py while three clients post 1 MB requests" "$folder/m.json"
