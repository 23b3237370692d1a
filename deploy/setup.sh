# Shared by deploy/quickstart.sh, tests/run.sh and the benches: packages, model files, builds. To be sourced.
# Everything fetched lands in .cache/ of the checkout (or $SIDETOK_CACHE) and is checked before use.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${SIDETOK_CACHE:-$root/.cache}
wheel_version=1.13.1

say() { printf '== %s\n' "$*" >&2; }

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        fail "need root or sudo to run: $*"
    fi
}

# Installs the Debian packages that are missing; silent and offline when there are none.
install_packages() {
    local missing=() package
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] && return
    command -v apt-get >/dev/null 2>&1 || fail "apt-get not found; install by hand: ${missing[*]}"
    say "installing ${missing[*]}"
    mkdir -p "$cache"
    {
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update &&
            as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}"
    } >"$cache/apt.log" 2>&1 || {
        tail -n 20 "$cache/apt.log" >&2
        fail "could not install ${missing[*]}"
    }
}

build_packages=(gcc libc6-dev meson ninja-build pkg-config libnng-dev libmsgpack-dev libsystemd-dev
    zlib1g-dev libjpeg62-turbo-dev libwebp-dev libtiff-dev libavif-dev libopenjp2-7-dev libsndfile1-dev python3 python3-venv ca-certificates)

# A private venv whose content is the requirements file; made anew when that file changes.
# usage: make_venv NAME REQUIREMENTS
make_venv() {
    local venv=$cache/venv-$1 stamp
    stamp=$(sha256sum <"$2")$(python3 --version)
    if [ "$(cat "$venv/stamp" 2>/dev/null)" != "$stamp" ]; then
        say "installing Python packages of ${2#"$root"/}"
        rm -rf "$venv"
        python3 -m venv "$venv"
        "$venv/bin/pip" install -q --disable-pip-version-check -r "$2" >&2
        printf '%s' "$stamp" >"$venv/stamp"
    fi
}

models_ok() {
    (cd "$cache/models" 2>/dev/null && sha256sum --status --check "$root/deploy/models.sha256" 2>/dev/null)
}

# The model files of the pinned wheel into .cache/models: wheel and files both checked by SHA-256.
fetch_models() {
    models_ok && return
    say "fetching the model files of mistral-common $wheel_version"
    mkdir -p "$cache/wheel"
    [ -x "$cache/venv-fetch/bin/pip" ] || python3 -m venv "$cache/venv-fetch"
    "$cache/venv-fetch/bin/pip" download -q --disable-pip-version-check --no-deps --only-binary :all: \
        --require-hashes -r "$root/deploy/models.txt" -d "$cache/wheel" >&2
    rm -rf "$cache/models.new"
    python3 - "$cache/wheel/mistral_common-$wheel_version-py3-none-any.whl" "$cache/models.new" <<'PYTHON'
import pathlib, sys, zipfile
out = pathlib.Path(sys.argv[2])
out.mkdir(parents=True)
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for name in wheel.namelist():
        if name.startswith("mistral_common/data/") and not name.endswith("/"):
            (out / pathlib.PurePosixPath(name).name).write_bytes(wheel.read(name))
PYTHON
    rm -rf "$cache/models"
    mv "$cache/models.new" "$cache/models"
    models_ok || fail "the model files do not match deploy/models.sha256"
}

# Configures and compiles; quick when nothing changed. usage: [build_target=TARGET] build_tree DIR [MESON OPTIONS...]
build_tree() {
    local dir=$1 log=$cache/logs/$(basename "$1").log
    shift
    mkdir -p "$cache/logs"
    [ -f "$dir/build.ninja" ] || meson setup "$dir" "$root" "$@" >"$log" 2>&1 || {
        cat "$log" >&2
        fail "meson setup failed"
    }
    meson compile -C "$dir" ${build_target:+"$build_target"} >"$log" 2>&1 || {
        grep -E 'error:|warning:|FAILED' "$log" | head -n 20 >&2
        fail "the build failed; the whole log is $log"
    }
}

# What measures the Python package against the daemon needs. Sets python and build, those of SIDETOK_PYTHON and SIDETOK_BUILD where they are
# given, and points the package at that build's library.
prepare_python_bench() {
    install_packages "${build_packages[@]}"
    fetch_models
    [ -n "${SIDETOK_PYTHON:-}" ] || make_venv reference "$root/tests/requirements.txt"
    python=${SIDETOK_PYTHON:-$cache/venv-reference/bin/python}
    build=${SIDETOK_BUILD:-$root/build}
    [ -n "${SIDETOK_BUILD:-}" ] || build_tree "$build"
    export SIDETOK_LIBRARY=$build/client/libsidetok.so.0 PYTHONPATH=$root/client/python PYTHONDONTWRITEBYTECODE=1
}
