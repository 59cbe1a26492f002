/* SPDX-License-Identifier: MIT */
/* gguf_kind.c: GGUF files that are no language model, and keys of those that are which
 * nothing here reads. */
#include <stdio.h>
#include <string.h>

#include "store/gguf_config.h"

/* Values of general.type and general.architecture. */
static const struct {
    const char *key, *text, *what;
} kinds[] = {
    {"general.type", "adapter", "an adapter (LoRA); merge it into its model first"},
    {"general.type", "imatrix", "an importance matrix for quantising, not a model"},
    {"general.type", "mmproj",
     "the projector of images (mmproj) of a multimodal model; give the file of its text "
     "model"},
    {"general.architecture", "clip",
     "the projector of images (mmproj) of a multimodal model; give the file of its text "
     "model"},
    {"general.architecture", "controlvector", "a control vector, not a model"},
};

/* Keys that say nothing of the arithmetic, or are read by name elsewhere. */
static const char *const idle[] = {
    "vocab_size",
    "tensor_data_layout",
    "pooling_type",
    "token_type_count",
    "attention.causal",
    "attention.key_length",
    "attention.value_length",
    "attention.key_length_swa",
    "attention.value_length_swa",
    "rope.dimension_count",
    "rope.dimension_count_swa",
    "rope.dimension_sections",
    "rope.scale_linear",
    "rope.scaling.type",
    "rope.scaling.factor",
    "rope.scaling.finetuned",
    "rope.scaling.attn_factor",
    "rope.scaling.yarn_attn_factor",
};

enum { NAMED = 4 }; /* keys in a note */

static bool is(const jc_gguf *file, const char *key, const char *text)
{
    jc_gguf_text value;

    return jc_gguf_text_of(file, key, &value, NULL) == JC_OK && value.n == strlen(text) &&
           memcmp(value.text, text, value.n) == 0;
}

jc_status jc_made_check(jc_made *m)
{
    const char *path = jc_gguf_path(m->file);
    size_t tensors = 0;

    for (size_t i = 0; i < JC_COUNT(kinds); i++)
        if (is(m->file, kinds[i].key, kinds[i].text))
            return jc_fail(m->err, JC_E_UNSUPPORTED, "cannot open model '%s': it is %s",
                           path, kinds[i].what);
    for (size_t i = 0; i < m->n_files; i++)
        tensors += jc_gguf_count(m->files[i]);
    if (tensors == 0 && jc_gguf_get(m->file, "tokenizer.ggml.tokens"))
        return jc_fail(m->err, JC_E_UNSUPPORTED,
                       "cannot open model '%s': it has a vocabulary and no weights", path);
    return JC_OK;
}

/* Whether a value changes nothing: 0, 1, false, a text, a list. */
static bool neutral(const jc_gguf_value *v)
{
    if (v->array || v->type == JC_GGUF_TEXT)
        return false;
    double x = jc_gguf_number(v, 0);
    return x == 0 || (x == 1 && v->type != JC_GGUF_BOOL);
}

static bool known(const jc_made *m, const char *suffix)
{
    for (size_t i = 0; i < JC_COUNT(idle); i++)
        if (strcmp(idle[i], suffix) == 0)
            return true;
    return jc_made_reads(suffix) || jc_made_latent_reads(m, suffix) ||
           jc_made_mixers_reads(m, suffix);
}

jc_status jc_made_note_keys(jc_made *m, jc_notes *notes)
{
    char keys[NAMED * 80] = "", full[JC_MADE_KEY];
    const jc_gguf_value *causal = jc_made_get(m, "attention.causal", full);
    size_t n = strlen(m->arch), found = 0;

    if (causal && causal->type == JC_GGUF_BOOL && causal->data[0] == 0 &&
        !strstr(m->arch, "bert")) /* encoders */
        return jc_fail(m->err, JC_E_UNSUPPORTED,
                       "cannot open model '%s': '%s' is false: tokens see those after "
                       "them, which is not supported for '%s'",
                       jc_gguf_path(m->file), full, m->arch);
    for (size_t i = 0; i < jc_gguf_value_count(m->file); i++) {
        const jc_gguf_value *v = jc_gguf_value_at(m->file, i);
        if (strncmp(v->key, m->arch, n) != 0 || v->key[n] != '.' ||
            known(m, v->key + n + 1) || neutral(v))
            continue;
        size_t used = strlen(keys);
        if (found++ < NAMED)
            snprintf(keys + used, sizeof keys - used, "%s'%.70s'", used ? ", " : "",
                     v->key);
    }
    return found
               ? jc_notes_add(notes, m->err,
                              "%zu key%s of '%s' %s not read: %s%s; if %s the "
                              "arithmetic, the model's states are not these",
                              found, found == 1 ? "" : "s", jc_gguf_path(m->file),
                              found == 1 ? "is" : "are", keys, found > NAMED ? ", ..." : "",
                              found == 1 ? "it changes" : "they change")
               : JC_OK;
}
