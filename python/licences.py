# SPDX-License-Identifier: MIT
"""licences.py WHEEL EXTENSION: add to a wheel that auditwheel made the licences of the libraries
which it put inside, as Debian's packages of them have these, and where their sources are.

EXTENSION is the module as it was before: its libraries are those of the system, so dpkg knows
of which package each is.
"""

import base64
import hashlib
import pathlib
import re
import subprocess
import sys
import zipfile

DOC = pathlib.Path("/usr/share/doc")
COMMON = pathlib.Path("/usr/share/common-licenses")
README = """The libraries in jumpcut.libs are those of Debian's packages below, but for their names and
the paths in them. Their sources are at https://snapshot.debian.org/package/SOURCE/VERSION/, or
by `apt-get source SOURCE=VERSION`.

"""


def output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def libraries(extension: str) -> dict[str, pathlib.Path]:
    """The files that it is linked with, by name."""
    paths = re.findall(r"=> (/\S+)", output("ldd", extension))
    return {p.name: p for p in (pathlib.Path(path).resolve() for path in paths)}


def package_of(path: pathlib.Path) -> str:
    for known in (path, pathlib.Path("/") / path.relative_to("/usr")):  # before /usr was merged
        found = subprocess.run(["dpkg-query", "-S", known], capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.split(":")[0]
    raise SystemExit(f"licences: no package has '{path}', so its licence is not known")


def texts(inside: list[str], system: dict[str, pathlib.Path]) -> dict[str, bytes]:
    """Files of the folder of licences, for libraries such as "libdnnl-a4f9d805.so.2.6"."""
    rows, files = [], {}
    for name in sorted(inside):
        package = package_of(system[re.sub(r"-[0-9a-f]{8}(?=\.)", "", name, count=1)])
        files[f"{package}.txt"] = text = (DOC / package / "copyright").read_bytes()
        for common in set(re.findall(rb"/usr/share/common-licenses/([\w.+-]*\w)", text)):
            files[common.decode() + ".txt"] = (COMMON / common.decode()).read_bytes()
        source = output("dpkg-query", "-W", "-f", "${source:Package} ${source:Version}\n", package).splitlines()[0]
        rows.append(f"{name}: {package}.txt, source {source}\n")
    files["README"] = (README + "".join(rows)).encode()
    return files


def add(wheel: pathlib.Path, folder: str, files: dict[str, bytes]) -> None:
    """Write the wheel anew, with these files listed in its RECORD."""
    part = wheel.with_suffix(".part")
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as new:
        record = next(n for n in old.namelist() if n.endswith(".dist-info/RECORD"))
        lines = old.read(record).decode()
        for name in old.namelist():
            if name != record:
                new.writestr(old.getinfo(name), old.read(name))
        for name, data in files.items():
            path = f"{record.rsplit('/', 1)[0]}/licenses/{folder}/{name}"
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            new.writestr(path, data)
            lines += f"{path},sha256={digest},{len(data)}\n"
        new.writestr(old.getinfo(record), lines)
    part.replace(wheel)


def main(wheel: str, extension: str) -> None:
    with zipfile.ZipFile(wheel) as z:
        inside = [n.split("/")[1] for n in z.namelist() if re.match(r"jumpcut\.libs/.", n)]
    files = texts(inside, libraries(extension))
    add(pathlib.Path(wheel), "libraries", files)
    print(f"licences: {len(files)} files for {len(inside)} libraries")


if __name__ == "__main__":
    main(*sys.argv[1:])
