# SPDX-License-Identifier: MIT
"""What a wheel brings along."""

import importlib.metadata
import pathlib
import subprocess
import sys

import pytest

import jumpcut

PACKAGE = pathlib.Path(jumpcut.__file__).parent
LIBRARIES = sorted(PACKAGE.with_name("jumpcut.libs").glob("*"))


def licences():
    files = importlib.metadata.files("jumpcut")
    return {f.name: f.read_text() for f in files if "licenses" in f.parts}


def test_the_licence_is_there():
    assert "jumpcut authors" in licences()["LICENSE"]


@pytest.mark.skipif(not LIBRARIES, reason="the package was not installed from a wheel of `make wheel`")
def test_each_library_inside_has_its_licence_and_its_source():
    texts = licences()
    told = dict(row.split(": ", 1) for row in texts["README"].splitlines() if ", source " in row)
    assert sorted(told) == [library.name for library in LIBRARIES]
    for row in told.values():
        text, source = row.split(", source ")
        assert "icense" in texts[text] and len(source.split()) == 2
    assert "Apache License" in texts["Apache-2.0.txt"] and "GNU GENERAL PUBLIC LICENSE" in texts["GPL-3.txt"]


def test_one_openblas_and_one_openmp_of_ours():
    """numpy brings an OpenBLAS of its own, whose symbols have other names."""
    code = """
import jumpcut
jumpcut.fit(jumpcut.Model("demo"), ["The town lies on the river"] * 3, method="ridge")
names = {line.split("/")[-1].strip() for line in open("/proc/self/maps") if "/" in line}
print(*sorted(n for n in names if "blas" in n.lower() or "lapack" in n or "gomp" in n or "atlas" in n))
"""
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, capture_output=True, text=True)
    ours = [n for n in run.stdout.split() if not n.startswith("libscipy_openblas")]
    assert len([n for n in ours if "gomp" in n]) == 1
    assert len([n for n in ours if "gomp" not in n]) == 1
