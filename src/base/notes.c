/* SPDX-License-Identifier: MIT */
#include "base/notes.h"

#include <stdarg.h>
#include <stdio.h>

jc_status jc_notes_add(jc_notes *notes, jc_error *err, const char *fmt, ...)
{
    char text[sizeof err->message];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    jc_one_line(text);
    if (!jc_grow(&notes->text, &notes->capacity, notes->n + 1, sizeof(char *)))
        return jc_fail_nomem(err, "a note");
    notes->text[notes->n] = jc_strdup(text);
    if (!notes->text[notes->n])
        return jc_fail_nomem(err, "a note");
    notes->n++;
    return JC_OK;
}

void jc_notes_free(jc_notes *notes)
{
    for (size_t i = 0; i < notes->n; i++)
        jc_free(notes->text[i]);
    jc_free(notes->text);
    *notes = (jc_notes){0};
}
