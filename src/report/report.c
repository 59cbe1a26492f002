/* SPDX-License-Identifier: MIT */
/*
 * report.c: fill the slots of page.html.
 *
 * The results go into the page as they are, in a JSON block that page.js draws from. They
 * are checked first, so the script may take their shape for granted.
 */
#include "report/report.h"

#include <string.h>

#include "base/base.h"
#include "base/file.h"
#include "report/assets.h"
#include "report/check.h"

typedef void put_fn(FILE *f, const unsigned char *data, size_t size);

typedef struct slot {
    const char *name;
    const void *data; /* [size] */
    size_t size;
    put_fn *put;
} slot;

static void put_raw(FILE *f, const unsigned char *data, size_t size)
{
    fwrite(data, 1, size, f);
}

static void put_html(FILE *f, const unsigned char *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (strchr("&<>\"'", data[i])) /* a text holds no zero byte */
            fprintf(f, "&#%d;", data[i]);
        else
            fputc(data[i], f);
    }
}

/* In JSON these characters stand in strings only, where an escape means the same: so
 * nothing in the results can end the <script> they lie in. */
static void put_json(FILE *f, const unsigned char *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '<' || data[i] == '>' || data[i] == '&')
            fprintf(f, "\\u%04x", data[i]);
        else
            fputc(data[i], f);
    }
}

/* The slot whose "{{name}}" is at text[0..left), or NULL. */
static const slot *find_slot(const slot *slots, size_t n_slots, const unsigned char *text,
                             size_t left)
{
    char mark[32];

    for (size_t i = 0; i < n_slots; i++) {
        size_t length = (size_t)snprintf(mark, sizeof mark, "{{%s}}", slots[i].name);
        if (length <= left && memcmp(text, mark, length) == 0)
            return &slots[i];
    }
    return NULL;
}

/* The skeleton with each slot filled; what goes in is not looked at for slots. */
static void put_page(FILE *f, const jc_asset *page, const slot *slots, size_t n_slots)
{
    size_t i = 0;

    while (i < page->size) {
        const slot *s = find_slot(slots, n_slots, page->data + i, page->size - i);
        if (s) {
            s->put(f, s->data, s->size);
            i += strlen(s->name) + strlen("{{}}");
        } else {
            fputc(page->data[i++], f);
        }
    }
}

jc_status jc_report_write_json(const char *json, size_t length, const char *name,
                               const char *out_path, jc_error *err)
{
    jc_outfile out = {0};
    char *model = NULL;

    jc_status st = jc_report_check(json, length, name, &model, err);
    if (st)
        goto done;
    const slot slots[] = {
        {"model", model, strlen(model), put_html},
        {"version", jc_version(), strlen(jc_version()), put_html},
        {"css", jc_asset_css.data, jc_asset_css.size, put_raw},
        {"chart", jc_asset_chart.data, jc_asset_chart.size, put_raw},
        {"js", jc_asset_js.data, jc_asset_js.size, put_raw},
        {"results", json, length, put_json},
    };
    st = jc_outfile_open(&out, out_path, err);
    if (st)
        goto done;
    put_page(out.f, &jc_asset_html, slots, JC_COUNT(slots));
    st = jc_outfile_commit(&out, err);
done:
    jc_free(model);
    return st;
}

jc_status jc_report_write(const char *results_path, const char *out_path, jc_error *err)
{
    jc_map map = {0};

    jc_status st = jc_map_open(&map, results_path, err);
    if (!st)
        st = jc_report_write_json((const char *)map.data, map.size, results_path, out_path,
                                  err);
    jc_map_close(&map);
    return st;
}
