#!/usr/bin/env bash
# From a fresh machine to token ids: installs what is missing, fetches the model files, builds, starts a private
# sidetokd, and tokenizes a sample chat with the tokenizer of Mistral-7B-Instruct-v0.3.
#
# usage: bash deploy/quickstart.sh [MESSAGE]

source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

message=${1:-"What is the capital of France?"}
install_packages "${build_packages[@]}"
fetch_models
build=$root/build
build_tree "$build"

private=$(mktemp -d)
daemon=
cleanup() {
    [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
    [ -z "$daemon" ] || wait "$daemon" 2>/dev/null || true
    rm -rf "$private"
}
trap cleanup EXIT

url=ipc://$private/sidetok.sock
"$build/sidecar/sidetokd" --listen "$url" \
    --tokenizer "mistral-7b-instruct-v0.3=$cache/models/mistral_instruct_tokenizer_240323.model.v3" \
    2>"$private/log" &
daemon=$!
"$build/sidecar/cli/sidetok" ping --connect "$url" --wait-ms 10000 >/dev/null || {
    cat "$private/log" >&2
    fail "sidetokd did not start"
}

request=$(python3 -c 'import json, sys; print(json.dumps({"messages": [
    {"role": "system", "content": "Answer in one word."}, {"role": "user", "content": sys.argv[1]}]}))' "$message")
printf '%s\n' "$request" >&2
printf '%s' "$request" | "$build/sidecar/cli/sidetok" chat --connect "$url" --text --time
