/* SPDX-License-Identifier: MIT */
/* corpus.c: lines, documents, files and the objects of JSON Lines, as texts. */
#include "text/corpus.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "text/member.h"

struct jc_corpus {
    char **path; /* [n_paths] */
    size_t n_paths, next_path;
    jc_corpus_params p;
    char *field;
    jc_lines lines; /* of the file that is open */
    bool json_lines;
    bool pending;          /* the line read last belongs to the next text */
    jc_bytes joined;       /* of documents and objects */
    const char *text;      /* [n_text], in `lines` or `joined` */
    size_t n_text, n_more; /* bytes behind it that are the next part */
    bool cut;
    jc_corpus_counts count;
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
    jc_free(c->joined.data);
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
                         const jc_corpus_params *params, jc_error *err)
{
    jc_corpus *c = jc_alloc_array(1, sizeof *c);

    *out = NULL;
    if (c)
        c->field = jc_strdup(params->field ? params->field : "text");
    if (!c || !c->field || !copy_paths(c, paths, n_paths)) {
        jc_corpus_close(c);
        return jc_fail_nomem(err, "the names of texts");
    }
    c->p = *params;
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

/* ---- opening a file ---- */

/* name[0..*n) without the ending, if it has it, in letters of either case. */
static bool ends_with(const char *name, size_t *n, const char *end)
{
    size_t n_end = strlen(end);

    if (*n < n_end || strncasecmp(name + *n - n_end, end, n_end) != 0)
        return false;
    *n -= n_end;
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

static char first_char(const jc_lines *lines)
{
    for (size_t i = lines->at; i < lines->n; i++)
        if (!is_space(lines->buffer[i]))
            return lines->buffer[i];
    return '\0';
}

/* Whether `first`, and then `second`, is in what has been read. */
static bool has(const jc_lines *lines, char first, const char *second)
{
    const char *at = lines->buffer + lines->at, *end = lines->buffer + lines->n;
    size_t n = strlen(second);

    while (at < end && (at = memchr(at, first, (size_t)(end - at)))) {
        at++;
        if ((size_t)(end - at) >= n && memcmp(at, second, n) == 0)
            return true;
    }
    return false;
}

/* Whether it begins with one of the n words, after spaces, in any case. */
static bool begins(const jc_lines *lines, const char *const *words, size_t n)
{
    size_t at = lines->at;

    while (at < lines->n && is_space(lines->buffer[at]))
        at++;
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(words[i]);
        if (lines->n - at >= length &&
            strncasecmp(lines->buffer + at, words[i], length) == 0)
            return true;
    }
    return false;
}

/* What is read as it stands, and is likely meant otherwise. */
static void note_odd(const jc_corpus *c, const char *name)
{
    static const char *const pages[] = {"<!doctype", "<html"}, *const xml[] = {"<?xml"},
                             *const objects[] = {"{\"text\":", "{ \"text\":"};
    const jc_lines *lines = &c->lines;

    if (begins(lines, pages, JC_COUNT(pages)) || begins(lines, xml, 1))
        jc_note(c->p.hooks, "'%s' begins like %s, and is read as plain text", name,
                begins(lines, xml, 1) ? "XML" : "a web page");
    if (begins(lines, objects, JC_COUNT(objects)))
        jc_note(c->p.hooks,
                "'%s' begins like JSON Lines, and is read as plain text: only in a file "
                "whose name ends in '.jsonl' is 'text' looked for",
                name);
    if (has(lines, '\0', ""))
        jc_note(c->p.hooks,
                "'%s' has zero bytes, as files have that are not text; it is read as plain "
                "text",
                name);
    if (has(lines, '\x1b', "$B") || has(lines, '\x1b', "$@"))
        jc_note(c->p.hooks,
                "'%s' is read as UTF-8, but has the marks of ISO-2022-JP; 'iconv -f "
                "ISO-2022-JP -t UTF-8' converts it",
                name);
    if (has(lines, '\r', "") && !has(lines, '\n', ""))
        jc_note(
            c->p.hooks,
            "'%s' ends its lines by carriage returns, which count as spaces; \"tr '\\r' "
            "'\\n'\" makes lines of them",
            name);
}

static bool is_json_lines(const char *path)
{
    size_t n = strlen(path);

    (void)(ends_with(path, &n, ".gz") || ends_with(path, &n, ".zst"));
    return ends_with(path, &n, ".jsonl") || ends_with(path, &n, ".ndjson");
}

/* A field other than "text" was asked for, and none of the files has any. */
static void note_field(const jc_corpus *c)
{
    bool any = c->json_lines;

    for (size_t i = 0; i < c->n_paths && !any; i++)
        any = is_json_lines(c->path[i]);
    if (!any && strcmp(c->field, "text") != 0)
        jc_note(
            c->p.hooks,
            "'%s' is read as plain text, which has no fields: '%s' is looked for in files "
            "whose names end in '.jsonl'",
            jc_input_name(c->lines.path), c->field);
}

/* What the name, or else the first character, says of the file. */
static jc_status judge(jc_corpus *c, jc_error *err)
{
    const char *path = c->lines.path, *name = jc_input_name(path);
    size_t n = strlen(path);
    char first = first_char(&c->lines);

    (void)(ends_with(path, &n, ".gz") || ends_with(path, &n, ".zst"));
    c->json_lines = is_json_lines(path);
    bool json = !c->json_lines && ends_with(path, &n, ".json");
    if ((json || c->json_lines) && first == '[')
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': it is a JSON list, and texts are read from JSON "
                       "Lines, one object per line; \"jq -c '.[]'\" makes them",
                       name);
    if (c->json_lines && first == '<')
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': it is a web page, not JSON",
                       name);
    c->json_lines |= json && first == '{';
    if (ends_with(path, &n, ".csv") || ends_with(path, &n, ".tsv"))
        jc_note(c->p.hooks, "'%s' is read as plain text, not as a table", name);
    if (!c->json_lines)
        note_odd(c, name);
    if (c->next_path == 1)
        note_field(c);
    return JC_OK;
}

static jc_status open_next(jc_corpus *c, jc_error *err)
{
    jc_status st = jc_lines_open(&c->lines, c->path[c->next_path++], err);

    if (st)
        return st;
    c->lines.hooks = c->p.hooks;
    c->pending = false;
    st = judge(c, err);
    if (st || c->json_lines || c->p.limit == 0)
        return st;
    c->lines.limit = c->p.limit;
    c->lines.longer = c->p.unit == JC_UNIT_DOCUMENT ? JC_LONG_PARTED : JC_LONG_CUT;
    return JC_OK;
}

/* ---- texts: each sets c->text; *got is false at the end of the file ---- */

static bool is_blank(const jc_bytes *line)
{
    for (size_t i = 0; i < line->n; i++)
        if (!is_space(line->data[i]))
            return false;
    return true;
}

static void give(jc_corpus *c, const jc_bytes *bytes, bool cut)
{
    c->text = bytes->data;
    c->n_text = bytes->n;
    c->cut = cut;
}

static jc_status next_line(jc_corpus *c, bool *got, jc_error *err)
{
    jc_status st = jc_lines_next(&c->lines, got, err);

    give(c, &c->lines.line, c->lines.rest);
    return st;
}

/* The line joins the document, unless that is long enough already. */
static jc_status join(jc_corpus *c, bool begun, bool *full, jc_error *err)
{
    const jc_bytes *line = &c->lines.line;
    size_t n = line->n + begun;

    if (!begun)
        c->joined.n = 0;
    *full = c->lines.rest || (c->p.limit && c->joined.n + n >= c->p.limit);
    if (*full && begun) {
        c->pending = true;
        return JC_OK;
    }
    if (c->joined.n + n > JC_LINE_LIMIT)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': line %" PRIu64
                       " is in a document of more than %zu MiB",
                       jc_input_name(c->lines.path), c->lines.number, JC_LINE_LIMIT >> 20);
    if ((begun && !jc_bytes_add(&c->joined, "\n", 1)) ||
        !jc_bytes_add(&c->joined, line->data, line->n))
        return jc_fail_nomem(err, "a text");
    return JC_OK;
}

static jc_status next_document(jc_corpus *c, bool *got, jc_error *err)
{
    bool more = true, full = false;

    *got = false;
    while (!full) {
        jc_status st = c->pending ? JC_OK : jc_lines_next(&c->lines, &more, err);
        if (st || !more)
            return st;
        c->pending = false;
        bool blank = is_blank(&c->lines.line);
        if (blank && *got)
            break;
        if (blank)
            continue;
        st = join(c, *got, &full, err);
        if (st)
            return st;
        *got = true;
        give(c, &c->joined, false);
    }
    c->count.parted += full;
    return JC_OK;
}

static jc_status next_file(jc_corpus *c, bool *got, jc_error *err)
{
    *got = c->lines.number == 0; /* once per file, also when it is empty */
    jc_status st = *got ? jc_lines_all(&c->lines, err) : JC_OK;
    give(c, &c->lines.line, c->lines.rest);
    return st;
}

/* How often U+FFFD is in it, as it is or escaped. */
static size_t replaced(const char *text, size_t n)
{
    size_t count = 0;

    for (size_t i = 0; i + 3 <= n; i++)
        count += memcmp(text + i, "\xef\xbf\xbd", 3) == 0 ||
                 (i + 6 <= n && strncasecmp(text + i, "\\ufffd", 6) == 0);
    return count;
}

/* The next line of JSON that is neither blank nor null. */
static jc_status next_json(jc_corpus *c, json_t **object, bool *got, jc_error *err)
{
    const char *name = jc_input_name(c->lines.path);

    for (;;) {
        jc_status st = jc_lines_next(&c->lines, got, err);
        if (st || !*got)
            return st;
        if (is_blank(&c->lines.line))
            continue;
        st = jc_text_json(object, c->lines.line.data, c->lines.line.n, name,
                          c->lines.number, err);
        if (st || json_is_object(*object))
            return st;
        bool null = json_is_null(*object);
        if (!null)
            st = jc_fail(err, JC_E_FORMAT,
                         "cannot read '%s': line %" PRIu64 " is %s, not an object", name,
                         c->lines.number, jc_json_kind(*object));
        json_decref(*object);
        *object = NULL;
        c->count.null += null;
        if (st)
            return st;
    }
}

static jc_status refuse(const jc_corpus *c, const json_t *object, jc_member is,
                        jc_error *err)
{
    const char *name = jc_input_name(c->lines.path);
    char names[JC_MEMBER_NAMES];

    if (is == JC_MEMBER_NOMEM)
        return jc_fail_nomem(err, "a text");
    if (is == JC_MEMBER_OTHER)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': line %" PRIu64
                       ": '%s' is neither text nor a list of texts or chat messages",
                       name, c->lines.number, c->field);
    jc_member_names(object, names);
    return jc_fail(err, JC_E_FORMAT, "cannot read '%s': line %" PRIu64 ": no text '%s'%s%s",
                   name, c->lines.number, c->field,
                   names[0] ? "; '--field' could name " : "", names);
}

static jc_status next_object(jc_corpus *c, bool *got, jc_error *err)
{
    jc_member is = JC_MEMBER_NULL;

    while (is == JC_MEMBER_NULL) {
        json_t *object = NULL;
        jc_status st = next_json(c, &object, got, err);
        if (st || !*got)
            return st;
        c->joined.n = 0;
        is = jc_member_text(object, c->field, &c->joined);
        c->count.null += is == JC_MEMBER_NULL;
        if (is != JC_MEMBER_NULL && is != JC_MEMBER_TEXT)
            st = refuse(c, object, is, err);
        json_decref(object);
        if (st)
            return st;
    }
    const jc_bytes *line = &c->lines.line;
    c->count.halved +=
        replaced(c->joined.data, c->joined.n) > replaced(line->data, line->n);
    give(c, &c->joined, false);
    return JC_OK;
}

static jc_status next_in_file(jc_corpus *c, bool *got, jc_error *err)
{
    if (c->json_lines)
        return next_object(c, got, err);
    switch (c->p.unit) {
    case JC_UNIT_LINE:
        return next_line(c, got, err);
    case JC_UNIT_DOCUMENT:
        return next_document(c, got, err);
    case JC_UNIT_FILE:
        return next_file(c, got, err);
    }
    return JC_OK;
}

/* A text of an object may be longer than the limit. */
static void keep_limit(jc_corpus *c)
{
    size_t n = c->n_text;

    c->n_more = 0;
    if (c->p.limit == 0 || n <= c->p.limit)
        return;
    c->n_text = c->p.limit - jc_utf8_half(c->text, c->p.limit);
    c->cut = c->p.unit != JC_UNIT_DOCUMENT;
    if (c->cut)
        return;
    c->n_more = n - c->n_text;
    c->count.parted++;
}

jc_status jc_corpus_next(jc_corpus *c, const char **text, size_t *length, jc_error *err)
{
    *text = NULL;
    *length = 0;
    while (c->lines.input || c->next_path < c->n_paths) {
        bool got = c->n_more > 0;
        jc_status st = c->lines.input ? JC_OK : open_next(c, err);
        if (got) {
            c->text += c->n_text;
            c->n_text = c->n_more;
        } else if (st == JC_OK) {
            st = next_in_file(c, &got, err);
        }
        if (st)
            return st;
        if (!got) {
            c->done += jc_input_done(c->lines.input);
            jc_lines_close(&c->lines);
            continue;
        }
        keep_limit(c);
        if (c->n_text > 0 || c->p.keep_empty) {
            *text = c->n_text ? c->text : "";
            *length = c->n_text;
            return JC_OK;
        }
        c->count.empty++;
    }
    return JC_OK;
}

/* ---- what there is to tell ---- */

const char *jc_corpus_place(const jc_corpus *c, uint64_t *line)
{
    *line = c->lines.number;
    return c->lines.path ? jc_input_name(c->lines.path) : "no file";
}

bool jc_corpus_was_cut(const jc_corpus *c)
{
    return c->cut;
}

bool jc_corpus_more(const jc_corpus *c)
{
    const jc_lines *lines = &c->lines;
    const char *from = lines->buffer + lines->at, *end = lines->buffer + lines->n;
    bool same = lines->rest && lines->longer == JC_LONG_CUT;

    if (c->pending || c->n_more > 0 || c->next_path < c->n_paths)
        return true;
    for (; lines->input && from < end; from++) { /* behind the rest of this line */
        if (!same && !is_space(*from))
            return true;
        same = same && (*from != '\n' || c->p.unit == JC_UNIT_FILE);
    }
    return false;
}

const char *jc_corpus_name(const jc_corpus *c, size_t *n_files)
{
    *n_files = c->n_paths;
    return c->n_paths ? jc_input_name(c->path[0]) : "no file";
}

jc_corpus_counts jc_corpus_count(const jc_corpus *c)
{
    return c->count;
}

void jc_corpus_bytes(const jc_corpus *c, uint64_t *done, uint64_t *total)
{
    *done = c->done + (c->lines.input ? jc_lines_done(&c->lines) : 0);
    *total = c->total;
}
