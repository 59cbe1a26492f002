/* SPDX-License-Identifier: MIT */
/* frame.c: what stands around each text: [CLS] and [SEP], <s> and </s>, or nothing. */
#include <inttypes.h>
#include <string.h>

#include "text/tokenizer.h"

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
static jc_status read_pair(void *list, const json_t *post, const char *path, jc_error *err)
{
    jc_tokenizer *t = list;
    jc_status st = add(t, &t->before, json_array_get(json_object_get(post, "cls"), 1), err);

    (void)path;
    return st ? st
              : add(t, &t->after, json_array_get(json_object_get(post, "sep"), 1), err);
}

/* {"single": [{"SpecialToken": {"id": "[CLS]"}}, {"Sequence": {"id": "A"}}, ...],
 *  "special_tokens": {"[CLS]": {"ids": [101], ...}, ...}} */
static jc_status read_template(void *list, const json_t *post, const char *path,
                               jc_error *err)
{
    jc_tokenizer *t = list;
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
                "cannot read '%s': 'post_processor.single'[%zu] is not understood", path,
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
                         "cannot read '%s': 'post_processor.single' has no text", path);
}

/* What ByteLevel does here is for offsets. */
static jc_status read_nothing(void *list, const json_t *post, const char *path,
                              jc_error *err)
{
    (void)list;
    (void)post;
    (void)path;
    (void)err;
    return JC_OK;
}

static const jc_step_row rows[] = {
    {"TemplateProcessing", read_template},
    {"BertProcessing", read_pair},
    {"RobertaProcessing", read_pair},
    {"ByteLevel", read_nothing},
};

/* ---- without a post-processor ---- */

jc_status jc_tokenizer_frame_role(jc_tokenizer *t, jc_ids *to, jc_role role, jc_error *err)
{
    bool named = t->roles && t->roles[role];

    if (t->role[role] == JC_NO_TOKEN)
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': there is no %s token%s%s%s",
                       t->path, jc_tokenizer_role_name(role), named ? " '" : "",
                       named ? t->roles[role] : "", named ? "'" : "");
    return jc_ids_add(to, t->role[role]) ? JC_OK : jc_fail_nomem(err, "token ids");
}

/* tokenizer_class begins so: what the class puts around a text, whatever tokenizer.json
 * says, where the configuration does not say either. */
static const struct {
    const char *class;
    bool bos, eos;
} classes[] = {
    {"Llama", true, false},  {"CodeLlama", true, false}, {"Gemma", true, false},
    {"Cohere", true, false}, {"GPTNeoX", false, false},  {"T5", false, true},
};

static jc_status from_config(jc_tokenizer *t, const jc_tokenizer_files *files, bool bos,
                             bool eos, jc_error *err)
{
    const json_t *config = files->json[JC_FILE_CONFIG];
    const char *path = files->map[JC_FILE_CONFIG].path;
    jc_status st = jc_json_flag(config, "add_bos_token", path, &bos, err);

    if (st == JC_OK)
        st = jc_json_flag(config, "add_eos_token", path, &eos, err);
    if (st == JC_OK && bos)
        st = jc_tokenizer_frame_role(t, &t->before, JC_ROLE_BOS, err);
    if (st == JC_OK && eos)
        st = jc_tokenizer_frame_role(t, &t->after, JC_ROLE_EOS, err);
    return st;
}

static jc_status from_roles(jc_tokenizer *t, jc_error *err)
{
    jc_status st = jc_tokenizer_frame_role(t, &t->before, JC_ROLE_CLS, err);

    return st ? st : jc_tokenizer_frame_role(t, &t->after, JC_ROLE_SEP, err);
}

jc_status jc_tokenizer_read_frame(jc_tokenizer *t, const jc_tokenizer_files *files,
                                  jc_error *err)
{
    const json_t *whole = files->json[JC_FILE_TOKENIZER];
    const char *class =
        json_string_value(json_object_get(files->json[JC_FILE_CONFIG], "tokenizer_class"));

    for (size_t i = 0; class && i < JC_COUNT(classes); i++)
        if (strncmp(class, classes[i].class, strlen(classes[i].class)) == 0 &&
            !(whole && classes[i].eos))
            return from_config(t, files, classes[i].bos, classes[i].eos, err);
    if (whole)
        return jc_steps_read(json_object_get(whole, "post_processor"), "post_processor",
                             "processors", rows, JC_COUNT(rows), t,
                             files->map[JC_FILE_TOKENIZER].path, err);
    if (t->framed)
        return from_roles(t, err);
    bool llama = !class && t->algorithm == &jc_char_bpe;
    return from_config(t, files, llama && t->role[JC_ROLE_BOS] != JC_NO_TOKEN, false, err);
}

jc_status jc_tokenizer_finish(jc_tokenizer *t, const jc_tokenizer_files *files,
                              jc_error *err)
{
    jc_status st = jc_tokenizer_read_added(t, files, err);

    return st ? st : jc_tokenizer_read_frame(t, files, err);
}
