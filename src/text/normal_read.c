/* SPDX-License-Identifier: MIT */
/* normal_read.c: "normalizer" of tokenizer.json. */
#include <string.h>

#include "text/normal.h"
#include "text/steps.h"

static jc_status read_prepend(void *list, const json_t *object, const char *path,
                              jc_error *err)
{
    jc_normal_step s = {.run = jc_normal_prepend};
    jc_status st = jc_json_text(object, "prepend", path, &s.text, &s.n_text, err);

    return st ? st : jc_normal_add(list, &s, err);
}

static jc_status read_replace(void *list, const json_t *object, const char *path,
                              jc_error *err)
{
    jc_normal_step s = {.run = jc_normal_replace};
    jc_status st = jc_json_text(object, "content", path, &s.text, &s.n_text, err);

    if (st == JC_OK)
        st = jc_json_pattern(object, path, &s.pattern, err);
    if (st == JC_OK)
        return jc_normal_add(list, &s, err);
    jc_free(s.text);
    return st;
}

static jc_status read_form(void *list, const json_t *object, const char *path,
                           jc_error *err)
{
    static const char *const names[] = {
        [JC_FORM_NFC] = "NFC",
        [JC_FORM_NFD] = "NFD",
        [JC_FORM_NFKC] = "NFKC",
        [JC_FORM_NFKD] = "NFKD",
    };
    jc_normal_step s = {.run = jc_normal_form};

    (void)path;
    for (size_t i = 0; i < JC_COUNT(names); i++)
        if (jc_json_is_type(object, names[i]))
            s.form = (jc_unicode_form)i;
    return jc_normal_add(list, &s, err);
}

static jc_status read_lower(void *list, const json_t *object, const char *path,
                            jc_error *err)
{
    jc_normal_step s = {.run = jc_normal_lower};

    (void)object;
    (void)path;
    return jc_normal_add(list, &s, err);
}

static jc_status read_marks(void *list, const json_t *object, const char *path,
                            jc_error *err)
{
    jc_normal_step s = {.run = jc_normal_no_marks};

    (void)object;
    (void)path;
    return jc_normal_add(list, &s, err);
}

static jc_status read_nmt(void *list, const json_t *object, const char *path, jc_error *err)
{
    jc_normal_step s = {.run = jc_normal_nmt};

    (void)object;
    (void)path;
    return jc_normal_add(list, &s, err);
}

static jc_status read_strip(void *list, const json_t *object, const char *path,
                            jc_error *err)
{
    jc_normal_step s = {.run = jc_normal_strip, .left = true, .right = true};
    jc_status st = jc_json_flag(object, "strip_left", path, &s.left, err);

    if (st == JC_OK)
        st = jc_json_flag(object, "strip_right", path, &s.right, err);
    return st ? st : jc_normal_add(list, &s, err);
}

static jc_status read_charsmap(void *list, const json_t *object, const char *path,
                               jc_error *err)
{
    jc_normal_step s = {.run = jc_normal_charsmap};
    const json_t *map = json_object_get(object, "precompiled_charsmap");
    jc_status st = JC_OK;

    if (json_is_string(map))
        st = jc_charsmap_read_base64(&s.map, json_string_value(map),
                                     json_string_length(map), path, err);
    else if (map && !json_is_null(map))
        st = jc_fail(err, JC_E_FORMAT,
                     "cannot read '%s': 'precompiled_charsmap' is not text", path);
    return st ? st : jc_normal_add(list, &s, err);
}

/* Accents go with capitals, unless something is said of them. */
static jc_status read_bert(void *list, const json_t *object, const char *path,
                           jc_error *err)
{
    jc_normal_step s = {.run = jc_normal_bert,
                        .bert = {.clean = true, .cjk = true, .lower = true}};
    jc_status st = jc_json_flag(object, "clean_text", path, &s.bert.clean, err);

    if (st == JC_OK)
        st = jc_json_flag(object, "handle_chinese_chars", path, &s.bert.cjk, err);
    if (st == JC_OK)
        st = jc_json_flag(object, "lowercase", path, &s.bert.lower, err);
    s.bert.strip = s.bert.lower;
    if (st == JC_OK)
        st = jc_json_flag(object, "strip_accents", path, &s.bert.strip, err);
    return st ? st : jc_normal_add(list, &s, err);
}

static const jc_step_row rows[] = {
    {"Prepend", read_prepend},
    {"Replace", read_replace},
    {"NFC", read_form},
    {"NFD", read_form},
    {"NFKC", read_form},
    {"NFKD", read_form},
    {"Lowercase", read_lower},
    {"StripAccents", read_marks},
    {"Strip", read_strip},
    {"Nmt", read_nmt},
    {"Precompiled", read_charsmap},
    {"BertNormalizer", read_bert},
};

jc_status jc_normal_read(jc_normal *normal, const json_t *object, const char *path,
                         jc_error *err)
{
    return jc_steps_read(object, "normalizer", "normalizers", rows, JC_COUNT(rows), normal,
                         path, err);
}
