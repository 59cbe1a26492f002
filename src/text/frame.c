/* SPDX-License-Identifier: MIT */
/* frame.c: what stands around each text: [CLS] and [SEP], <s> and </s>, or nothing. */
#include "text/tokenizer.h"

#include <inttypes.h>
#include <string.h>

static jc_status add(const jc_tokenizer *t, jc_ids *to, const json_t *id, jc_error *err)
{
    json_int_t value = json_integer_value(id);
    size_t ignored;

    if (!json_is_integer(id) || value < 0 || value >= JC_VOCAB_LIMIT ||
        !jc_vocab_name(&t->vocab, (uint32_t)value, &ignored))
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': 'post_processor' names an id without a token",
                       t->path);
    return jc_ids_add(to, (uint32_t)value) ? JC_OK : jc_fail_nomem(err, "token ids");
}

/* {"cls": ["[CLS]", 101], "sep": ["[SEP]", 102]} */
static jc_status read_pair(jc_tokenizer *t, const json_t *post, jc_error *err)
{
    jc_status st = add(t, &t->before, json_array_get(json_object_get(post, "cls"), 1), err);

    return st ? st
              : add(t, &t->after, json_array_get(json_object_get(post, "sep"), 1), err);
}

/* {"single": [{"SpecialToken": {"id": "[CLS]"}}, {"Sequence": {"id": "A"}}, ...],
 *  "special_tokens": {"[CLS]": {"ids": [101], ...}, ...}} */
static jc_status read_template(jc_tokenizer *t, const json_t *post, jc_error *err)
{
    const json_t *single = json_object_get(post, "single");
    const json_t *known = json_object_get(post, "special_tokens");
    jc_ids *to = &t->before;

    for (size_t i = 0; i < json_array_size(single); i++) {
        const json_t *item = json_array_get(single, i);
        if (to == &t->before && json_object_get(item, "Sequence")) {
            to = &t->after;
            continue;
        }
        const char *name =
            json_string_value(json_object_get(json_object_get(item, "SpecialToken"), "id"));
        const json_t *ids =
            json_object_get(name ? json_object_get(known, name) : NULL, "ids");
        if (json_array_size(ids) == 0)
            return jc_fail(
                err, JC_E_FORMAT,
                "cannot read '%s': 'post_processor.single'[%zu] is not understood", t->path,
                i);
        for (size_t k = 0; k < json_array_size(ids); k++) {
            jc_status st = add(t, to, json_array_get(ids, k), err);
            if (st)
                return st;
        }
    }
    return to == &t->after
               ? JC_OK
               : jc_fail(err, JC_E_FORMAT,
                         "cannot read '%s': 'post_processor.single' has no text", t->path);
}

static jc_status from_roles(jc_tokenizer *t, jc_error *err)
{
    static const jc_role role[] = {JC_ROLE_CLS, JC_ROLE_SEP};

    for (size_t i = 0; i < JC_COUNT(role); i++) {
        if (t->role[role[i]] == JC_NO_TOKEN)
            return jc_fail(err, JC_E_FORMAT, "cannot read '%s': there is no token '%s'",
                           t->path, t->roles[role[i]]);
        if (!jc_ids_add(i ? &t->after : &t->before, t->role[role[i]]))
            return jc_fail_nomem(err, "token ids");
    }
    return JC_OK;
}

jc_status jc_tokenizer_read_frame(jc_tokenizer *t, const jc_tokenizer_files *files,
                                  jc_error *err)
{
    const json_t *post = json_object_get(files->json[JC_FILE_TOKENIZER], "post_processor");

    if (jc_json_is_type(post, "TemplateProcessing"))
        return read_template(t, post, err);
    if (jc_json_is_type(post, "BertProcessing") ||
        jc_json_is_type(post, "RobertaProcessing"))
        return read_pair(t, post, err);
    return t->framed ? from_roles(t, err) : JC_OK;
}
