/* SPDX-License-Identifier: MIT */
/* gguf_scaling.c: how rotary positions are spread over longer texts, by llama.cpp's rules.
 */
#include <math.h>
#include <string.h>

#include "store/gguf_config.h"

enum { MOST_PAIRS = 4096 }; /* of a head */

struct scaling {
    double factor;    /* positions are divided by it; 1 where it is not given */
    double attention; /* what turned values are multiplied by, beside YaRN's own */
    bool attention_given;
};

/* `factor` for each pair, of tensor t (NULL: 1), times that of the scaling. */
static jc_status put_factors(jc_made *m, const jc_tensor *t, double factor, size_t n,
                             const char *keys)
{
    json_t *list = json_array();
    bool ok = list != NULL;

    for (size_t i = 0; ok && i < n; i++) {
        float x = 1;
        if (t)
            jc_tensor_read(t, i, 1, &x);
        if (!(x > 0 && x < 1e30f)) {
            json_decref(list);
            return jc_made_fail(m, t->name, "a factor is not a number above 0");
        }
        ok = json_array_append_new(list, json_real((double)x * factor)) == 0;
    }
    if (!ok) {
        json_decref(list);
        list = NULL;
    }
    return jc_made_put(m, keys, list);
}

/* A number, if the key is there; x stays as it is otherwise. */
static jc_status read_number(jc_made *m, const char *suffix, double *x, bool *given)
{
    char key[JC_MADE_KEY];
    const jc_gguf_value *value = jc_made_get(m, suffix, key);

    if (!value)
        return JC_OK;
    if (value->type == JC_GGUF_TEXT || value->n != 1)
        return jc_made_fail(m, key, "it is not a number");
    *x = jc_made_written(value, 0);
    *given = true;
    return *x <= 1e300 && *x >= -1e300 ? JC_OK
                                       : jc_made_fail(m, key, "it is not a finite number");
}

static jc_status read_scaling(jc_made *m, struct scaling *s)
{
    bool given = false;
    double x = 1;

    *s = (struct scaling){.factor = 0, .attention = 1};
    jc_status st = read_number(m, "rope.scaling.factor", &s->factor, &given);
    if (st == JC_OK && !given) /* as files of 2023 have it */
        st = read_number(m, "rope.scale_linear", &s->factor, &given);
    if (s->factor == 0)
        s->factor = 1;
    if (st == JC_OK)
        st = read_number(m, "rope.scaling.attn_factor", &s->attention, &s->attention_given);
    if (st == JC_OK)
        st = read_number(m, "rope.scaling.yarn_attn_factor", &x, &s->attention_given);
    s->attention *= x;
    return st;
}

/* Factors of pairs in tensors, as Llama 3 and LongRoPE have them: with `one` the same for
 * texts of all lengths. */
static jc_status put_tensor_factors(jc_made *m, const struct scaling *s,
                                    const jc_tensor *one)
{
    static const char *const keys[] = {"rope_scaling.short_factor",
                                       "rope_scaling.long_factor"};
    static const char *const tensors[] = {"rope_factors_short.weight",
                                          "rope_factors_long.weight"};
    jc_status st = jc_made_put(m, "rope_scaling.rope_type", json_string("longrope"));

    for (size_t i = 0; i < JC_COUNT(keys) && st == JC_OK; i++) {
        const jc_tensor *t = one ? one : jc_made_find(m, tensors[i]);
        if (t && jc_dtype_real(t->dtype))
            st = put_factors(m, t, s->factor, t->count, keys[i]);
    }
    if (st == JC_OK && (one || s->attention_given))
        st = jc_made_real(m, "rope_scaling.attention_factor", s->attention);
    if (st == JC_OK && one)
        st = jc_made_row(m, "context_length",
                         "rope_scaling.original_max_position_embeddings");
    return st;
}

/* YaRN's own factor of attention is not in that of the file. */
static jc_status put_yarn(jc_made *m, const struct scaling *s)
{
    double own = s->factor > 1 ? 0.1 * log(s->factor) + 1 : 1;
    jc_status st = jc_made_put(m, "rope_scaling.rope_type", json_string("yarn"));

    if (st == JC_OK)
        st = jc_made_real(m, "rope_scaling.factor", s->factor);
    return st || !s->attention_given
               ? st
               : jc_made_real(m, "rope_scaling.attention_factor", s->attention * own);
}

/* Positions divided by a number. A factor of attention as well is LongRoPE with the same
 * number for all pairs. */
static jc_status put_linear(jc_made *m, const struct scaling *s)
{
    char key[JC_MADE_KEY];
    bool plain = s->attention == 1;
    jc_status st = jc_made_put(m, "rope_scaling.rope_type",
                               json_string(!plain           ? "longrope"
                                           : s->factor == 1 ? "default"
                                                            : "linear"));

    if (st == JC_OK && plain)
        return jc_made_real(m, "rope_scaling.factor", s->factor);
    jc_made_get(m, "rope.dimension_count", key);
    if (st == JC_OK && m->pairs > MOST_PAIRS)
        st = jc_made_fail(m, key, "it is too large");
    if (st == JC_OK)
        st = put_factors(m, NULL, s->factor, m->pairs,
                         "rope_scaling.short_factor|rope_scaling.long_factor");
    if (st == JC_OK)
        st = jc_made_row(m, "context_length",
                         "rope_scaling.original_max_position_embeddings");
    return st ? st : jc_made_real(m, "rope_scaling.attention_factor", s->attention);
}

static bool is(jc_gguf_text text, const char *word)
{
    return text.n == strlen(word) && memcmp(text.text, word, text.n) == 0;
}

/* A factor without a type is linear; the type "none" turns it off. */
jc_status jc_made_scaling(jc_made *m)
{
    char key[JC_MADE_KEY];
    const jc_gguf_value *value = jc_made_get(m, "rope.scaling.type", key);
    const jc_tensor *one = jc_made_find(m, "rope_freqs.weight");
    jc_gguf_text type = {"linear", 6};
    struct scaling s;
    jc_status st = value ? jc_gguf_text_of(m->file, key, &type, m->err) : JC_OK;

    if (st == JC_OK)
        st = read_scaling(m, &s);
    if (st)
        return st;
    if (is(type, "none"))
        s.factor = 1;
    if (one || jc_made_find(m, "rope_factors_long.weight"))
        return put_tensor_factors(m, &s, one);
    if (is(type, "yarn"))
        return put_yarn(m, &s);
    if (is(type, "linear") || is(type, "none") || is(type, "longrope"))
        return put_linear(m, &s);
    json_t *name = json_stringn(type.text, type.n); /* it will be refused by its name */
    return name ? jc_made_put(m, "rope_scaling.rope_type", name)
                : jc_made_fail(m, key, "it is not UTF-8 text");
}
