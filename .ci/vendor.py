"""Makes sandbox/web/static/vendor again, from npm, byte for byte.

    python .ci/vendor.py [--check]

The pages have no build step: what they import lies in the repository as it comes from
npm, except that imports by a package's name become relative (a browser does not know
packages, and an import map would need a hole in the Content-Security-Policy), and that
the pointers to source maps, which are not here, are taken out.

Each package is fetched by name and version with ``npm pack``, and its integrity is held
to what vendor.json says; what lies in the folder is held to its own hashes by the tests.
``--check`` changes nothing, and fails where the folder is not what npm has.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

FOLDER = Path(__file__).parents[1] / "sandbox" / "web" / "static" / "vendor"
MANIFEST = FOLDER / "vendor.json"

PACKAGES = {
    "preact": ("11.2.0", {"preact.js": "dist/preact.mjs", "preact-hooks.js": "hooks/dist/hooks.mjs"}),
    "htm": ("3.1.1", {"htm.js": "dist/htm.mjs"}),
    "@preact/signals-core": ("1.14.5", {"signals-core.js": "dist/signals-core.mjs"}),
    "@preact/signals": ("2.11.4", {"signals.js": "dist/signals.mjs"}),
    "uplot": ("1.6.32", {"uplot.js": "dist/uPlot.esm.js", "uplot.css": "dist/uPlot.min.css"}),
    "@fontsource-variable/inter": (
        "5.3.0",
        {
            "inter-latin.woff2": "files/inter-latin-wght-normal.woff2",
            "inter-latin-ext.woff2": "files/inter-latin-ext-wght-normal.woff2",
            "inter-cyrillic.woff2": "files/inter-cyrillic-wght-normal.woff2",
        },
    ),
    "@fontsource-variable/jetbrains-mono": (
        "5.3.0",
        {"jetbrains-mono-latin.woff2": "files/jetbrains-mono-latin-wght-normal.woff2"},
    ),
}
NEIGHBOURS = {
    "preact": "./preact.js",
    "preact/hooks": "./preact-hooks.js",
    "@preact/signals-core": "./signals-core.js",
}


def digest(algorithm: str, data: bytes) -> str:
    """*data* as subresource integrity spells it."""
    return f"{algorithm}-{base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


def fetch(name: str, version: str, into: Path) -> bytes:
    """The package as npm has it."""
    command = ["npm", "pack", f"{name}@{version}", "--silent", "--pack-destination", str(into)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=into).stdout
    return (into / said.split()[-1]).read_bytes()


def adapt(data: bytes, name: str) -> bytes:
    """The file as a browser can load it from this folder."""
    if not name.endswith(".js"):
        return data
    text = data.decode()
    text = re.sub(r'(from ?)"(@?[a-z][a-z/-]*)"', lambda it: f'{it[1]}"{NEIGHBOURS[it[2]]}"', text)
    return re.sub(r"\n?//# sourceMappingURL=.*", "", text).encode()


def build(into: Path) -> None:
    """Write every file, and the manifest, into the folder *into*."""
    manifest = {}
    for name, (version, files) in PACKAGES.items():
        with TemporaryDirectory() as folder:
            tarball = fetch(name, version, Path(folder))
            (Path(folder) / "package.tgz").write_bytes(tarball)
            with tarfile.open(Path(folder) / "package.tgz") as archive:
                read = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
                inside = {path: stream.read() for path, stream in read.items() if stream is not None}
        about = json.loads(inside["package/package.json"])
        short = name.rpartition("/")[2] if "fontsource" in name else name.lstrip("@").replace("/", "-")
        listed = {}
        for target, source in {**files, f"LICENSE-{short}.txt": "LICENSE"}.items():
            data = adapt(inside[f"package/{source}"], target)
            (into / target).write_bytes(data)
            listed[target] = {"from": source, "integrity": digest("sha384", data)}
        manifest[name] = {
            "version": version,
            "license": about["license"],
            "integrity": digest("sha512", tarball),
            "files": listed,
        }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (into / "vendor.json").write_text(text, encoding="utf-8")


def main() -> int:
    """Make the folder, or look whether it is what npm has."""
    known = json.loads(MANIFEST.read_text(encoding="utf-8")) if MANIFEST.exists() else {}
    with TemporaryDirectory() as folder:
        made = Path(folder)
        build(made)
        fresh = json.loads((made / "vendor.json").read_text(encoding="utf-8"))
        for name, package in fresh.items():
            before = known.get(name)
            if before and before["version"] == package["version"] and before != package:
                print(f"{name} {package['version']} is not what it was when it was taken", file=sys.stderr)
                return 1
        contents = {path.name: path.read_bytes() for path in made.iterdir()}
    here = {path.name: path.read_bytes() for path in FOLDER.iterdir()} if FOLDER.exists() else {}
    if "--check" in sys.argv[1:]:
        wrong = sorted(name for name in here.keys() | contents.keys() if here.get(name) != contents.get(name))
        print("\n".join(f"{name} is not what npm has" for name in wrong) or "as npm has it")
        return bool(wrong)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in here.keys() - contents.keys():
        (FOLDER / name).unlink()
    for name, data in contents.items():
        (FOLDER / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
