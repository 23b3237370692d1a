#!/usr/bin/env bash
# Renders every overlay and validates it with Kubernetes' own code: strict decoding, defaults, validation, and the restricted profile of
# pod security. Building the validator takes minutes the first time. Ends with `N passed, N failed`.
#
# usage: bash tests/deploy/kubernetes.sh

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

if command -v kubectl >/dev/null; then
    render() { kubectl kustomize "$1"; }
elif command -v kustomize >/dev/null; then
    render() { kustomize build "$1"; }
else
    skip "neither kubectl nor kustomize is there"
fi
command -v go >/dev/null || skip "the validator needs Go 1.22 or newer"

# go.sum is made from the module proxy's own checksums: nothing of it is kept here but the versions
validator=$cache/kubernetes-validate
source_sum=$(cat "$root"/tests/deploy/kubernetes/{main.go,go.mod} | sha256sum)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ "$(cat "$validator.stamp" 2>/dev/null)" != "$source_sum" ]; then
    say "building the validator"
    mkdir -p "$cache/logs"
    cp -r "$root/tests/deploy/kubernetes" "$work/validator"
    (cd "$work/validator" && GOFLAGS=-mod=mod go build -o "$validator" .) >"$cache/logs/kubernetes-validate.log" 2>&1 ||
        skip "the validator does not build here: $(tail -n 1 "$cache/logs/kubernetes-validate.log")"
    printf '%s' "$source_sum" >"$validator.stamp"
fi

for overlay in "$root"/deploy/kubernetes/base "$root"/deploy/kubernetes/overlays/*/; do
    name=$(basename "$overlay")
    render "$overlay" >"$work/$name.yaml" || echo "not ok - $name is not rendered" >>"$work/result"
done
(cd "$work" && "$validator" ./*.yaml) >>"$work/result" || true
cat "$work/result"
conclude "$work/result"
