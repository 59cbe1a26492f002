/* SPDX-License-Identifier: MIT */
/* corpus.c: lines, documents, files and the objects of JSON Lines, as texts. */
#include "text/corpus.h"

#include <inttypes.h>
#include <string.h>

enum { BUFFER = 1 << 16 };

/* ---- lines ---- */

void jc_lines_close(jc_lines *lines)
{
    jc_input_close(lines->input);
    jc_free(lines->line.data);
    jc_free(lines->buffer);
    *lines = (jc_lines){0};
}

jc_status jc_lines_open(jc_lines *lines, const char *path, jc_error *err)
{
    *lines = (jc_lines){.path = path, .buffer = jc_alloc(BUFFER)};
    if (!lines->buffer)
        return jc_fail_nomem(err, path);
    jc_status st = jc_input_open(&lines->input, path, err);
    if (st)
        jc_lines_close(lines);
    return st;
}

/* Make bytes be there to give; *got is false at the end. */
static jc_status fill(jc_lines *lines, bool *got, jc_error *err)
{
    jc_status st = JC_OK;

    if (lines->at == lines->n) {
        lines->at = 0;
        lines->n = 0;
        st = jc_input_read(lines->input, lines->buffer, BUFFER, &lines->n, err);
    }
    *got = lines->n > 0;
    return st;
}

static void drop_mark(jc_bytes *bytes)
{
    if (bytes->n >= 3 && memcmp(bytes->data, "\xef\xbb\xbf", 3) == 0) {
        bytes->n -= 3;
        memmove(bytes->data, bytes->data + 3, bytes->n);
    }
}

jc_status jc_lines_next(jc_lines *lines, bool *got, jc_error *err)
{
    bool ended = false;

    lines->line.n = 0;
    for (*got = false; !ended; *got = true) {
        bool more;
        jc_status st = fill(lines, &more, err);
        if (st)
            return st;
        if (!more)
            break;
        const char *from = lines->buffer + lines->at;
        const char *end = memchr(from, '\n', lines->n - lines->at);
        size_t n = end ? (size_t)(end - from) : lines->n - lines->at;
        if (!jc_bytes_add(&lines->line, from, n))
            return jc_fail_nomem(err, "a line of text");
        lines->at += n + (end != NULL);
        ended = end != NULL;
    }
    if (ended && lines->line.n > 0 && lines->line.data[lines->line.n - 1] == '\r')
        lines->line.n--;
    lines->number += *got;
    if (*got && lines->number == 1)
        drop_mark(&lines->line);
    return JC_OK;
}

/* ---- texts ---- */

struct jc_corpus {
    char **path; /* [n_paths] */
    size_t n_paths, next_path;
    jc_unit unit;
    char *field;
    jc_lines lines; /* of the file that is open */
    bool json_lines;
    bool keep_empty;
    jc_bytes text;
    uint64_t n_empty;
    uint64_t done, total; /* bytes of files that are closed; of all files */
};

void jc_corpus_close(jc_corpus *c)
{
    if (!c)
        return;
    jc_lines_close(&c->lines);
    for (size_t i = 0; c->path && i < c->n_paths; i++)
        jc_free(c->path[i]);
    jc_free(c->path);
    jc_free(c->field);
    jc_free(c->text.data);
    jc_free(c);
}

static bool copy_paths(jc_corpus *c, const char *const *paths, size_t n_paths)
{
    c->path = jc_alloc_array(n_paths, sizeof *c->path);
    if (!c->path)
        return false;
    for (; c->n_paths < n_paths; c->n_paths++) {
        c->path[c->n_paths] = jc_strdup(paths[c->n_paths]);
        if (!c->path[c->n_paths])
            return false;
    }
    return true;
}

jc_status jc_corpus_open(jc_corpus **out, const char *const *paths, size_t n_paths,
                         jc_unit unit, const char *field, jc_error *err)
{
    jc_corpus *c = jc_alloc_array(1, sizeof *c);

    *out = NULL;
    if (c)
        c->field = jc_strdup(field);
    if (!c || !c->field || !copy_paths(c, paths, n_paths)) {
        jc_corpus_close(c);
        return jc_fail_nomem(err, "the names of texts");
    }
    c->unit = unit;
    for (size_t i = 0; i < n_paths; i++) {
        uint64_t size = jc_input_size(paths[i]);
        c->total += size;
        if (strcmp(paths[i], "-") == 0) {
            c->total = 0; /* not known, whatever the others are */
            break;
        }
    }
    *out = c;
    return JC_OK;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), n_end = strlen(end);

    return n >= n_end && strcmp(s + n - n_end, end) == 0;
}

static jc_status open_next(jc_corpus *c, jc_error *err)
{
    const char *path = c->path[c->next_path++];

    c->json_lines = ends_with(path, ".jsonl") || ends_with(path, ".jsonl.gz") ||
                    ends_with(path, ".jsonl.zst");
    return jc_lines_open(&c->lines, path, err);
}

static bool is_blank(const jc_bytes *line)
{
    for (size_t i = 0; i < line->n; i++)
        if (!strchr(" \t\r\v\f", line->data[i]) || !line->data[i])
            return false;
    return true;
}

/* Each of these fills c->text; *got is false at the end of the file. */

static jc_status next_line(jc_corpus *c, bool *got, jc_error *err)
{
    jc_status st = jc_lines_next(&c->lines, got, err);

    if (st == JC_OK && *got && !jc_bytes_add(&c->text, c->lines.line.data, c->lines.line.n))
        st = jc_fail_nomem(err, "a text");
    return st;
}

static jc_status next_document(jc_corpus *c, bool *got, jc_error *err)
{
    bool more = true;

    *got = false;
    while (more) {
        jc_status st = jc_lines_next(&c->lines, &more, err);
        if (st)
            return st;
        bool blank = is_blank(&c->lines.line);
        if (blank && *got)
            break;
        if (blank)
            continue;
        if ((*got && !jc_bytes_add(&c->text, "\n", 1)) ||
            !jc_bytes_add(&c->text, c->lines.line.data, c->lines.line.n))
            return jc_fail_nomem(err, "a text");
        *got = true;
    }
    return JC_OK;
}

static jc_status next_file(jc_corpus *c, bool *got, jc_error *err)
{
    bool more = true;

    *got = c->lines.number == 0; /* once a file, also when it is empty */
    c->lines.number = 1;
    while (*got && more) {
        jc_status st = fill(&c->lines, &more, err);
        if (st)
            return st;
        if (!jc_bytes_add(&c->text, c->lines.buffer + c->lines.at,
                          c->lines.n - c->lines.at))
            return jc_fail_nomem(err, "a text");
        c->lines.at = c->lines.n;
    }
    drop_mark(&c->text);
    return JC_OK;
}

static jc_status next_object(jc_corpus *c, bool *got, jc_error *err)
{
    json_t *object;
    jc_status st = JC_OK;

    do {
        st = jc_lines_next(&c->lines, got, err);
        if (st || !*got)
            return st;
    } while (is_blank(&c->lines.line));
    st = jc_text_json(&object, c->lines.line.data, c->lines.line.n,
                      jc_input_name(c->lines.path), c->lines.number, err);
    if (st)
        return st;
    const json_t *field = json_object_get(object, c->field);
    if (!json_is_string(field))
        st = jc_fail(err, JC_E_FORMAT, "cannot read '%s': line %" PRIu64 ": no text '%s'",
                     jc_input_name(c->lines.path), c->lines.number, c->field);
    else if (!jc_bytes_add(&c->text, json_string_value(field), json_string_length(field)))
        st = jc_fail_nomem(err, "a text");
    json_decref(object);
    return st;
}

static jc_status next_in_file(jc_corpus *c, bool *got, jc_error *err)
{
    if (c->json_lines)
        return next_object(c, got, err);
    switch (c->unit) {
    case JC_UNIT_LINE:
        return next_line(c, got, err);
    case JC_UNIT_DOCUMENT:
        return next_document(c, got, err);
    case JC_UNIT_FILE:
        return next_file(c, got, err);
    }
    return JC_OK;
}

jc_status jc_corpus_next(jc_corpus *c, const char **text, size_t *length, jc_error *err)
{
    *text = NULL;
    *length = 0;
    while (c->lines.input || c->next_path < c->n_paths) {
        bool got = false;
        jc_status st = c->lines.input ? JC_OK : open_next(c, err);
        c->text.n = 0;
        if (st == JC_OK)
            st = next_in_file(c, &got, err);
        if (st)
            return st;
        if (got && (c->text.n > 0 || c->keep_empty)) {
            *text = c->text.n ? c->text.data : "";
            *length = c->text.n;
            return JC_OK;
        }
        c->n_empty += got;
        if (!got) {
            c->done += jc_input_done(c->lines.input);
            jc_lines_close(&c->lines);
        }
    }
    return JC_OK;
}

void jc_corpus_keep_empty(jc_corpus *c)
{
    c->keep_empty = true;
}

const char *jc_corpus_name(const jc_corpus *c, size_t *n_files)
{
    *n_files = c->n_paths;
    return c->n_paths ? jc_input_name(c->path[0]) : "no file";
}

uint64_t jc_corpus_empty(const jc_corpus *c)
{
    return c->n_empty;
}

void jc_corpus_bytes(const jc_corpus *c, uint64_t *done, uint64_t *total)
{
    *done = c->done + (c->lines.input ? jc_input_done(c->lines.input) : 0);
    *total = c->total;
}
