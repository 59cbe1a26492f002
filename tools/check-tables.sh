#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# check-tables.sh: a new entry of a table is one file and one line. In a scratch copy of the
# tree a dummy of every kind is added so, the program is built, and each dummy must be found
# where a user would look for it: in lists, help, options and messages.
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
git ls-files -co --exclude-standard -z | xargs -0 tar -c --ignore-failed-read 2>/dev/null | tar -x -C "$scratch"
cd "$scratch"

line() { # FILE MACRO ENTRY: one line more at the head of a list
    grep -q "^#define $2(X)" "$1" || { echo "$1 has no list $2"; exit 1; }
    sed -i "s/^#define $2(X).*/&\n    X($3) \\\\/" "$1"
}

sed 's/jc_arch_llama\b/jc_arch_dummy/; s/"llama"/"dummy"/g' src/model/arch/llama.c >src/model/arch/dummy.c
line src/model/archs.c ARCHS dummy

sed 's/jc_method_id/jc_method_dummy/; s/.name = "id",/.name = "dummy",/' src/fit/method_id.c >src/fit/method_dummy.c
line src/fit/methods.c METHODS 'dummy, "dummy"'

sed 's/jc_form_identity/jc_form_dummy/; s/"identity"/"dummy"/' src/shortcut/form_identity.c \
    >src/shortcut/form_dummy.c
line src/shortcut/forms.c FORMS dummy

cat >src/eval/metric_dummy.c <<'END'
/* SPDX-License-Identifier: MIT */
/* metric_dummy.c: nothing. */
#include "eval/run.h"

static jc_status begin(void **state, const jc_eval_run *run, jc_error *err)
{
    (void)run;
    (void)err;
    *state = NULL;
    return JC_OK;
}

static jc_status add(void *state, const jc_eval_run *run, const jc_eval_batch *batch,
                     jc_error *err)
{
    (void)state;
    (void)run;
    (void)batch;
    (void)err;
    return JC_OK;
}

static jc_status finish(void *state, const jc_eval_run *run, json_t *results, jc_error *err)
{
    (void)state;
    (void)run;
    (void)results;
    (void)err;
    return JC_OK;
}

static void release(void *state)
{
    (void)state;
}

const jc_metric jc_metric_dummy = {.info = {"dummy", "nothing"},
                                   .begin = begin,
                                   .add = add,
                                   .finish = finish,
                                   .release = release};
END
line src/eval/metrics.c METRICS dummy

sed 's/jc_lens_csv/jc_lens_dummy/; s/{"csv"/{"dummy"/' src/lens/view_csv.c >src/lens/view_dummy.c
line src/lens/views.c VIEWS dummy

sed 's/jc_command_list/jc_command_dummy/; s/\.name = "list"/.name = "dummy"/' src/cli/cmd_list.c \
    >src/cli/cmd_dummy.c
line src/cli/commands.c COMMANDS dummy

mkdir src/kernels/dummy
cat >src/kernels/dummy/dummy.c <<'END'
/* SPDX-License-Identifier: MIT */
/* dummy.c: memory and operations by what every backend on the CPU has. */
#include "kernels/backend.h"

static bool has(jc_precision precision)
{
    return precision == JC_PRECISION_F32;
}

const jc_backend jc_backend_dummy = {.name = "dummy",
                                       .about = "nothing",
                                       .has = has,
                                       JC_HOST_OPERATIONS};
END
line src/kernels/backends.c BACKENDS dummy

sed 's/jc_drafter_ngram/jc_drafter_dummy/; s/"ngram"/"dummy"/' src/generate/draft_ngram.c \
    >src/generate/draft_dummy.c
line src/generate/drafters.c DRAFTERS dummy

sed 's/jc_gate_max/jc_gate_dummy/; s/"max"/"dummy"/' src/generate/gate_max.c >src/generate/gate_dummy.c
line src/generate/gates.c GATES dummy

sed 's/jc_fill_copy/jc_fill_dummy/; s/"copy"/"dummy"/' src/generate/fill_copy.c >src/generate/fill_dummy.c
line src/generate/fills.c FILLS dummy

sed 's/jc_codec_F32/jc_codec_DUMMY/; s/"F32"/"DUMMY"/; s/\.gguf = 0/.gguf = 9999/' src/tensor/f32.c \
    >src/tensor/dummy.c
line src/tensor/tensor.h JC_CODEC_LIST DUMMY

cmake --log-level=WARNING -G Ninja -S . -B build -DCMAKE_BUILD_TYPE=Debug -DBUILD_TESTING=OFF \
    -DCMAKE_C_FLAGS_DEBUG=-O0 >/dev/null
ninja -C build >build.log 2>&1 || { tail -n 30 build.log; exit 1; }

failed=0
shown() { # WHAT COMMAND...: the dummy is named in what the command prints
    local what=$1
    shift
    "$@" 2>&1 | grep -iw dummy >/dev/null || { echo "a new $what does not show in: ${*#build/}"; failed=1; }
}
shown architecture build/jumpcut list architectures
shown method build/jumpcut list methods
shown method build/jumpcut fit --help
shown metric build/jumpcut list metrics
shown view build/jumpcut lens --help
shown command build/jumpcut help
shown command build/jumpcut dummy --help
shown drafter build/jumpcut list drafters
shown gate build/jumpcut list gates
shown fill build/jumpcut list fills
shown backend build/jumpcut list backends
shown form build/jumpcut list forms
shown backend build/jumpcut fit --help
exit $failed
