#!/usr/bin/env bash
# Measures sidetok's engine beside gigatoken, fastokens, quicktok, tokenizers, tiktoken, splintr, sentencepiece and mistral_common in one
# interleaved run, and writes the table and the charts that README.md shows. On a fresh machine it installs all of them first.
# About 15 minutes; with --quick 3.
# usage: bash bench/peers.sh [--quick] [--out FOLDER]
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/setup.sh"
peers=$root/bench/peers
install_packages "${build_packages[@]}"
fetch_models
make_venv peers "$peers/requirements.txt"
make_venv peers-rc "$peers/requirements-rc.txt"
build_tree "$root/build"

# The texts, cut out of source distributions: made anew when those or the way of cutting change.
texts=$cache/peers/texts
stamp=$(cat "$peers/sources.txt" "$peers/texts.py" | sha256sum)
if [ "$(cat "$texts/stamp" 2>/dev/null)" != "$stamp" ]; then
    say "fetching the sources of the texts"
    "$cache/venv-peers/bin/pip" download -q --disable-pip-version-check --no-deps --no-binary :all: \
        -r "$peers/sources.txt" -d "$cache/peers/sources" >&2
    python3 "$peers/texts.py" "$texts" "$cache"/peers/sources/*.tar.gz
    printf '%s' "$stamp" >"$texts/stamp"
fi

# The same vocabularies as other engines read them.
for model in tekken_240911.json mistral_instruct_tokenizer_240323.model.v3; do
    [ -f "$cache/peers/$model.json" ] ||
        "$cache/venv-peers/bin/python" "$peers/peer.py" tokenizer-json "$cache/models/$model" "$cache/peers/$model.json"
done
python3 "$peers/run.py" --build "$root/build" --cache "$cache" --texts "$texts" "$@"
