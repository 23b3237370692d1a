#!/usr/bin/env bash
# Builds the Debian packages sidetokd, sidetok, libsidetok0, libsidetok-dev and sidetok-models by debhelper, and looks at them with
# lintian. Debian 12 and 13.
#
# usage: bash deploy/deb.sh [FOLDER]      default: build-deb
#
# Environment: DEBFULLNAME and DEBEMAIL, who hands the packages on and answers for them. Without both, the maintainer is the authors
# at an address below .invalid (RFC 2606), which nobody can have: packages for one's own machines.

source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

out=$(realpath -m "${1:-$root/build-deb}")
# where pkg-config finds systemd.pc
systemd_pc=$(. /etc/os-release && [ "${VERSION_ID:-13}" -le 12 ] && echo systemd || echo systemd-dev)
install_packages "${build_packages[@]}" build-essential debhelper dpkg-dev fakeroot git libjpeg-dev lintian "$systemd_pc"
fetch_models

# The tree as it is, without what is not the project's; debian/ stands at its top there, and here in deploy/.
version=$(dpkg-parsechangelog -l "$root/deploy/debian/changelog" -S Version)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/sidetok-$version
mkdir -p "$tree"
(cd "$root" && git ls-files -z --cached --others --exclude-standard | while IFS= read -rd '' file; do
    [ ! -e "$file" ] || printf '%s\0' "$file"
done | tar -c --null -T -) | tar -x -C "$tree"
mv "$tree/deploy/debian" "$tree/debian"
if [ -n "${DEBFULLNAME:-}" ] && [ -n "${DEBEMAIL:-}" ]; then
    own=$(sed -n 's/^Maintainer: //p' "$tree/debian/control")
    own="$own" whom="$DEBFULLNAME <$DEBEMAIL>" perl -pi -e 's/\Q$ENV{own}\E/$ENV{whom}/' "$tree/debian/control" "$tree/debian/changelog"
fi
mkdir "$tree/debian/models"
(cd "$cache/models" && cut -c67- "$root/deploy/models.sha256" | xargs cp -t "$tree/debian/models")

say "building packages of version $version"
mkdir -p "$out" "$cache/logs"
(cd "$tree" && DEB_BUILD_OPTIONS="parallel=$(nproc) ${DEB_BUILD_OPTIONS:-}" dpkg-buildpackage --no-sign >"$cache/logs/deb.log" 2>&1) || {
    tail -n 40 "$cache/logs/deb.log" >&2
    fail "the packages did not build; the whole log is $cache/logs/deb.log"
}
rm -f "$out"/*.deb "$out"/sidetok_*
find "$work" -maxdepth 1 -type f -exec cp -t "$out" {} +
say "lintian"
as_user=()
[ "$(id -u)" != 0 ] || as_user=(--allow-root)
lintian "${as_user[@]}" --fail-on error,warning --display-info --tag-display-limit 0 --show-overrides "$out"/*.changes
ls -l "$out"/*.deb
