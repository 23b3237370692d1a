#!/usr/bin/env bash
# Builds the image localhost/sidetok by buildah, the same bytes each time for the same sources and the same Debian packages, and
# writes it to build-image/sidetok.tar with its bill of materials beside it.
#
# usage: bash deploy/container/build.sh [--models none|baked] [--tag NAME] [--platform linux/arm64]
#
# Another platform is built on this machine's kernel by qemu-user-static, whose interpreter has to be registered with flag F (fix-binary)
# in binfmt_misc; one that a processor of its own runs is quicker by far. The archive is build-image/sidetok.tar for this machine's
# architecture, build-image/sidetok-ARCHITECTURE.tar for another.
#
# Environment: BASE, an image with Debian 13 (default: one made here from packages); SIDETOK_CACHE.

source "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"

models=none tag=localhost/sidetok:latest platform=() architecture=$(dpkg --print-architecture)
while [ $# -gt 0 ]; do
    case $1 in
    --models) models=$2 ;;
    --tag) tag=$2 ;;
    --platform) platform=(--platform "$2") architecture=${2##*/} ;;
    *) sed -n '2,12s/^# \{0,1\}//p' "$0" && exit 2 ;;
    esac
    shift 2
done
install_packages buildah git
buildah() { command buildah --storage-driver "${STORAGE_DRIVER:-vfs}" --root "$cache/containers" --runroot "$cache/containers-run" "$@"; }
mkdir -p "$cache/logs"

# Debian 13 with what building needs, where no registry has one for us.
if [ -z "${BASE:-}" ]; then
    BASE=localhost/sidetok-build:trixie-$architecture
    if ! buildah inspect --type image "$BASE" >/dev/null 2>&1; then
        install_packages mmdebstrap
        say "making the base of the build stage"
        mmdebstrap --mode=root --variant=minbase --architectures="$architecture" --include=gcc,libc6-dev,meson,ninja-build,pkg-config,libnng-dev,libmsgpack-dev,zlib1g-dev,libjpeg-dev,libwebp-dev,libtiff-dev,libsndfile1-dev,python3 \
            trixie "$cache/trixie-$architecture.tar" >"$cache/logs/mmdebstrap.log" 2>&1 || fail "mmdebstrap: $(tail -n 1 "$cache/logs/mmdebstrap.log")"
        container=$(buildah from "${platform[@]}" scratch)
        buildah add -q "$container" "$cache/trixie-$architecture.tar" / >/dev/null
        buildah commit -q "$container" "$BASE" >/dev/null
        buildah rm "$container" >/dev/null
        rm "$cache/trixie-$architecture.tar"
    fi
fi

context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
mkdir "$context/source" "$context/models"
(cd "$root" && git ls-files -z --cached --others --exclude-standard | while IFS= read -rd '' file; do
    [ ! -e "$file" ] || printf '%s\0' "$file"
done | tar -c --null -T -) | tar -x -C "$context/source"
if [ "$models" = baked ]; then
    fetch_models
    (cd "$cache/models" && cut -c67- "$root/deploy/models.sha256" | xargs cp -t "$context/models")
fi

epoch=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}
out=$root/build-image name=sidetok
[ "$architecture" = "$(dpkg --print-architecture)" ] || name=sidetok-$architecture
mkdir -p "$out"
say "building $tag"
buildah build -q --isolation chroot --layers=false --timestamp "$epoch" --build-arg SOURCE_DATE_EPOCH="$epoch" --build-arg BASE="$BASE" \
    --build-arg MODELS="$models" "${platform[@]}" --tag "$tag" --file "$root/deploy/container/Containerfile" "$context" \
    </dev/null >"$cache/logs/image.log" 2>&1 || {
    tail -n 40 "$cache/logs/image.log" >&2
    fail "the image did not build; the whole log is $cache/logs/image.log"
}
rm -f "$out/$name.tar"
buildah push -q "$tag" "docker-archive:$out/$name.tar:${tag##*/}" >/dev/null
container=$(buildah from "${platform[@]}" "$tag")
mount=$(buildah mount "$container")
cp "$mount/usr/share/sidetok/sbom.spdx.json" "$out/$name.spdx.json"
size=$(du -sb "$mount" | cut -f1)
without=$((size - $(du -sb "$mount/usr/share/sidetok/models" 2>/dev/null | cut -f1 || echo 0)))
buildah umount "$container" >/dev/null
buildah rm "$container" >/dev/null
printf '%s %s: %d.%d MB without models, %d.%d MB in all\n' "$tag" "$(buildah inspect --type image -f '{{.FromImageID}}' "$tag" | cut -c1-19)" \
    $((without / 1000000)) $((without / 100000 % 10)) $((size / 1000000)) $((size / 100000 % 10))
[ "$without" -lt 25000000 ] || fail "the image is larger than 25 MB without models"
