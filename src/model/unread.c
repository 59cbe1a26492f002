/* SPDX-License-Identifier: MIT */
/*
 * unread.c: tensors that a model's files have and its architecture does not read.
 *
 * Files of another model than their configuration says have them: more blocks, biases,
 * norms, scales. The model that is run is then not the one that was trained, so they are
 * named in a note. Scales of quantised weights are refused: without them the weights are
 * nothing. Buffers that old files carry, and heads for other tasks, do not matter.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "model/names.h"

enum { NAMED = 3 }; /* names in a note */

/* Last parts of names of buffers, which models compute themselves. */
static const char *const buffers[] = {
    "inv_freq",
    "masked_bias",
    "position_ids",
    "token_type_ids",
    "cos_cached",
    "sin_cached",
    "num_batches_tracked",
    "freqs_cis",
    "rope.freqs",
    "embed_positions.weights",
    "causal_mask",
    /* for activations and caches that are quantised, too, where the model is run so */
    "input_scale",
    "activation_scale",
    "k_scale",
    "v_scale",
    "q_scale",
    "output_scale",
    "input_zero_point",
    "input_global_scale",
    /* of GGUF, where the configuration has read them */
    "rope_freqs.weight",
    "rope_factors_long.weight",
    "rope_factors_short.weight",
    "attn_rot_embd.weight",
};

/* First parts, after all prefixes, of what is no language model. */
static const char *const heads[] = {
    "pooler.",
    "cls.weight", /* of GGUF, with what follows */
    "cls.bias",
    "cls.norm.",
    "cls.output.",
    "discriminator_predictions.",
    "mask_predictions.",
    "sop_classifier.",
    "cls.seq_relationship.",
    "score.",
    "classifier.",
    "qa_outputs.",
    "v_head.",
    "regression_head.",
    "value_head.",
    /* parts of multimodal models beside the text part */
    "vision_tower.",
    "vision_model.",
    "visual.",
    "multi_modal_projector.",
    "image_newline",
    "audio_tower.",
};

static bool ends(const char *name, const char *end)
{
    size_t n = strlen(name), n_end = strlen(end);

    return n >= n_end && strcmp(name + n - n_end, end) == 0 &&
           (n == n_end || name[n - n_end - 1] == '.');
}

static bool any_end(const char *name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (ends(name, list[i]))
            return true;
    return false;
}

/* Whether one of them begins the name, or a part of it that begins after a dot. */
static bool any_begin(const char *name, const char *const *list, size_t n)
{
    for (const char *at = name; *at; at += *at == '.') {
        for (size_t i = 0; i < n; i++)
            if (strncmp(at, list[i], strlen(list[i])) == 0)
                return true;
        at += strcspn(at, ".");
    }
    return false;
}

/* A causal mask, as GPT-2 and GPT-NeoX had them: [1, 1, positions, positions]. */
static bool is_mask(const jc_tensor *t)
{
    return ends(t->name, "bias") && t->n_dims == 4 && t->shape[0] == 1 && t->shape[1] == 1;
}

static bool harmless(const jc_tensor *t)
{
    return t->count == 0 || is_mask(t) || any_end(t->name, buffers, JC_COUNT(buffers)) ||
           any_begin(t->name, heads, JC_COUNT(heads));
}

static void mark_names(const jc_model *model, const jc_weight_row *row, uint32_t block,
                       uint32_t expert, bool *read)
{
    jc_names_of names = {.row = row, .block = block, .expert = expert};

    while (jc_names_next(&names, model)) {
        size_t place = jc_store_place(model->store, names.name);
        if (place < jc_store_count(model->store))
            read[place] = true;
    }
}

/* Mark every tensor that some row reads, by any of its names. */
static void mark(const jc_model *model, bool *read)
{
    for (size_t i = 0; i < model->n_weights; i++) {
        const jc_weight_row *row = &model->weights[i];
        for (uint32_t block = 0; block < jc_rows_blocks(model, row); block++)
            for (uint32_t e = 0; e < jc_rows_experts(model, row); e++)
                mark_names(model, row, block, e, read);
    }
}

/* Whether two names are the same but for their numbers. */
static bool alike(const char *a, const char *b)
{
    while (*a && *b) {
        bool digits = isdigit((unsigned char)*a) && isdigit((unsigned char)*b);
        if (!digits && *a != *b)
            return false;
        a += digits ? strspn(a, "0123456789") : 1;
        b += digits ? strspn(b, "0123456789") : 1;
    }
    return *a == *b;
}

/* Names of different kinds, as many as a note has room for. */
struct kinds {
    const char *name[NAMED];
    size_t n, tensors;
    bool more;
};

static void add(struct kinds *kinds, const char *name)
{
    kinds->tensors++;
    for (size_t i = 0; i < kinds->n; i++)
        if (alike(kinds->name[i], name))
            return;
    if (kinds->n < NAMED)
        kinds->name[kinds->n++] = name;
    else
        kinds->more = true;
}

static jc_status note(jc_model *model, const struct kinds *kinds, jc_error *err)
{
    char names[NAMED * 96] = "";

    for (size_t i = 0; i < kinds->n; i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s'%.80s'", i ? ", " : "",
                 kinds->name[i]);
    }
    bool one = kinds->tensors == 1;
    return jc_notes_add(
        &model->notes, err,
        "%zu tensor%s of '%s' %s not read by the architecture '%s': %s%s; if %s to the "
        "model, its states are not these",
        kinds->tensors, one ? "" : "s", model->path, one ? "is" : "are", model->arch->name,
        names, kinds->more || kinds->tensors > kinds->n ? ", ..." : "",
        one ? "it belongs" : "they belong");
}

static jc_status look(jc_model *model, const bool *read, jc_error *err)
{
    struct kinds kinds = {.n = 0};

    for (size_t i = 0; i < jc_store_count(model->store); i++) {
        const jc_tensor *t = jc_store_at(model->store, i);
        if (read[i])
            continue;
        if (jc_quantised_by(t->name))
            return jc_quantised_refuse(model, t->name, err);
        if (strstr(t->name, ".lora_A.") || strstr(t->name, ".lora_B."))
            return jc_fail(err, JC_E_UNSUPPORTED,
                           "'%s' has a tensor '%.200s' of an adapter (LoRA): merge it into "
                           "the weights first (merge_and_unload() of peft)",
                           model->path, t->name);
        if (!harmless(t))
            add(&kinds, t->name);
    }
    return kinds.tensors ? note(model, &kinds, err) : JC_OK;
}

jc_status jc_unread_check(jc_model *model, jc_error *err)
{
    bool *read = jc_alloc_array(jc_store_count(model->store), sizeof *read);

    if (!read)
        return jc_fail_nomem(err, "the names of tensors");
    mark(model, read);
    jc_status st = look(model, read, err);
    jc_free(read);
    return st;
}
