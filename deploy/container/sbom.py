"""SPDX 2.3 of the image, by what dpkg says of the files in it; copies each package's copyright notice into the image.

usage: sbom.py FILE-WITH-PATHS IMAGE none|baked
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

paths, image, models = Path(sys.argv[1]).read_text().split(), Path(sys.argv[2]), sys.argv[3]
EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
VERSION = re.search(r"version: '([^']+)'", Path("/src/meson.build").read_text()).group(1)


def owner(path):
    """The package that has brought a file; packages may know it by its place before /usr was merged."""
    for name in (path, path.removeprefix("/usr")):
        done = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True)
        if done.returncode == 0:
            return done.stdout.split(": ")[0].split(",")[0]
    raise SystemExit(f"no package has brought {path}")


def describe(package):
    form = "${binary:Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\t${Homepage}"
    name, version, architecture, source, source_version, homepage = subprocess.run(
        ["dpkg-query", "-W", "-f", form, package], capture_output=True, text=True, check=True).stdout.split("\t")
    name = name.split(":")[0]
    notice = Path("/usr/share/doc") / name / "copyright"
    target = image / "usr/share/doc" / name / "copyright"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(notice, target)
    return {
        "SPDXID": "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name),
        "name": name, "versionInfo": version, "supplier": "Organization: Debian",
        "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION",
        "copyrightText": f"see /usr/share/doc/{name}/copyright in the image",
        **({"homepage": homepage} if homepage else {}),
        "sourceInfo": f"built from {source} {source_version}",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                          "referenceLocator": f"pkg:deb/debian/{name}@{version}?arch={architecture}&distro=debian-13"}],
    }


def model(path):
    return {
        "SPDXID": "SPDXRef-model-" + re.sub(r"[^A-Za-z0-9.-]", "-", path.name),
        "name": path.name, "supplier": "Organization: Mistral AI", "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
        "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0", "copyrightText": "Mistral AI",
        "checksums": [{"algorithm": "SHA256", "checksumValue": hashlib.sha256(path.read_bytes()).hexdigest()}],
    }


packages = [describe(package) for package in sorted({owner(path) for path in paths})]
if models == "baked":
    packages += [model(path) for path in sorted((image / "usr/share/sidetok/models").iterdir())]
own = {
    "SPDXID": "SPDXRef-sidetok", "name": "sidetok", "versionInfo": VERSION, "supplier": "NOASSERTION", "downloadLocation": "NOASSERTION",
    "filesAnalyzed": False, "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0", "copyrightText": "the sidetok authors",
}
digest = hashlib.sha256(json.dumps(packages, sort_keys=True).encode()).hexdigest()
json.dump({
    "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"sidetok-{VERSION}",
    "documentNamespace": f"urn:sidetok:sbom:{VERSION}:{digest}",
    "creationInfo": {"created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(EPOCH)), "creators": ["Tool: sidetok-deploy-container-sbom"]},
    "packages": [own, *packages],
    "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-sidetok"}] +
                     [{"spdxElementId": "SPDXRef-sidetok", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": package["SPDXID"]} for package in packages],
}, sys.stdout, indent=1)
