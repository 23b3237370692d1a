#!/usr/bin/env bash
# Boots a Debian root with the packages of deploy/deb.sh in it under a real systemd, and runs tests/deploy/boot.py there: ready after
# boot, killed and back, reloaded under load, ended by the watchdog when stuck, drained on stop. Ends with `N passed, N failed`.
# Takes about two minutes. Where the machine forbids it, it says why and skips.
#
# usage: bash tests/deploy/nspawn.sh [--release bookworm|trixie] [FOLDER WITH PACKAGES]
#
# The default is the machine's own release. Without a folder the packages are built, and looked at by lintian, in that release: into
# build-deb for the machine's own, else in a root of it into build-deb-RELEASE.

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[ "$(id -u)" = 0 ] || skip "a root file system is made and booted by root"
install_packages mmdebstrap systemd-container
own=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
suite=$own
[ "${1:-}" != --release ] || { suite=$2 && shift 2; }
mkdir -p "$cache/logs"

# The system around the packages, made once for each release of Debian.
base=$cache/boot-$suite
if [ ! -e "$base/done" ]; then
    say "making a Debian $suite root"
    rm -rf "$base"
    mmdebstrap --mode=root --variant=minbase --include=systemd,systemd-sysv,dbus,python3 "$suite" "$base" >"$cache/logs/mmdebstrap.log" 2>&1 ||
        skip "mmdebstrap: $(tail -n 1 "$cache/logs/mmdebstrap.log")"
    touch "$base/done"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# deploy/deb.sh in a root of another release; the tree and the model files are bound into it, and read only.
build_in_a_root() {
    cp -a "$base" "$work/$suite-build"
    cp /etc/resolv.conf "$work/$suite-build/etc/resolv.conf"
    fetch_models
    mkdir -p "$work/$suite-build/src" "$work/$suite-build/cache/models" "$packages"
    systemd-nspawn -q --register=no --keep-unit -D "$work/$suite-build" --pipe --bind-ro="$root:/src" --bind-ro="$cache/models:/cache/models" \
        --bind="$packages:/out" --setenv=SIDETOK_CACHE=/cache --setenv=GIT_CONFIG_COUNT=1 --setenv=GIT_CONFIG_KEY_0=safe.directory \
        --setenv=GIT_CONFIG_VALUE_0=/src bash /src/deploy/deb.sh /out </dev/null
}
if [ $# -gt 0 ]; then
    packages=$(realpath "$1")
else
    build=(bash "$root/deploy/deb.sh")
    packages=$root/build-deb
    [ "$suite" = "$own" ] || { build=(build_in_a_root) && packages=$packages-$suite; }
    "${build[@]}" "$packages" >&2 || give_up "the packages build in $suite"
fi

boot=$work/root
cp -a "$base" "$boot"
mkdir -p "$boot/test/tests" "$boot/var/log/journal"
cp -r "$root/tests/support" "$root/tests/deploy" "$boot/test/tests"
cp "$packages"/{sidetokd,sidetok,sidetok-models,libsidetok0}_*.deb "$boot/test"
cp /etc/resolv.conf "$boot/etc/resolv.conf"
say "installing the packages"
systemd-nspawn -q --register=no --keep-unit -D "$boot" --pipe sh -c 'apt-get -qq update && apt-get -qq install -y /test/*.deb' \
    </dev/null >"$work/log" 2>&1 || skip "the packages do not install: $(tail -n 3 "$work/log" | tr '\n' ' ')"
cat >"$boot/etc/systemd/system/sidetok-test.service" <<'UNIT'
[Unit]
After=sidetokd.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'PYTHONPATH=/test/tests/support python3 /test/tests/deploy/boot.py >/test/result 2>&1; systemctl poweroff --no-block'
UNIT
ln -s ../sidetok-test.service "$boot/etc/systemd/system/multi-user.target.wants/"

say "booting it"
timeout 900 systemd-nspawn --register=no --keep-unit -D "$boot" --boot </dev/null >"$work/boot.log" 2>&1 || true
if ! grep -q '^1\.\.' "$boot/test/result" 2>/dev/null; then
    grep -q 'Reached target\|Started' "$work/boot.log" || skip "systemd does not boot here: $(grep -av '^$' "$work/boot.log" | tail -n 1)"
    tail -n 30 "$work/boot.log"
fi
cat "$boot/test/result"
! grep -q '^not ok' "$boot/test/result" || journalctl --no-pager -o cat -D "$boot/var/log/journal" -u sidetokd 2>/dev/null | tail -n 60
conclude "$boot/test/result"
