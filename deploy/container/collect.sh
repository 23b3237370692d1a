#!/bin/sh
# Runs in the build stage: gathers what the image is made of, with the copyright notice of every package that it comes from.
# usage: collect.sh BUILD IMAGE none|baked
set -eu
build=$1 image=$2 models=$3
here=$(dirname "$0")

mkdir -p "$image/usr/sbin" "$image/usr/bin" "$image/etc" "$image/usr/share/sidetok" "$image/models" "$image/run/sidetok" "$image/tmp"
install -s -m 755 "$build/sidecar/sidetokd" "$image/usr/sbin/sidetokd"
install -s -m 755 "$build/sidecar/cli/sidetok" "$image/usr/bin/sidetok"
for folder in bin sbin lib lib64; do
    [ ! -L "/$folder" ] || ln -s "usr/$folder" "$image/$folder"
done
install -m 755 "$(readlink -f /bin/sh)" "$image/usr/bin/sh"

# every library that one of the programs loads, under the name by which it is asked for
ldd "$image/usr/sbin/sidetokd" "$image/usr/bin/sidetok" "$image/usr/bin/sh" |
    sed -n 's|.* => \(/[^ ]*\) .*|\1|p; s|^[[:space:]]*\(/lib[^ ]*\) (.*|\1|p' | sort -u |
    while read -r library; do
        mkdir -p "$image$(dirname "$(readlink -f "$(dirname "$library")")/x")"
        install -m 755 "$library" "$image$(readlink -f "$(dirname "$library")")/$(basename "$library")"
        readlink -f "$library"
    done >/tmp/files
readlink -f /bin/sh >>/tmp/files

printf 'root:x:0:0::/:/bin/sh\nsidetok:x:65532:65532::/run/sidetok:/bin/sh\n' >"$image/etc/passwd"
printf 'root:x:0:\nsidetok:x:65532:\n' >"$image/etc/group"
# clients of another user connect by the group; a volume that is mounted here takes owner and mode over, where it does so at all
chown 65532:65532 "$image/run/sidetok"
chmod 2770 "$image/run/sidetok"
chmod 1777 "$image/tmp"

if [ "$models" = baked ]; then
    mkdir "$image/usr/share/sidetok/models"
    cp /models/* "$image/usr/share/sidetok/models"
fi
install -D -m 644 /src/LICENSE "$image/usr/share/doc/sidetok/copyright"
python3 "$here/sbom.py" /tmp/files "$image" "$models" >"$image/usr/share/sidetok/sbom.spdx.json"
find "$image" -newermt "@${SOURCE_DATE_EPOCH:-0}" -exec touch -h -d "@${SOURCE_DATE_EPOCH:-0}" {} +
