/* SPDX-License-Identifier: MIT */
/*
 * unfilled.c: weights that are zeros throughout.
 *
 * Some programs give a file its whole length before its bytes have come. What is missing
 * then reads as zeros, which are valid weights of every type. No training gives a matrix of
 * them, so a note says so; a model that was only initialised may have some.
 */
#include <string.h>

#include "model/model.h"

enum { PAGE = 4096, FEW_ROWS = 2 }; /* embeddings of two types of tokens may be zeros */

static bool is_zero(const jc_tensor *t)
{
    if (t->n_dims < 2 || t->bytes < PAGE || t->shape[0] <= FEW_ROWS || t->data[0])
        return false;
    return memcmp(t->data, t->data + 1, t->bytes - 1) == 0;
}

jc_status jc_unfilled_check(jc_model *model, jc_error *err)
{
    const char *first = NULL;
    size_t n = 0;

    for (size_t i = 0; i < jc_store_count(model->store); i++) {
        const jc_tensor *t = jc_store_at(model->store, i);
        if (!is_zero(t))
            continue;
        first = first ? first : t->name;
        n++;
    }
    if (n == 0)
        return JC_OK;
    return jc_notes_add(&model->notes, err,
                        "%zu matri%s of '%s' %s all zeros, %s'%.120s'; if the model was "
                        "trained, its download was not finished: download it again",
                        n, n == 1 ? "x" : "ces", model->path, n == 1 ? "is" : "are",
                        n == 1 ? "" : "the first ", first);
}
