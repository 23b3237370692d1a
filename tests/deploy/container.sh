#!/usr/bin/env bash
# The image of deploy/container/build.sh, run by buildah's chroot and by `podman kube play` with a server beside it: that it is
# the same when it is built again, who it runs as, what it may write, that a killed sidecar is back within 3 s and a client finds it again by
# itself. Ends with `N passed, N failed`.
#
# usage: bash tests/deploy/container.sh [--keep] [--baked] [--platform linux/arm64]
#
# --keep: with the image that is there, not a new one. --baked: only the image with the model files in it, by buildah's chroot. --platform: only
# that machine's image, the same way; where it is not this one's, qemu-user-static must be registered with the kernel.

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

check() {
    local name=$1
    shift
    if "$@"; then
        echo "ok - $name"
        passed=$((passed + 1))
    else
        echo "not ok - $name"
        failed=$((failed + 1))
    fi
}
# Waits for an event, at most so many tenths of a second.
within() {
    local tenths=$1
    shift
    until "$@"; do
        [ $((tenths--)) -gt 0 ] || return 1
        sleep 0.1
    done
}

[ "$(id -u)" = 0 ] || skip "containers are run by root here"
install_packages buildah podman crun catatonit python3
fetch_models
storage=(--storage-driver "${STORAGE_DRIVER:-vfs}" --root "$cache/containers" --runroot "$cache/containers-run")
buildah() { command buildah "${storage[@]}" "$@"; }
image=localhost/sidetok:latest keep="" baked="" options=() platform=()
while [ $# -gt 0 ]; do
    case $1 in
    --keep) keep=yes ;;
    --baked) baked=yes image=localhost/sidetok:baked options+=(--models baked --tag "$image") ;;
    --platform) image=localhost/sidetok:${2##*/} platform=(--platform "$2") options+=("${platform[@]}" --tag "$image") && shift ;;
    *) sed -n '6,9s/^# \{0,1\}//p' "$0" && exit 2 ;;
    esac
    shift
done
build() { bash "$root/deploy/container/build.sh" "${options[@]}" >&2 || give_up "the image builds"; }
if [ -z "$keep" ]; then
    build
    if [ ${#options[@]} = 0 ]; then
        before=$(sha256sum <"$root/build-image/sidetok.tar")
        build
        check "built again, it is the same to the byte" [ "$(sha256sum <"$root/build-image/sidetok.tar")" = "$before" ]
    fi
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tokenizer=v3=/models/mistral_instruct_tokenizer_240323.model.v3
expected=$(printf 'Hello' | "${SIDETOK:-$root/build/sidecar/cli/sidetok}" encode --tokenizer "v3=$cache/models/${tokenizer##*/}")

# --- the image itself
config=$(buildah inspect --type image "$image")
check "it runs as a user without a name in the host" grep -q '"User": "65532:65532"' <<<"$config"
container=$(buildah from "${platform[@]}" "$image")
mount=$(buildah mount "$container")
check "nothing in it is setuid, setgid or writable by others but /tmp and the socket's folder" \
    [ -z "$(find "$mount" \( -perm /6000 -o -perm -2 ! -type l \) ! -path "$mount/tmp" ! -path "$mount/run/sidetok")" ]
check "its bill of materials names nng 1.10 or newer" python3 - "$mount/usr/share/sidetok/sbom.spdx.json" <<'PYTHON'
import json, sys
packages = {package["name"]: package.get("versionInfo", "") for package in json.load(open(sys.argv[1]))["packages"]}
version = next(value for name, value in packages.items() if name.startswith("libnng"))
sys.exit(tuple(map(int, version.split("-")[0].split(".")[:2])) < (1, 10) or "sidetok" not in packages or "libc6" not in packages)
PYTHON

if [ -n "$baked" ]; then
    check "the model files in it are those of the wheel, and in the bill of materials" python3 - "$mount/usr/share/sidetok" "$root/deploy/models.sha256" <<'PYTHON'
import hashlib, json, pathlib, sys
share = pathlib.Path(sys.argv[1])
listed = {name: digest for digest, name in (line.split() for line in open(sys.argv[2]))}
inside = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in (share / "models").iterdir()}
packages = json.load(open(share / "sbom.spdx.json"))["packages"]
told = {package["name"]: package["checksums"][0]["checksumValue"] for package in packages if "checksums" in package}
sys.exit(not listed == inside == told)
PYTHON
fi

# --- by buildah's chroot
mkdir "$work/run"
chown 65532:65532 "$work/run"
volumes=(-v "$work/run:/run/sidetok")
if [ -n "$baked" ]; then
    tokenizer=v3=/usr/share/sidetok/models/${tokenizer##*/}
else
    volumes+=(-v "$cache/models:/models:ro")
fi
in_chroot() { buildah run --isolation chroot "${volumes[@]}" "$container" -- "$@"; }
in_chroot /usr/sbin/sidetokd --tokenizer "$tokenizer" </dev/null >"$work/log" 2>&1 &
check "it is ready under buildah's chroot" within 200 test -S "$work/run/sidetokd.sock"
answer() { printf 'Hello' | in_chroot /usr/bin/sidetok encode --connect ipc:///run/sidetok/sidetokd.sock; }
check "it answers as the host's own build does" [ "$(answer)" = "$expected" ]
# who listens, by the kernel's word
daemon=$(PYTHONPATH=$root/tests/support python3 - "$work/run/sidetokd.sock" <<'PYTHON'
import socket, struct, sys
from wire import Client
print(struct.unpack("3i", Client(sys.argv[1]).socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0])
PYTHON
)
check "it is no process of root's" [ "$(stat -c %u "/proc/$daemon")" = 65532 ]
kill "$daemon"
wait
check "SIGTERM ends it" grep -q stopped "$work/log"
buildah umount "$container" >/dev/null
buildah rm "$container" >/dev/null

if [ ${#options[@]} -gt 0 ]; then
    echo "$passed passed, $failed failed"
    exit $((failed > 0))
fi

# --- by podman, with a server beside it. crun wants no unified hierarchy beside the old ones.
cat >"$work/containers.conf" <<'CONF'
[containers]
netns = "host"
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
runtime = "crun"
events_logger = "file"
CONF
podman() {
    CONTAINERS_CONF=$work/containers.conf timeout 120 unshare -m --propagation private sh -c \
        '! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified; exec podman "$@"' sh "${storage[@]}" "$@" </dev/null
}
sed "s|@MODELS@|$cache/models|" "$root/tests/deploy/pod.yaml" >"$work/pod.yaml"
podman kube down "$work/pod.yaml" >/dev/null 2>&1 || true
podman volume rm -f sidetok-test-socket >/dev/null 2>&1 || true
podman kube play "$work/pod.yaml" >"$work/play.log" 2>&1 || skip "podman: $(tail -n 1 "$work/play.log")"
down() {
    podman kube down "$work/pod.yaml" >/dev/null 2>&1 || true
    podman volume rm -f sidetok-test-socket >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap down EXIT
folder=$(podman volume inspect sidetok-test-socket -f '{{.Mountpoint}}')
check "the sidecar is ready in the pod" within 200 test -S "$folder/sidetokd.sock"
pid_of() { podman inspect "sidetok-test-$1" -f '{{.State.Pid}}'; }
status() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$(pid_of sidecar)/status"; }
check "it runs as 65532" [ "$(stat -c %u "/proc/$(pid_of sidecar)")" = 65532 ]
check "it has no capability, and can get none" [ "$(status CapEff)$(status CapBnd)$(status NoNewPrivs)" = 000000000000000000000000000000001 ]
check "its root is read-only" awk '$5 == "/" { ro = $6 ~ /^ro/ } END { exit !ro }' "/proc/$(pid_of sidecar)/mountinfo"

mkfifo "$folder/in"
: >"$folder/out"
chown 65532:65532 "$folder/in" "$folder/out"
exec 7<>"$folder/in"
ask() { printf '{"id": %d, "tokenizer": "v3", "op": "encode", "request": {"text": "Hello", "bos": false, "eos": false}}\n' "$1" >&7; }
answered() { grep -q "\"id\": $1, \"tokens\": \[" "$folder/out"; }
ask 1
check "the server beside it is answered" within 300 answered 1
before=$(pid_of sidecar)
server=$(pid_of server)
kill -9 "$before"
start=$(date +%s%N)
# what was on its way when it died ends in an error, and is never sent twice: the next one counts
number=2
served_again() {
    ask $((number++))
    grep -q '"id": [2-9][0-9]*, "tokens": \[' "$folder/out"
}
check "a killed sidecar is back, and the server's client has found it, within 3 s" within 28 served_again
echo "# after $((($(date +%s%N) - start) / 1000000)) ms"
check "it was the same client" [ "$(pid_of server)" = "$server" ]
check "and another sidecar" [ "$(pid_of sidecar)" != "$before" ]
exec 7>&-

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
