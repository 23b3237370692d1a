#!/usr/bin/env bash
# The sidecar overlay on a real kubelet, without a cluster: Kubernetes 1.30's own, over containerd and runc. A container that does nothing
# stands in vLLM's place. Holds what kubelet.py says, prints what the kubelet and the sidecar logged, and ends with `N passed, N failed`.
# Takes about three minutes. Where the machine forbids it, it says why and skips.
#
# usage: bash tests/deploy/kubelet.sh [--keep] [SECONDS OF LOAD]      --keep: with the image that is there; 60 s by default
#
# The kubelet is built once from Go modules (tests/deploy/kubernetes/kubelet), which takes ten minutes; it stays in the cache. KUBELET
# names one that is there already. Ports 10250 and 10255 of the loopback are taken.

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[ "$(id -u)" = 0 ] || skip "a kubelet is run by root here"
# Processes and mounts of containerd end with the namespaces, however the run ends.
if [ -z "${SIDETOK_KUBELET_WORK:-}" ]; then
    work=$(mktemp -d)
    trap 'rm -rf --one-file-system "$work"' EXIT
    status=0
    TZ=UTC SIDETOK_KUBELET_WORK=$work unshare --mount --pid --fork --kill-child --mount-proc --propagation private bash "$0" "$@" || status=$?
    exit "$status"
fi
work=$SIDETOK_KUBELET_WORK
# runc wants no unified hierarchy beside the old ones
! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified
command -v kubectl >/dev/null || skip "kubectl is missing"
install_packages buildah containerd runc gcc libc6-dev python3 python3-yaml
fetch_models
mkdir -p "$cache/logs"

kubelet=${KUBELET:-$cache/kubelet}
source_sum=$(cat "$root"/tests/deploy/kubernetes/{kubelet/main.go,go.mod} | sha256sum)
if [ -z "${KUBELET:-}" ] && [ "$(cat "$kubelet.stamp" 2>/dev/null)" != "$source_sum" ]; then
    command -v go >/dev/null || skip "building a kubelet needs Go 1.22 or newer"
    say "building the kubelet"
    cp -r "$root/tests/deploy/kubernetes" "$work/source"
    (cd "$work/source" && GOFLAGS=-mod=mod go build -o "$kubelet" ./kubelet) >"$cache/logs/kubelet-build.log" 2>&1 ||
        skip "the kubelet does not build here: $(tail -n 1 "$cache/logs/kubelet-build.log")"
    printf '%s' "$source_sum" >"$kubelet.stamp"
fi
if [ "${1:-}" = --keep ]; then
    shift
else
    bash "$root/deploy/container/build.sh" >&2 || give_up "the image builds"
fi

keep_logs() { cp "$work/kubelet.log" "$work/containerd.log" "$cache/logs" 2>/dev/null || true; }
trap keep_logs EXIT

# What holds a pod's namespaces, and vLLM's place: it waits, and ends when it is told to.
buildah() { command buildah --storage-driver "${STORAGE_DRIVER:-vfs}" --root "$cache/containers" --runroot "$cache/containers-run" "$@"; }
gcc -static -O2 -x c - -o "$work/pause" <<'C'
#include <signal.h>
#include <unistd.h>
static void end(int signal) { _exit(signal != SIGTERM); }
int main(void) { return signal(SIGTERM, end) == SIG_ERR || pause(); }
C
container=$(buildah from scratch)
buildah copy -q "$container" "$work/pause" /pause >/dev/null
buildah config --entrypoint '["/pause"]' "$container"
buildah commit -q "$container" localhost/pause:latest >/dev/null
buildah rm "$container" >/dev/null
for image in pause sidetok; do
    buildah push -q "localhost/$image:latest" "docker-archive:$work/$image.tar:localhost/$image:latest" >/dev/null
done

# The overlay's pod: a server that does nothing, a folder of this machine as the model's claim, the host's network.
kubectl kustomize "$root/deploy/kubernetes/overlays/sidecar" >"$work/overlay.yaml"
python3 - "$work/overlay.yaml" "$cache/models" >"$work/pod.json" <<'PYTHON'
import json, sys, yaml
template = next(it for it in yaml.safe_load_all(open(sys.argv[1])) if it["kind"] == "Deployment")["spec"]["template"]
spec, [server] = template["spec"], template["spec"]["containers"]
for key in ("args", "ports", "startupProbe", "readinessProbe", "livenessProbe", "lifecycle", "resources"):
    server.pop(key, None)
server.update(image="localhost/pause:latest", imagePullPolicy="Never")
[sidecar] = spec["initContainers"]
sidecar["imagePullPolicy"] = "Never"
sidecar["args"] = [it.replace("/models/mistral", "/models/tekken_240911.json") for it in sidecar["args"]]
volumes = [{"name": "models", "hostPath": {"path": sys.argv[2]}}] + [it for it in spec["volumes"] if it["name"] != "models"]
spec.update(hostNetwork=True, volumes=volumes)
json.dump({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "vllm", "namespace": "default"}, "spec": spec}, sys.stdout, indent=1)
PYTHON

cat >"$work/containerd.toml" <<TOML
version = 2
root = "$work/root"
state = "$work/state"
[grpc]
  address = "$work/c.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:latest"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
TOML
cat >"$work/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
staticPodPath: $work/pods
containerRuntimeEndpoint: unix://$work/c.sock
cgroupDriver: cgroupfs
failSwapOn: false
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
readOnlyPort: 10255
address: 127.0.0.1
healthzPort: 0
enforceNodeAllocatable: []
cgroupsPerQOS: false
podLogsDir: $work/podlogs
volumePluginDir: $work/plugins
evictionHard: {}
oomScoreAdj: 0
localStorageCapacityIsolation: false
YAML
mkdir "$work/pods" "$work/plugins"

# Waits for an event for two minutes at most, as long as the process lives.
await() {
    local process=$1
    shift
    for _ in $(seq 600); do
        ! "$@" >/dev/null 2>&1 || return 0
        kill -0 "$process" 2>/dev/null || return 1
        sleep 0.2
    done
    return 1
}
say "starting containerd and the kubelet"
containerd -c "$work/containerd.toml" </dev/null >"$work/containerd.log" 2>&1 &
await $! ctr -a "$work/c.sock" version || skip "containerd does not start here: $(tail -n 1 "$work/containerd.log")"
containers() { ctr -a "$work/c.sock" -n k8s.io "$@" >"$work/ctr.log" 2>&1; }
for image in pause sidetok; do
    containers images import --snapshotter native "$work/$image.tar" || skip "containerd imports no image here: $(tail -n 1 "$work/ctr.log")"
done
containers run -d --snapshotter native --net-host localhost/pause:latest first || skip "no container runs here: $(tail -n 1 "$work/ctr.log")"
containers task rm -f first
containers container rm first
"$kubelet" --config "$work/kubelet.yaml" --root-dir "$work/kubelet" --hostname-override node --v=2 </dev/null >"$work/kubelet.log" 2>&1 &
await $! python3 -c 'import urllib.request; urllib.request.urlopen("http://127.0.0.1:10255/pods", timeout=10)' ||
    skip "the kubelet does not start here: $(grep -aE '^[EF]|rror' "$work/kubelet.log" | tail -n 1)"

PYTHONPATH=$root/tests/support python3 "$root/tests/deploy/kubelet.py" "$work" "${1:-60}" | tee "$work/result" || true
conclude "$work/result"
