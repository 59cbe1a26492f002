/* SPDX-License-Identifier: MIT */
/*
 * view_html.c: a lens as one page that needs nothing else: page.html with the JSON document
 * in it, less what the page does not show.
 */
#include <string.h>

#include "lens/lens.h"
#include "jumpcut/version.h"

/* How many guesses of a cell the page holds at most, and to how many digits. */
enum { SHOWN = 50, DIGITS = 3 };

typedef struct document {
    const jc_lens *lens;
    jc_status *st;
    jc_error *err;
} document;

static void put_document(FILE *f, const void *data, size_t size)
{
    const document *d = data;
    const jc_lens_detail detail = {.top = SHOWN, .digits = DIGITS, .shared = true};

    (void)size;
    *d->st = jc_lens_put_json(d->lens, &detail, f, d->err);
}

static jc_status put_html(const jc_lens *lens, const jc_lens_look *look, FILE *f,
                          jc_error *err)
{
    jc_status st = JC_OK;
    const document whole = {lens, &st, err};
    const jc_slot slots[] = {
        {"version", jc_version(), strlen(jc_version()), jc_put_html},
        {"css", jc_lens_page_css.data, jc_lens_page_css.size, jc_put_raw},
        {"shared", jc_page_js.data, jc_page_js.size, jc_put_raw},
        {"base", jc_lens_base_js.data, jc_lens_base_js.size, jc_put_raw},
        {"sheet", jc_lens_sheet_js.data, jc_lens_sheet_js.size, jc_put_raw},
        {"paper", jc_lens_paper_js.data, jc_lens_paper_js.size, jc_put_raw},
        {"page", jc_lens_page_js.data, jc_lens_page_js.size, jc_put_raw},
        {"lens", &whole, sizeof whole, put_document},
    };

    (void)look;
    jc_put_page(f, &jc_lens_page_html, slots, JC_COUNT(slots));
    return st;
}

const jc_lens_view jc_lens_html = {
    {"html", "a page to look at in a browser, which needs no network"},
    put_html,
};
