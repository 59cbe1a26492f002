/* SPDX-License-Identifier: MIT */
/* views.c: the table of views. A new one is a file and a row. */
#include <string.h>

#include "base/text_stream.h"
#include "lens/lens.h"

/* The entries, in the order in which they are listed: jc_lens_<name> is in view_<name>.c.
 */
#define VIEWS(X)                                                                           \
    X(text)                                                                                \
    X(html)                                                                                \
    X(json)                                                                                \
    X(csv)

#define JC_X(name) extern const jc_lens_view jc_lens_##name;
VIEWS(JC_X)
#undef JC_X

#define JC_X(name) &jc_lens_##name,
static const jc_lens_view *const table[] = {VIEWS(JC_X)};
#undef JC_X

#define JC_X(name) "|" #name
const char jc_lens_view_choices[] = VIEWS(JC_X);
#undef JC_X

const jc_lens_view_info *jc_lens_view_at(size_t i)
{
    return i < JC_COUNT(table) ? &table[i]->info : NULL;
}

jc_status jc_lens_write(const jc_lens *lens, const char *view, const jc_lens_look *look,
                        FILE *f, jc_error *err)
{
    for (size_t i = 0; i < JC_COUNT(table); i++)
        if (strcmp(table[i]->info.name, view) == 0)
            return table[i]->write(lens, look, f, err);
    return jc_fail(err, JC_E_ARG, "no view is called '%s'", view);
}

jc_status jc_lens_show(const jc_lens *lens, const char *view, const jc_lens_look *look,
                       char **text, size_t *length, jc_error *err)
{
    jc_text_stream made;

    if (jc_want_out(text, err))
        return JC_E_ARG;
    if (jc_want(lens, "lens", err))
        return JC_E_ARG;
    if (jc_want(view, "view", err))
        return JC_E_ARG;
    if (jc_want(length, "length", err))
        return JC_E_ARG;
    FILE *f = jc_text_stream_open(&made);
    if (!f)
        return jc_fail_nomem(err, "a lens");
    jc_status st = jc_lens_write(lens, view, look, f, err);
    return jc_text_stream_close(f, &made, st, "a lens", text, length, err);
}

void jc_lens_put_number(FILE *f, double x, int digits)
{
    char text[32];

    snprintf(text, sizeof text, "%.*g", digits, x);
    for (char *c = text; *c; c++)
        fputc(*c == ',' ? '.' : *c, f);
}
