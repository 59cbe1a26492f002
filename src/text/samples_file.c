/* SPDX-License-Identifier: MIT */
/* samples_file.c: samples as JSON Lines, both ways. */
#include "text/samples_impl.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- reading ---- */

static jc_status bad(const jc_samples *s, jc_error *err, const char *fmt, ...)
    JC_PRINTF(3, 4);

static jc_status bad(const jc_samples *s, jc_error *err, const char *fmt, ...)
{
    char why[200];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    return jc_fail(err, JC_E_FORMAT, "cannot read '%s': line %" PRIu64 ": %s",
                   jc_input_name(s->path), s->lines.number, why);
}

/* A list of whole numbers below `limit`. */
static jc_status read_list(const jc_samples *s, const json_t *list, const char *name,
                           uint64_t limit, jc_ids *out, jc_error *err)
{
    out->n = 0;
    if (!json_is_array(list))
        return bad(s, err, "'%s' is not a list", name);
    if (json_array_size(list) == 0)
        return bad(s, err, "'%s' is empty", name);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        json_int_t value = json_integer_value(item);
        if (!json_is_integer(item))
            return bad(s, err, "'%s'[%zu] is not a whole number", name, i);
        if (value < 0 || (uint64_t)value >= limit)
            return bad(s, err,
                       "'%s'[%zu] is %" JSON_INTEGER_FORMAT ", not from 0 to %" PRIu64,
                       name, i, value, limit - 1);
        if (!jc_ids_add(out, (uint32_t)value))
            return jc_fail_nomem(err, "a sample");
    }
    return JC_OK;
}

static jc_status read_ids(jc_samples *s, const json_t *object, jc_error *err)
{
    const json_t *list = json_object_get(object, "ids");
    uint64_t limit = s->p.vocab ? s->p.vocab : (uint64_t)1 << 32;

    if (!list)
        return bad(s, err, "no 'ids'");
    if (s->p.context && json_array_size(list) > s->p.context)
        return bad(s, err, "%zu ids are more than the model's context (%" PRIu32 ")",
                   json_array_size(list), s->p.context);
    return read_list(s, list, "ids", limit, &s->ids, err);
}

static jc_status read_positions(jc_samples *s, const json_t *object, jc_error *err)
{
    const json_t *list = json_object_get(object, "positions");

    s->positions.n = 0;
    for (size_t i = 0; !list && i < s->ids.n; i++)
        if (!jc_ids_add(&s->positions, (uint32_t)i))
            return jc_fail_nomem(err, "a sample");
    if (!list)
        return JC_OK;
    jc_status st = read_list(s, list, "positions", s->ids.n, &s->positions, err);
    for (size_t i = 1; st == JC_OK && i < s->positions.n; i++)
        if (s->positions.id[i] <= s->positions.id[i - 1])
            st = bad(s, err,
                     "'positions'[%zu] is %" PRIu32 " after %" PRIu32 ", they must ascend",
                     i, s->positions.id[i], s->positions.id[i - 1]);
    return st;
}

static jc_status read_split(jc_samples *s, const json_t *object, jc_error *err)
{
    const json_t *split = json_object_get(object, "split");
    const char *name = json_string_value(split);

    s->split = JC_SPLIT_NONE;
    if (!split)
        return JC_OK;
    if (!name || (strcmp(name, "train") != 0 && strcmp(name, "val") != 0))
        return bad(s, err, "'split' is neither \"train\" nor \"val\"");
    s->split = name[0] == 't' ? JC_SPLIT_TRAIN : JC_SPLIT_VAL;
    return JC_OK;
}

static jc_status read_line(jc_samples *s, jc_error *err)
{
    json_t *object;
    jc_status st = jc_text_json(&object, s->lines.line.data, s->lines.line.n,
                                jc_input_name(s->path), s->lines.number, err);

    if (st)
        return st;
    if (!json_is_object(object))
        st = bad(s, err, "not an object");
    if (st == JC_OK)
        st = read_ids(s, object, err);
    if (st == JC_OK)
        st = read_positions(s, object, err);
    if (st == JC_OK)
        st = read_split(s, object, err);
    json_decref(object);
    return st;
}

static jc_status next(jc_samples *s, jc_sample *sample, jc_error *err)
{
    bool got = true;

    while (got) {
        jc_status st = jc_lines_next(&s->lines, &got, err);
        if (st == JC_OK && got && s->lines.line.n == 0)
            continue;
        if (st == JC_OK && got)
            st = read_line(s, err);
        if (st)
            return st;
        s->n_texts += got;
        if (got &&
            (s->want == JC_SPLIT_NONE || s->split == JC_SPLIT_NONE || s->split == s->want))
            break;
    }
    s->ended = !got;
    if (got)
        *sample = (jc_sample){s->n_texts - 1,  s->ids.id,      s->ids.n,
                              s->positions.id, s->positions.n, s->split};
    return JC_OK;
}

jc_status jc_samples_from_file(jc_samples **out, const char *path,
                               const jc_samples_params *params, jc_error *err)
{
    jc_samples *s;
    jc_status st = jc_want_out(out, err);

    if (st == JC_OK)
        st = jc_want(path, "path", err);
    if (st == JC_OK)
        st = jc_samples_new(&s, params, err);
    if (st)
        return st;
    s->next = next;
    s->path = jc_strdup(path);
    st = s->path ? jc_lines_open(&s->lines, s->path, err) : jc_fail_nomem(err, path);
    if (st) {
        jc_samples_close(s);
        return st;
    }
    *out = s;
    return JC_OK;
}

/* ---- writing ---- */

static bool add_list(jc_bytes *line, const char *before, const uint32_t *value, size_t n)
{
    char number[16];

    if (!jc_bytes_add(line, before, strlen(before)))
        return false;
    for (size_t i = 0; i < n; i++) {
        int length =
            snprintf(number, sizeof number, i ? ",%" PRIu32 : "%" PRIu32, value[i]);
        if (!jc_bytes_add(line, number, (size_t)length))
            return false;
    }
    return jc_bytes_add(line, "]", 1);
}

jc_status jc_sample_line(const jc_sample *sample, char **line, jc_error *err)
{
    if (jc_want_out(line, err))
        return JC_E_ARG;
    if (jc_want(sample, "sample", err))
        return JC_E_ARG;
    static const char *const end[] = {
        [JC_SPLIT_NONE] = "}\n",
        [JC_SPLIT_TRAIN] = ",\"split\":\"train\"}\n",
        [JC_SPLIT_VAL] = ",\"split\":\"val\"}\n",
    };
    jc_bytes bytes = {0};

    if (!add_list(&bytes, "{\"ids\":[", sample->ids, sample->n_ids) ||
        !add_list(&bytes, ",\"positions\":[", sample->positions, sample->n_positions) ||
        !jc_bytes_add(&bytes, end[sample->split], strlen(end[sample->split]) + 1)) {
        jc_free(bytes.data);
        return jc_fail_nomem(err, "a sample");
    }
    *line = bytes.data;
    return JC_OK;
}
