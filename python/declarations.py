# SPDX-License-Identifier: MIT
"""Make the C source of the extension module from the public headers.

cffi takes declarations without comments and macros, so the headers go through the C
preprocessor, with everything that they include from the system left out: cffi knows those
types. The compiler then compares what cffi was told with the headers themselves.
"""

import argparse
import pathlib
import re
import subprocess
import tempfile

import cffi

CALLBACKS = """
extern "Python" bool _progress(void *arg, const jc_progress *progress);
extern "Python" void _note(void *arg, const char *message);
extern "Python" jc_status _next_text(void *arg, const char **text, size_t *length, jc_error *err);
extern "Python" jc_status _open_texts(void *arg, jc_samples **samples, jc_error *err);
extern "Python" void _close_texts(void *arg, jc_samples *samples);
extern "Python" bool _token(void *arg, const jc_token *token);
void free(void *memory);
"""


def declarations(include: pathlib.Path, compiler: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder)
        for header in include.rglob("*.h"):
            text = re.sub(r"#include <(?!jumpcut).*>", "", header.read_text())
            to = copy / header.relative_to(include)
            to.parent.mkdir(exist_ok=True)
            to.write_text(text)
        command = [compiler, "-E", "-P", "-I", folder, "-D__attribute__(x)=", str(copy / "jumpcut.h")]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    # '= (-1)' of an enum, and tables of choices, whose length no declaration says
    text = re.sub(r"= \((-?\d+)\)", r"= \1", text)
    return re.sub(r"extern const char \w+\[\];", "", text)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", default="cc")
    parser.add_argument("--version", default="")
    parser.add_argument("include", type=pathlib.Path)
    parser.add_argument("out")
    args = parser.parse_args()

    header = (args.include / "jumpcut" / "version.h").read_text()
    version = ".".join(re.findall(r"#define JC_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header))
    if args.version and args.version != version:
        raise SystemExit(f"pyproject.toml says version {args.version}, jumpcut/version.h {version}")

    builder = cffi.FFI()
    builder.cdef(declarations(args.include, args.compiler) + CALLBACKS)
    builder.set_source("jumpcut._jumpcut", "#include <stdlib.h>\n#include <jumpcut.h>\n", py_limited_api=True)
    builder.emit_c_code(args.out)


if __name__ == "__main__":
    main()
