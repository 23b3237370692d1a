#!/usr/bin/env bash
# Builds the wheel for this machine's kind: one for every Python from 3.9, with libsidetok and the libraries that it needs inside.
# usage: bash client/python/wheel.sh [FOLDER]     where the wheel goes; default dist in the checkout's .cache
source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/setup.sh"
install_packages gcc libc6-dev pkg-config libnng-dev libmsgpack-dev python3 python3-venv ca-certificates
make_venv wheel "$root/client/python/wheel.txt"
out=${1:-$cache/dist}
plain=$(mktemp -d)
trap 'rm -rf "$plain"' EXIT
mkdir -p "$out"
"$cache/venv-wheel/bin/pip" wheel -q --disable-pip-version-check --no-deps --no-build-isolation -w "$plain" "$root/client/python" >&2
PATH=$cache/venv-wheel/bin:$PATH "$cache/venv-wheel/bin/auditwheel" repair --plat auto -w "$plain/whole" "$plain"/*.whl >&2
# there is no extension module in it: one wheel serves every version of Python
"$cache/venv-wheel/bin/wheel" tags --remove --python-tag py3 --abi-tag none "$plain/whole"/*.whl >/dev/null
cp "$plain/whole"/*.whl "$out"
ls "$out"/sidetok-*.whl
