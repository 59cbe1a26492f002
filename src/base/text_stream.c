/* SPDX-License-Identifier: MIT */
#include "base/text_stream.h"

#include <string.h>
#include <sys/types.h>

/* Whether there is room for n bytes more and a zero. */
static bool make_room(jc_text_stream *to, size_t n)
{
    size_t room = to->room ? to->room : 4096;
    char *text;

    if (to->length + n < to->room)
        return true;
    while (room <= to->length + n)
        room *= 2;
    text = jc_realloc(to->text, room);
    if (!text)
        return false;
    to->text = text;
    to->room = room;
    return true;
}

static ssize_t put(void *cookie, const char *bytes, size_t n)
{
    jc_text_stream *to = cookie;

    if (!make_room(to, n))
        return 0; /* an error of the stream */
    memcpy(to->text + to->length, bytes, n);
    to->length += n;
    to->text[to->length] = '\0';
    return (ssize_t)n;
}

FILE *jc_text_stream_open(jc_text_stream *to)
{
    FILE *f;

    *to = (jc_text_stream){.length = 0};
    if (!make_room(to, 0))
        return NULL;
    to->text[0] = '\0';
    f = fopencookie(to, "w", (cookie_io_functions_t){.write = put});
    if (!f)
        jc_free(to->text);
    return f;
}

jc_status jc_text_stream_close(FILE *f, jc_text_stream *to, jc_status st, const char *what,
                               char **text, size_t *length, jc_error *err)
{
    bool whole = !ferror(f);

    whole = fclose(f) == 0 && whole;
    if (st == JC_OK && !whole)
        st = jc_fail_nomem(err, what);
    if (st) {
        jc_free(to->text);
    } else {
        *text = to->text;
        *length = to->length;
    }
    return st;
}
