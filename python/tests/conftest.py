# SPDX-License-Identifier: MIT
"""What the tests share: the demo model, a few sentences, the program, maps fitted once."""

import json
import os
import pathlib
import shutil
import subprocess

import numpy as np
import pytest

import jumpcut

SOURCE = pathlib.Path(__file__).parents[2]
DEMO = SOURCE / "data" / "demo"
SENTENCES = [s for s in (SOURCE / "examples" / "sentences.txt").read_text().split("\n") if s]


@pytest.fixture(scope="session")
def model():
    return jumpcut.Model(DEMO)


@pytest.fixture(scope="session")
def sentences():
    return SENTENCES


@pytest.fixture(scope="session")
def shortcut(model):
    return jumpcut.fit(model, SENTENCES, method="ridge", ridge=1e-2)


@pytest.fixture(scope="session")
def program():
    """Runs the program; JUMPCUT names another than that of the build folder."""
    path = os.environ.get("JUMPCUT") or shutil.which(SOURCE / "build" / "jumpcut")
    if not path:
        pytest.skip("the program is not built: build/jumpcut")

    def run(*args):
        return subprocess.run([path, *map(str, args)], check=True, capture_output=True, text=True).stdout

    return run


@pytest.fixture(scope="session")
def tensors():
    """Reads a safetensors file of float16, float32 and int64."""

    def read(path):
        data = pathlib.Path(path).read_bytes()
        n = int.from_bytes(data[:8], "little")
        types = {"F16": np.float16, "F32": np.float32, "I64": np.int64}
        return {
            name: np.frombuffer(data[8 + n :][slice(*t["data_offsets"])], types[t["dtype"]]).reshape(t["shape"])
            for name, t in json.loads(data[8 : 8 + n]).items()
            if name != "__metadata__" and t["dtype"] in types
        }

    return read
