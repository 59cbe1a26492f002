/* SPDX-License-Identifier: MIT */
/* real.c: numbers as text. A program that embeds the library may have set a locale whose
 * decimal mark is a comma; files and options have a point. */
#include "base/base.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

double jc_real_parse(const char *text, char **end)
{
    locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    locale_t before = plain ? uselocale(plain) : (locale_t)0;
    double x = strtod(text, end);

    if (plain) {
        uselocale(before);
        freelocale(plain);
    }
    return x;
}

void jc_real_format(double x, char text[32])
{
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, 32, "%.*g", digits, x);
        for (char *c = text; *c; c++)
            if (*c == ',')
                *c = '.';
        if (jc_real_parse(text, NULL) == x)
            break;
    }
}
