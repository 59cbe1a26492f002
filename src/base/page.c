/* SPDX-License-Identifier: MIT */
#include "base/page.h"

#include <string.h>

void jc_put_raw(FILE *f, const void *data, size_t size)
{
    fwrite(data, 1, size, f);
}

void jc_put_html(FILE *f, const void *data, size_t size)
{
    const unsigned char *text = data;

    for (size_t i = 0; i < size; i++) {
        if (strchr("&<>\"'", text[i])) /* a text holds no zero byte */
            fprintf(f, "&#%d;", text[i]);
        else
            fputc(text[i], f);
    }
}

/* In JSON these characters stand in strings only, where an escape means the same. */
void jc_put_json(FILE *f, const void *data, size_t size)
{
    const unsigned char *text = data;

    for (size_t i = 0; i < size; i++) {
        if (text[i] == '<' || text[i] == '>' || text[i] == '&')
            fprintf(f, "\\u%04x", text[i]);
        else
            fputc(text[i], f);
    }
}

/* The slot whose "{{name}}" is at text[0..left), or NULL. */
static const jc_slot *find_slot(const jc_slot *slots, size_t n_slots,
                                const unsigned char *text, size_t left)
{
    char mark[32];

    for (size_t i = 0; i < n_slots; i++) {
        size_t length = (size_t)snprintf(mark, sizeof mark, "{{%s}}", slots[i].name);
        if (length <= left && memcmp(text, mark, length) == 0)
            return &slots[i];
    }
    return NULL;
}

void jc_put_page(FILE *f, const jc_asset *page, const jc_slot *slots, size_t n_slots)
{
    size_t i = 0;

    while (i < page->size) {
        const jc_slot *s = find_slot(slots, n_slots, page->data + i, page->size - i);
        if (s) {
            s->put(f, s->data, s->size);
            i += strlen(s->name) + strlen("{{}}");
        } else {
            fputc(page->data[i++], f);
        }
    }
}
