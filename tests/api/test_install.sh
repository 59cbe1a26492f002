#!/bin/sh
# SPDX-License-Identifier: MIT
# test_install.sh BUILD SOURCE CC [CFLAG...]: what `make install` puts under a folder is
# enough to build and run a program, as strict C99, by pkg-config and by the CMake package; it
# can be moved, tells nothing of the machine that built it, and is removed by `make
# uninstall`. Cases are printed in cmocka's words, which tools/run-tests.sh counts.
set -u
build=$(realpath "$1") source=$(realpath "$2") cc=$3
shift 3
temp=$(mktemp -d) || exit 1
manifest=$build/install_manifest.txt # of the user's own `make install`: put back at the end
[ ! -e "$manifest" ] || cp "$manifest" "$temp/manifest"
trap '[ ! -e "$temp/manifest" ] || cp "$temp/manifest" "$manifest"; rm -rf "$temp"' EXIT
failed=0

case_() { # NAME COMMAND...
    name=$1
    shift
    if "$@" >"$temp/out" 2>&1; then
        echo "[       OK ] $name"
    else
        cat "$temp/out"
        echo "[  FAILED  ] $name"
        failed=$((failed + 1))
    fi
}

install_tree() {
    # a stage with a prefix that is not the one that was configured
    DESTDIR=$temp/stage cmake --install "$build" --prefix /opt/jumpcut || return 1
    prefix=$temp/stage/opt/jumpcut
    PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name jumpcut.pc)")
    export PKG_CONFIG_PATH
    [ "$(pkg-config --variable=prefix jumpcut | xargs realpath)" = "$prefix" ]
}

installed_files() {
    for file in include/jumpcut.h include/jumpcut/model.h share/jumpcut/demo/config.json \
        share/jumpcut/demo/model.safetensors bin/jumpcut share/man/man1/jumpcut.1 \
        share/man/man1/jumpcut-fit.1 share/man/man3/jumpcut-model.3 share/man/man3/jc_fit.3 \
        share/bash-completion/completions/jumpcut share/zsh/site-functions/_jumpcut \
        share/fish/vendor_completions.d/jumpcut.fish \
        share/doc/jumpcut/README.md share/doc/jumpcut/examples/quickstart.c; do
        [ -s "$prefix/$file" ] || { echo "'$file' is not installed"; return 1; }
    done
    if find "$prefix/include" -type f ! -name '*.h' | grep .; then
        return 1
    fi
}

# The shared library is found under its SONAME.
shared() {
    libdir=$(pkg-config --variable=libdir jumpcut)
    [ -e "$libdir/libjumpcut.so.0" ] || return 1
    "$cc" "$@" -std=c99 -Wall -Wextra -Werror -pedantic "$source/examples/quickstart.c" \
        $(pkg-config --cflags --libs jumpcut) -o "$temp/shared" || return 1
    LD_LIBRARY_PATH=$libdir ldd "$temp/shared" | grep -q 'libjumpcut.so.0 => /' || return 1
    LD_LIBRARY_PATH=$libdir run "$temp/shared"
}

# jumpcut.pc asks for nothing but the library and its headers.
plain_flags() {
    pkg-config --static --cflags --libs jumpcut | xargs -n 1 | tee "$temp/flags"
    [ "$(sed 's|/.*||' "$temp/flags" | xargs)" = "-I -L -ljumpcut" ]
}

cmake_package() {
    mkdir "$temp/project" || return 1
    cat >"$temp/project/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.25)
project(user C)
find_package(jumpcut 0.1 REQUIRED)
add_executable(user $source/examples/quickstart.c)
target_link_libraries(user PRIVATE jumpcut::jumpcut)
END
    cmake -S "$temp/project" -B "$temp/project/build" -DCMAKE_PREFIX_PATH="$prefix" \
        -DCMAKE_C_COMPILER="$cc" -DCMAKE_C_FLAGS="$*" &&
        cmake --build "$temp/project/build" && run "$temp/project/build/user"
}

# Every symbol is of the ABI's version, and none is exported by accident.
symbols() {
    nm -D --defined-only "$libdir/libjumpcut.so.0" | awk '{ print $3 }' >"$temp/symbols"
    grep -q '^jc_model_open@@JUMPCUT_0$' "$temp/symbols" || return 1
    ! grep -Ev '^(jc_[a-z0-9_]+@@)?JUMPCUT_0$' "$temp/symbols"
}

# Fits on a few sentences, saves, and says something at each of the 13 taps.
run() {
    "$1" "$prefix/share/jumpcut/demo" "$source/examples/sentences.txt" \
        "$temp/maps.safetensors" "The town lies on the" >"$temp/said" || return 1
    cat "$temp/said"
    [ -s "$temp/maps.safetensors" ] && [ "$(grep -c '^layer' "$temp/said")" -eq 13 ]
}

# The program finds the demo model from where it lies, and no file tells where it was built.
moved() {
    mv "$prefix" "$temp/elsewhere" && mkdir "$temp/empty" || return 1
    (cd "$temp/empty" && "$temp/elsewhere/bin/jumpcut" inspect demo) | tee "$temp/said"
    grep -q "^model *$temp/elsewhere/share/jumpcut/demo" "$temp/said" || return 1
    if grep -rlF -e "$build" -e "$source" "$temp/elsewhere"; then
        return 1
    fi
    mv "$temp/elsewhere" "$prefix"
}

# The other examples, by the shared library.
examples() {
    for example in early_exit probe; do
        "$cc" "$@" -std=c99 -Wall -Wextra -Werror -pedantic "$source/examples/$example.c" \
            $(pkg-config --cflags --libs jumpcut) -lm -o "$temp/$example" || return 1
    done
    demo=$prefix/share/jumpcut/demo
    LD_LIBRARY_PATH=$libdir "$temp/early_exit" "$demo" "$temp/maps.safetensors" 0.2 \
        "It is a member of the" | tee "$temp/said"
    [ "$(grep -c '^position' "$temp/said")" -eq 6 ] || return 1
    LD_LIBRARY_PATH=$libdir "$temp/probe" "$demo" "$source/examples/sentences.txt" |
        tee "$temp/said"
    grep -q '^640 positions, 447 before a new word$' "$temp/said" &&
        [ "$(grep -c '^layer' "$temp/said")" -eq 13 ]
}

wrong_model() {
    LD_LIBRARY_PATH=$libdir "$temp/shared" "$temp/none" "$source/examples/sentences.txt" \
        "$temp/never.safetensors" "The" 2>"$temp/said"
    [ $? -eq 1 ] && grep -q "$temp/none" "$temp/said" && [ ! -e "$temp/never.safetensors" ]
}

uninstalled() {
    DESTDIR=$temp/stage cmake -D BUILD="$build" -P "$source/cmake/JcUninstall.cmake" || return 1
    ! find "$temp/stage" ! -type d -o -path "*/share/jumpcut*" | grep .
}

case_ test_install__goes_where_destdir_and_prefix_say install_tree
case_ test_install__brings_headers_program_man_page_and_demo_model installed_files
case_ test_install__quickstart_links_with_the_shared_library_by_pkg_config shared "$@"
case_ test_install__examples_run examples "$@"
case_ test_install__pkg_config_brings_no_foreign_flags plain_flags
case_ test_install__quickstart_links_by_the_cmake_package cmake_package "$@"
case_ test_install__symbols_have_the_version_of_the_abi symbols
case_ test_install__what_is_moved_finds_its_model_and_holds_no_path_of_the_build moved
case_ test_install__a_missing_model_is_a_message_and_status_one wrong_model
case_ test_install__uninstall_removes_what_was_installed uninstalled
exit $((failed > 0))
