#!/usr/bin/env bash
# Measures vLLM's renderer with and without the plug-in: time per request, and GET /health meanwhile, during 500 KB and 5 MB of text.
# usage: VLLM_PYTHON=VENV/bin/python bash bench/vllm.sh [--tokenizer tekken|v3]... [--out FILE] [--svg FILE] [--text KIND:SIZE:COUNT]... [--rounds N]
#   VLLM_PYTHON  of a venv with vllm 0.32.0, mistral-common 1.13.1 and msgpack (docs/vllm.md); 8 GB
#   --tokenizer  which to serve; both by default, one after the other
#   --out FILE   what was measured, as JSON; what it holds already is kept, so that a long measurement can be done in parts. With --text none nothing is
#                measured: table and picture are made of what FILE holds
#   --svg FILE   the picture; docs/vllm-health.svg by default
# Servers listen on 127.0.0.1:8351 and :8352. The two take turns, so that both see the same machine.
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/setup.sh"
[ -n "${VLLM_PYTHON:-}" ] || fail "VLLM_PYTHON must name the interpreter of a venv with vLLM 0.32"
tokenizers=() texts=() rounds=2 out= svg=$root/docs/vllm-health.svg
while [ $# -gt 0 ]; do
    case $1 in
        --tokenizer) tokenizers+=("$2") ;;
        --text) texts+=(--text "$2") ;;
        --rounds) rounds=$2 ;;
        --out) out=$2 ;;
        --svg) svg=$2 ;;
        *) fail "what is $1?" ;;
    esac
    shift 2
done
[ ${#tokenizers[@]} -gt 0 ] || tokenizers=(tekken v3)
[ ${#texts[@]} -gt 0 ] || texts=(--text prose:500KB:6 --text prose:5MB:2)
install_packages "${build_packages[@]}"
fetch_models
build=${SIDETOK_BUILD:-$root/build}
[ -n "${SIDETOK_BUILD:-}" ] || build_tree "$build"
folder=$(mktemp -d)
pids=()
stop() {
    [ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null || true
    [ ${#pids[@]} = 0 ] || wait "${pids[@]}" 2>/dev/null || true
    pids=()
}
trap 'stop; rm -rf "$folder"' EXIT
out=${out:-$folder/measured.json}

# What makes vLLM start without a GPU, and the plug-in known without being installed: two entry points in a folder of the path.
mkdir -p "$folder/path/cpu_only-1.dist-info" "$folder/path/sidetok-0.1.0.dist-info"
printf 'def register():\n    return "vllm.platforms.cpu.CpuPlatform"\n' >"$folder/path/cpu_only.py"
printf '[vllm.platform_plugins]\ncpu = cpu_only:register\n' >"$folder/path/cpu_only-1.dist-info/entry_points.txt"
printf '[vllm.general_plugins]\nsidetok = sidetok.vllm:register\n' >"$folder/path/sidetok-0.1.0.dist-info/entry_points.txt"
for name in cpu_only-1 sidetok-0.1.0; do
    printf 'Metadata-Version: 2.1\nName: %s\nVersion: %s\n' "${name%-*}" "${name##*-}" >"$folder/path/$name.dist-info/METADATA"
done
export PYTHONPATH=$folder/path:$root/client/python PYTHONDONTWRITEBYTECODE=1 SIDETOK_LIBRARY=$build/client/libsidetok.so.0
export VLLM_NO_USAGE_STATS=1 HF_HUB_OFFLINE=1

model_folder() { # usage: model_folder NAME FILE AS VOCABULARY
    mkdir -p "$folder/$1"
    cp "$cache/models/$2" "$folder/$1/$3"
    cat >"$folder/$1/config.json" <<JSON
{"architectures": ["MistralForCausalLM"], "model_type": "mistral", "hidden_size": 4096, "intermediate_size": 14336, "num_attention_heads": 32,
 "num_hidden_layers": 32, "num_key_value_heads": 8, "vocab_size": $4, "max_position_embeddings": 4000000, "rms_norm_eps": 1e-05,
 "rope_theta": 1000000.0, "sliding_window": null, "torch_dtype": "bfloat16", "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu",
 "tie_word_embeddings": false}
JSON
}
model_folder tekken tekken_240911.json tekken.json 131072
model_folder v3 mistral_instruct_tokenizer_240323.model.v3 tokenizer.model.v3 32768

serve() { # usage: serve NAME PORT [VARIABLE=VALUE]
    env "${@:3}" "$(dirname "$VLLM_PYTHON")/vllm" launch render "$folder/$1" --tokenizer-mode mistral --host 127.0.0.1 --port "$2" \
        --max-model-len 4000000 </dev/null >"$folder/$2.log" 2>&1 &
    pids+=($!)
    for _ in $(seq 600); do
        python3 -c "import sys, urllib.request; urllib.request.urlopen(sys.argv[1])" "http://127.0.0.1:$2/health" 2>/dev/null && return
        kill -0 $! 2>/dev/null || break
        sleep 0.2
    done
    tail -n 20 "$folder/$2.log" >&2
    fail "vLLM does not start"
}

declare -A titles=([tekken]=Tekken [v3]="SentencePiece v3")
if [ "${texts[1]}" != none ]; then
    for name in "${tokenizers[@]}"; do
        "$build/sidecar/sidetokd" --listen "ipc://$folder/s.sock" --tokenizer "$name=$folder/$name" 2>"$folder/sidetokd.log" &
        pids+=($!)
        "$build/sidecar/cli/sidetok" ping --connect "ipc://$folder/s.sock" --wait-ms 30000 >"$folder/ping"
        serve "$name" 8351
        serve "$name" 8352 "SIDETOK_URL=ipc://$folder/s.sock"
        python3 "$root/bench/health/measure.py" --out "$out" --append --path /v1/chat/completions/render --rounds "$rounds" "${texts[@]}" \
            "${titles[$name]}, vLLM=http://127.0.0.1:8351" "${titles[$name]}, with sidetok=http://127.0.0.1:8352"
        stop
    done
fi
python3 "$root/bench/health/plot.py" --svg "$svg" --title "GET /health of vLLM's renderer while a chat is rendered" "$out"
