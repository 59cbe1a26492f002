/* SPDX-License-Identifier: MIT */
#include "text/lines.h"

#include <inttypes.h>
#include <string.h>

#include "text/sniff.h"

enum { BUFFER = 1 << 16, ENOUGH = 512, REPORT_EVERY = 1 << 20 };

void jc_lines_close(jc_lines *lines)
{
    jc_input_close(lines->input);
    jc_free(lines->line.data);
    jc_free(lines->buffer);
    *lines = (jc_lines){0};
}

/* Enough bytes to tell what the file is, unless it is shorter. */
static jc_status fill_first(jc_lines *lines, jc_error *err)
{
    size_t got = 1;
    jc_status st = JC_OK;

    while (st == JC_OK && got > 0 && lines->n < ENOUGH) {
        st = jc_input_read(lines->input, lines->buffer + lines->n, BUFFER - lines->n, &got,
                           err);
        lines->n += got;
    }
    return st;
}

/* Make bytes be there to give; *got is false at the end. */
static jc_status fill(jc_lines *lines, bool *got, jc_error *err)
{
    jc_status st = JC_OK;

    if (lines->at == lines->n) {
        uint64_t before = lines->read / REPORT_EVERY;
        lines->at = 0;
        lines->n = 0;
        st = jc_input_read(lines->input, lines->buffer, BUFFER, &lines->n, err);
        lines->read += lines->n;
        if (st == JC_OK && lines->read / REPORT_EVERY > before) {
            const jc_progress progress = {.stage = "reading texts",
                                          .unit = "bytes",
                                          .done = jc_input_done(lines->input),
                                          .total = jc_input_size(lines->path)};
            st = jc_report(lines->hooks, &progress, err);
        }
    }
    *got = st == JC_OK && lines->n > 0;
    return st;
}

jc_status jc_lines_open(jc_lines *lines, const char *path, jc_error *err)
{
    *lines = (jc_lines){.path = path, .buffer = jc_alloc(BUFFER), .limit = JC_LINE_LIMIT};
    if (!lines->buffer)
        return jc_fail_nomem(err, path);
    jc_status st = jc_input_open(&lines->input, path, err);
    if (st == JC_OK)
        st = fill_first(lines, err);
    if (st == JC_OK)
        st = jc_sniff(lines->buffer, lines->n, jc_input_name(path), err);
    if (st == JC_OK && lines->n >= 3 && memcmp(lines->buffer, "\xef\xbb\xbf", 3) == 0)
        lines->at = 3;
    if (st)
        jc_lines_close(lines);
    return st;
}

static jc_status too_long(const jc_lines *lines, bool file, jc_error *err)
{
    const char *name = jc_input_name(lines->path);

    if (file)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s' as one text: it is longer than %zu MiB; '--unit "
                       "line' or '--unit document' reads it in parts",
                       name, lines->limit >> 20);
    return jc_fail(err, JC_E_FORMAT,
                   "cannot read '%s': line %" PRIu64 " is longer than %zu MiB", name,
                   lines->number + 1, lines->limit >> 20);
}

/* Up to n bytes of the buffer to the line, as far as the limit allows. */
static jc_status take(jc_lines *lines, size_t n, bool file, jc_error *err)
{
    size_t room = lines->limit - lines->line.n;

    lines->rest = n > room;
    if (lines->rest && lines->longer == JC_LONG_REFUSED)
        return too_long(lines, file, err);
    if (lines->rest)
        n = room;
    if (!jc_bytes_add(&lines->line, lines->buffer + lines->at, n))
        return jc_fail_nomem(err, "a line of text");
    lines->at += n;
    return JC_OK;
}

/* What was cut off in the middle of a character is the beginning of the rest. */
static void keep_whole(jc_lines *lines)
{
    lines->n_half = jc_utf8_half(lines->line.data, lines->line.n);
    lines->line.n -= lines->n_half;
    memcpy(lines->half, lines->line.data + lines->line.n, lines->n_half);
}

static jc_status pass_over(jc_lines *lines, jc_error *err)
{
    while (lines->rest) {
        bool more;
        jc_status st = fill(lines, &more, err);
        if (st || !more) {
            lines->rest = false;
            return st;
        }
        const char *from = lines->buffer + lines->at;
        const char *end = memchr(from, '\n', lines->n - lines->at);
        lines->at = end ? (size_t)(end - lines->buffer) + 1 : lines->n;
        lines->rest = !end;
    }
    return JC_OK;
}

jc_status jc_lines_next(jc_lines *lines, bool *got, jc_error *err)
{
    bool ended = false, same = lines->rest && lines->longer == JC_LONG_PARTED;
    jc_status st = JC_OK;

    *got = false;
    lines->read = 0;
    if (lines->longer == JC_LONG_CUT)
        st = pass_over(lines, err);
    lines->line.n = 0;
    lines->rest = false;
    if (same && st == JC_OK && !jc_bytes_add(&lines->line, lines->half, lines->n_half))
        st = jc_fail_nomem(err, "a line of text");
    while (st == JC_OK && !ended && !lines->rest) {
        bool more;
        st = fill(lines, &more, err);
        if (st || !more)
            break;
        const char *from = lines->buffer + lines->at;
        const char *end = memchr(from, '\n', lines->n - lines->at);
        *got = true;
        st = take(lines, end ? (size_t)(end - from) : lines->n - lines->at, false, err);
        ended = end && !lines->rest;
        lines->at += ended;
    }
    if (st)
        return st;
    if (lines->rest)
        keep_whole(lines);
    if (ended && lines->line.n > 0 && lines->line.data[lines->line.n - 1] == '\r')
        lines->line.n--;
    lines->number += *got && !same;
    return JC_OK;
}

jc_status jc_lines_all(jc_lines *lines, jc_error *err)
{
    bool more = true;

    lines->line.n = 0;
    lines->read = 0;
    lines->rest = false;
    lines->number++;
    while (more && !lines->rest) {
        jc_status st = fill(lines, &more, err);
        if (st == JC_OK && more)
            st = take(lines, lines->n - lines->at, true, err);
        if (st)
            return st;
    }
    if (lines->rest)
        keep_whole(lines);
    return JC_OK;
}

uint64_t jc_lines_done(const jc_lines *lines)
{
    uint64_t done = jc_input_done(lines->input), waiting = lines->n - lines->at;

    return done > waiting ? done - waiting : 0;
}
