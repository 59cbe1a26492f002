/* SPDX-License-Identifier: MIT */
/*
 * likely.c: the distance of two names is how many letters must be left out, put in, changed
 * or swapped with their neighbour to make one of the other. A name is near where that is at
 * most a third of the word's letters, rounded up, so that no guess is offered for a word
 * that has nothing in common with the names; or where it begins with the word.
 */
#include "base/likely.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"

enum { LONGEST = 48 };

void jc_likely_begin(jc_likely *likely, const char *word, size_t n)
{
    *likely = (jc_likely){.word = word, .n = n};
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Rows of the usual table, of which the swap needs the last but one too. */
static size_t distance_of(const char *a, size_t n, const char *b, size_t m)
{
    size_t rows[3][LONGEST + 1];
    size_t *two = rows[0], *one = rows[1], *row = rows[2];

    for (size_t k = 0; k <= m; k++)
        one[k] = two[k] = k;
    for (size_t i = 1; i <= n; i++) {
        row[0] = i;
        for (size_t k = 1; k <= m; k++) {
            row[k] = one[k - 1] + (a[i - 1] != b[k - 1]);
            row[k] = least(row[k], least(one[k], row[k - 1]) + 1);
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                row[k] = least(row[k], two[k - 2] + 1);
        }
        size_t *oldest = two;
        two = one;
        one = row;
        row = oldest;
    }
    return one[m];
}

void jc_likely_offer(jc_likely *likely, const char *name, size_t n)
{
    size_t distance;

    if (n == 0 || likely->n == 0 || n > LONGEST || likely->n > LONGEST)
        return;
    if (likely->n >= 3 && likely->n < n && memcmp(name, likely->word, likely->n) == 0)
        distance = 1;
    else
        distance = distance_of(likely->word, likely->n, name, n);
    if (distance > (likely->n + 2) / 3 || distance >= n ||
        (likely->name && distance >= likely->distance))
        return;
    likely->name = name;
    likely->length = n;
    likely->distance = distance;
}

void jc_likely_offer_list(jc_likely *likely, const char *names)
{
    for (size_t n; names && *names; names += n + (names[n] == '|')) {
        n = strcspn(names, "|");
        jc_likely_offer(likely, names, n);
    }
}

const char *jc_likely_text(const jc_likely *likely, char text[JC_LIKELY_TEXT])
{
    if (likely->name)
        snprintf(text, JC_LIKELY_TEXT, "; did you mean '%.*s'?", (int)likely->length,
                 likely->name);
    else
        text[0] = '\0';
    return text;
}
