/* SPDX-License-Identifier: MIT */
/*
 * report_tool.c: what screenshot.sh needs that a shell cannot do.
 *
 *   report_tool fake L METHOD...            results of a model of L blocks to stdout
 *   report_tool write RESULTS PAGE          the page
 *   report_tool numbers RESULTS DOM         is every number of the page's tables the
 *                                           results' own, in the tables' order, and none
 *                                           left over?
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_results.h"
#include "report/report.h"

typedef struct reader {
    const char *at; /* in the DOM as text */
    long n;         /* numbers compared */
    bool failed;
} reader;

/* Next <data value="exact">shown</data>: exact is `want`, shown is it to some decimals. */
static void number(reader *r, const json_t *want, const char *what, size_t row)
{
    if (r->failed || json_is_null(want))
        return;
    double value = json_number_value(want);
    const char *next = strstr(r->at, "<data value=\"");
    char *end = NULL;
    double exact = next ? strtod(next + strlen("<data value=\""), &end) : 0;
    if (!next || strncmp(end, "\">", 2) != 0 || exact < value || exact > value) {
        fprintf(stderr, "%s, row %zu: %.17g is shown as %.17g\n", what, row, value, exact);
        r->failed = true;
        return;
    }
    double shown = strtod(end + 2, &end);
    double step = fabs(value) < 1000 ? 1e-4 : 1e-4 * fabs(value);
    if (strncmp(end, "</data>", 7) != 0 || fabs(shown - value) > 0.51 * step) {
        fprintf(stderr, "%s, row %zu: %.17g reads %g\n", what, row, value, shown);
        r->failed = true;
    }
    r->at = end;
    r->n++;
}

/* The fitted methods in the file's order, then id, as on the page. */
static size_t order(json_t *jump, const char **methods)
{
    const char *name;
    json_t *list;
    size_t n = 0;

    json_object_foreach(jump, name, list)
    {
        if (strcmp(name, "id") != 0)
            methods[n++] = name;
    }
    methods[n++] = "id";
    return n;
}

static void rows(reader *r, json_t *part, const char **methods, size_t n_methods,
                 size_t n_rows, const char *const *members, size_t n_members)
{
    for (size_t l = 0; l < n_rows; l++) {
        for (size_t m = 0; m < n_methods; m++) {
            json_t *entry = json_array_get(json_object_get(part, methods[m]), l);
            for (size_t k = 0; k < n_members; k++) {
                json_t *value = json_object_get(entry, members[k]);
                number(r, json_is_array(value) ? json_array_get(value, 0) : value,
                       members[k], l);
                if (json_is_array(value))
                    number(r, json_array_get(value, 1), members[k], l);
            }
        }
    }
}

static void tables(reader *r, json_t *root)
{
    json_t *jump = json_object_get(root, "jump"), *early = json_object_get(root, "exit");
    json_t *saved = json_object_get(root, "saved");
    const char *methods[16];
    size_t n = order(jump, methods);
    size_t layers = json_array_size(json_object_get(jump, "id"));

    for (size_t m = 0; m < n; m++) {
        json_t *matrix = json_object_get(json_object_get(root, "r2"), methods[m]);
        for (size_t i = 0; i < layers; i++)
            for (size_t j = 0; j < layers; j++)
                number(r, json_array_get(json_array_get(matrix, i), j), "r2", i);
    }
    rows(r, jump, methods, n, layers, (const char *[]){"p1", "p5", "p10"}, 3);
    rows(r, jump, methods, n, layers, (const char *[]){"surprisal", "surprisal_ci"}, 2);
    for (size_t m = 0; m < n; m++)
        rows(r, early, methods + m, 1, json_array_size(json_object_get(early, methods[m])),
             (const char *[]){"lambda", "layers", "p1"}, 3);
    rows(r, jump, methods, n, layers, (const char *[]){"p1"}, 1);
    for (size_t m = 0; m < n; m++) {
        json_t *s = json_object_get(saved, methods[m]);
        number(r, json_object_get(s, "blocks"), "saved", m);
        number(r, json_object_get(s, "percent"), "saved", m);
    }
}

static int numbers(const char *results, const char *dom)
{
    json_t *root = json_load_file(results, 0, NULL);
    FILE *f = fopen(dom, "rb");
    size_t room = 64u << 20;
    char *text = calloc(1, room);

    if (!root || !f || !text)
        return 1;
    text[fread(text, 1, room - 1, f)] = 0;
    const char *start = strstr(text, "<section>"); /* after any script's own text */
    reader r = {.at = start ? start : text};
    tables(&r, root);
    const char *footer = strstr(r.at, "<footer>"), *more = strstr(r.at, "<data value=\"");
    if (!r.failed && more && more < footer) {
        fprintf(stderr, "more numbers in the tables than in the results\n");
        r.failed = true;
    }
    printf("%ld numbers\n", r.n);
    fclose(f);
    free(text);
    json_decref(root);
    return r.failed;
}

int main(int argc, char **argv)
{
    jc_error err;

    if (argc >= 4 && strcmp(argv[1], "fake") == 0) {
        json_t *root = fake_results((int)strtol(argv[2], NULL, 10),
                                    (const char *const *)(argv + 3), argc - 3);
        int st = json_dumpf(root, stdout, JSON_COMPACT);
        json_decref(root);
        return st != 0;
    }
    if (argc == 4 && strcmp(argv[1], "write") == 0) {
        if (!jc_report_write(argv[2], argv[3], &err))
            return 0;
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    if (argc == 4 && strcmp(argv[1], "numbers") == 0)
        return numbers(argv[2], argv[3]);
    fprintf(stderr, "usage: report_tool fake|write|numbers ...\n");
    return 2;
}
