/* SPDX-License-Identifier: MIT */
/* undo_read.c: "decoder" of tokenizer.json. */
#include <string.h>

#include "text/cut.h"
#include "text/steps.h"
#include "text/undo.h"

static jc_status read_byte_level(void *list, const json_t *object, const char *path,
                                 jc_error *err)
{
    jc_undo_step s = {.kind = JC_UNDO_BYTE_LEVEL};

    (void)object;
    (void)path;
    return jc_undo_add(list, &s, err);
}

static jc_status read_fallback(void *list, const json_t *object, const char *path,
                               jc_error *err)
{
    jc_undo_step s = {.kind = JC_UNDO_FALLBACK};

    (void)object;
    (void)path;
    return jc_undo_add(list, &s, err);
}

static jc_status read_fuse(void *list, const json_t *object, const char *path,
                           jc_error *err)
{
    jc_undo_step s = {.kind = JC_UNDO_FUSE};

    (void)object;
    (void)path;
    return jc_undo_add(list, &s, err);
}

static jc_status read_replace(void *list, const json_t *object, const char *path,
                              jc_error *err)
{
    jc_undo_step s = {.kind = JC_UNDO_REPLACE};
    jc_status st = jc_json_text(object, "content", path, &s.text, &s.n_text, err);

    if (st == JC_OK)
        st = jc_json_pattern(object, path, &s.pattern, err);
    if (st == JC_OK)
        return jc_undo_add(list, &s, err);
    jc_free(s.text);
    return st;
}

static jc_status read_count(const json_t *object, const char *key, const char *path,
                            size_t *n, jc_error *err)
{
    const json_t *value = json_object_get(object, key);
    json_int_t x = json_integer_value(value);

    if (!json_is_integer(value) || x < 0 || x > INT32_MAX)
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': '%s' of Strip is not a count",
                       path, key);
    *n = (size_t)x;
    return JC_OK;
}

static jc_status read_strip(void *list, const json_t *object, const char *path,
                            jc_error *err)
{
    jc_undo_step s = {.kind = JC_UNDO_STRIP};
    jc_status st = read_count(object, "start", path, &s.start, err);

    if (st == JC_OK)
        st = read_count(object, "stop", path, &s.stop, err);
    if (st == JC_OK)
        st = jc_json_text(object, "content", path, &s.text, &s.n_text, err);
    if (st)
        return st;
    if (s.n_text == 0)
        s.start = s.stop = 0;
    return jc_undo_add(list, &s, err);
}

static jc_status read_spaces(void *list, const json_t *object, const char *path,
                             jc_error *err)
{
    jc_undo_step s = {.kind = JC_UNDO_SPACES};
    jc_prepend prepend;
    jc_status st = jc_prepend_read(object, path, &prepend, err);

    if (st == JC_OK)
        st = jc_json_text(object, "replacement", path, &s.text, &s.n_text, err);
    if (st)
        return st;
    if (s.n_text == 0) {
        jc_free(s.text);
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': 'replacement' is not a character", path);
    }
    s.first = prepend != JC_PREPEND_NEVER;
    return jc_undo_add(list, &s, err);
}

static jc_status read_wordpiece(void *list, const json_t *object, const char *path,
                                jc_error *err)
{
    jc_undo_step s = {.kind = JC_UNDO_WORDPIECE, .extra = true};
    jc_status st = jc_json_flag(object, "cleanup", path, &s.extra, err);

    if (st == JC_OK)
        st = jc_json_text(object, "prefix", path, &s.text, &s.n_text, err);
    return st ? st : jc_undo_add(list, &s, err);
}

static const jc_step_row rows[] = {
    {"ByteLevel", read_byte_level},  {"Replace", read_replace},
    {"ByteFallback", read_fallback}, {"Fuse", read_fuse},
    {"Strip", read_strip},           {"Metaspace", read_spaces},
    {"WordPiece", read_wordpiece},
};

jc_status jc_undo_read(jc_undo *undo, const json_t *object, const char *path, jc_error *err)
{
    return jc_steps_read(object, "decoder", "decoders", rows, JC_COUNT(rows), undo, path,
                         err);
}
