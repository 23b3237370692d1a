"""What the packages and the image are made of follows the build."""

import re

from tap import ROOT, run

RARE = {"libavif-dev", "libopenjp2-7-dev"}  # the image leaves these formats out


def text(path):
    return (ROOT / path).read_text()


def libraries():
    """What a build links, by the set-up script."""
    listed = re.search(r"^build_packages=\((.*?)\)", text("deploy/setup.sh"), re.M | re.S).group(1).split()
    # Debian's own name for whichever JPEG library it has
    return {"libjpeg-dev" if name.startswith("libjpeg") else name for name in listed if re.fullmatch(r"(lib|zlib).*-dev", name)} - {"libc6-dev"}


def test_the_packages_build_with_every_library():
    control = text("deploy/debian/control").split("\n\n")[0]
    missing = {name for name in libraries() if f" {name},\n" not in control}
    assert not missing, missing


def test_the_image_builds_with_every_library_but_the_rare_formats_and_systemd():
    for path in ("deploy/container/Containerfile", "deploy/container/build.sh"):
        missing = {name for name in libraries() - RARE - {"libsystemd-dev"} if not re.search(rf"[ ,]{name}[ ,;]", text(path))}
        assert not missing, (path, missing)


def test_the_symbols_of_the_package_are_those_of_the_library():
    exported = re.findall(r"^    (sidetok_\w+);", text("client/sidetok.sym"), re.M)
    assert sorted(exported) == sorted(re.findall(r"^ (sidetok_\w+)@Base ", text("deploy/debian/libsidetok0.symbols"), re.M))


def test_versions_agree():
    version = re.search(r"version: '([^']+)'", text("meson.build")).group(1)
    assert re.match(rf"sidetok \({re.escape(version)}\) ", text("deploy/debian/changelog"))
    soversion = re.search(r"soversion: '(\d+)'", text("client/meson.build")).group(1)
    assert f"Package: libsidetok{soversion}\n" in text("deploy/debian/control")


run(globals())
