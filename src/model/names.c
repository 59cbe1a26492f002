/* SPDX-License-Identifier: MIT */
/*
 * names.c: names as files spell them.
 *
 * A row's name may have the architecture's prefix before it, as files of the whole model
 * have and files of its body alone have not. Programs that wrap a model put more before:
 * torch.compile "_orig_mod.", a multimodal model "language_model.".
 */
#include "model/names.h"

#include <stdio.h>
#include <string.h>

static const char *const wrappers[] = {
    "_orig_mod.",            /* torch.compile */
    "module.",               /* DataParallel, DeepSpeed */
    "_fsdp_wrapped_module.", /* FSDP */
    "base_model.model.",     /* peft */
    "base_model.",
    "language_model.", /* the text part of a multimodal model */
    "text_model.",
    "thinker.",    /* Qwen Omni */
    "nomic_bert.", /* as transformers saves what was published as "bert." */
    "llm.",
    "backbone.",
    "auto_model.",
    "0.auto_model.", /* sentence-transformers */
    "model.",        /* a LightningModule */
};

enum { BEFORE = 4 }; /* prefixes that are tried */

/* The i-th of what may stand before a name. */
static const char *before(const jc_model *model, size_t i, size_t *length)
{
    const char *wrapper = model->wrapper, *prefix = model->prefix;
    size_t n = strlen(wrapper), n_prefix = strlen(prefix);
    bool inside = n >= n_prefix && strcmp(wrapper + n - n_prefix, prefix) == 0;

    *length = 0;
    if (i == 0)
        return "";
    if (i == 1) {
        *length = n_prefix;
        return prefix;
    }
    /* the head stands beside the body, whose prefix ends the wrapper */
    *length = i == 2 || !inside ? n : n - n_prefix;
    return wrapper;
}

/* The i-th of "a|b|c" in `out`; false past the last. */
static bool choice(const char *names, size_t i, char *out)
{
    for (; i > 0; i--) {
        names += strcspn(names, "|");
        if (!*names)
            return false;
        names++;
    }
    size_t n = strcspn(names, "|");
    memcpy(out, names, n);
    out[n] = 0;
    return true;
}

bool jc_names_next(jc_names_of *names, const jc_model *model)
{
    char format[JC_NAME], plain[JC_NAME];
    size_t n;
    size_t some = model->wrapper[0] ? BEFORE : 2;
    const char *stem = before(model, names->turn % some, &n);

    if (!choice(names->row->name, names->turn / some, format))
        return false;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the format is a row of a table */
    snprintf(plain, sizeof plain, format, names->block, names->expert);
#pragma GCC diagnostic pop
    names->turn++;
    return snprintf(names->name, sizeof names->name, "%.*s%s", (int)n, stem, plain) > 0;
}

const jc_tensor *jc_names_seek(const jc_model *model, const jc_weight_row *row,
                               uint32_t block, uint32_t expert)
{
    jc_names_of names = {.row = row, .block = block, .expert = expert};
    const jc_tensor *tensor = NULL;

    while (!tensor && jc_names_next(&names, model))
        tensor = jc_store_find(model->store, names.name);
    return tensor;
}

/* Whether text[0..n) is made of known wrappers and the architecture's prefix. */
static bool known(const jc_model *model, const char *text, size_t n)
{
    while (n > 0) {
        size_t step = strlen(model->prefix);
        if (step == 0 || step > n || memcmp(text, model->prefix, step) != 0)
            step = 0;
        for (size_t i = 0; i < JC_COUNT(wrappers) && step == 0; i++) {
            size_t length = strlen(wrappers[i]);
            if (length <= n && memcmp(text, wrappers[i], length) == 0)
                step = length;
        }
        if (step == 0)
            return false;
        text += step;
        n -= step;
    }
    return true;
}

void jc_names_choose(jc_model *model)
{
    size_t n = 0, forms = 0;
    bool together = false;
    uint32_t block = 0;

    while (block + 1 < model->hp.layers && !jc_hparams_sparse(&model->hp, block))
        block++;
    for (size_t i = 0; i < model->n_weights; i++) {
        const jc_weight_row *row = &model->weights[i];
        forms += row->id == JC_W_EXPERT_DOWN;
        if (row->id == JC_W_EXPERT_UP && row->shape[0] == JC_DIM_EXPERT_GATED)
            together = jc_names_seek(model, row, block, 0) != NULL;
    }
    if (forms < 2)
        return;
    for (size_t i = 0; i < model->n_weights; i++) {
        const jc_weight_row row = model->weights[i];
        bool expert = row.id == JC_W_EXPERT_UP || row.id == JC_W_EXPERT_DOWN;
        bool one = !strstr(row.name, "experts.%u");
        if (!expert || one == together)
            model->weights[n++] = row;
    }
    model->n_weights = n;
}

void jc_names_unwrap(jc_model *model)
{
    const jc_weight_row *tokens = model->weights;
    jc_names_of plain = {.row = tokens};

    model->wrapper[0] = 0;
    while (tokens->id != JC_W_TOKENS)
        plain.row = ++tokens;
    if (jc_store_gguf(model->store) || jc_names_seek(model, tokens, 0, 0) ||
        !jc_names_next(&plain, model))
        return;
    size_t end = strlen(plain.name);
    for (size_t i = 0; i < jc_store_count(model->store); i++) {
        const char *name = jc_store_at(model->store, i)->name;
        size_t n = strlen(name);
        if (n <= end || n - end >= sizeof model->wrapper ||
            strcmp(name + n - end, plain.name) != 0 || !known(model, name, n - end))
            continue;
        snprintf(model->wrapper, sizeof model->wrapper, "%.*s", (int)(n - end), name);
        return;
    }
}
