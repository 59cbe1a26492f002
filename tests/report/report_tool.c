/* SPDX-License-Identifier: MIT */
/*
 * report_tool.c: what screenshot.sh needs that a shell cannot do.
 *
 *   report_tool fake L METHOD...            results of a model of L blocks to stdout
 *   report_tool whole L METHOD...           the same with all sections there are
 *   report_tool worse L METHOD...           and much of it unknown or poor
 *   report_tool headless L METHOD...        and nothing read out
 *   report_tool write RESULTS PAGE          the page
 *   report_tool numbers RESULTS DOM         is every number of the page's tables the
 *                                           results' own, in the tables' order, and none
 *                                           left over?
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "fake_results.h"
#include "jumpcut/report.h"

typedef struct reader {
    const char *at; /* in the DOM as text */
    long n;         /* numbers compared */
    bool failed;
} reader;

/* Next <data value="exact">shown</data>: exact is `want`, shown is it to some decimals. */
static void number(reader *r, const json_t *want, const char *what, size_t row)
{
    if (r->failed || !want || json_is_null(want))
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

/* A member, and its interval. */
static void member(reader *r, const json_t *entry, const char *name, size_t row)
{
    const json_t *value = json_object_get(entry, name);
    char ci[32];

    number(r, value, name, row);
    snprintf(ci, sizeof ci, "%s_ci", name);
    value = json_object_get(entry, ci);
    number(r, json_array_get(value, 0), ci, row);
    number(r, json_array_get(value, 1), ci, row);
}

static void members(reader *r, const json_t *entry, const char *const *names, size_t row)
{
    for (; *names; names++)
        member(r, entry, *names, row);
}

static const char *const precision[] = {"p1", "p5", "p10", NULL};
static const char *const surprisal[] = {"surprisal", NULL};

/* A line a layer, in it the members of one list after another. */
static void by_layer(reader *r, json_t *const *lists, size_t n_lists,
                     const char *const *names)
{
    for (size_t l = 0; l < json_array_size(lists[0]); l++)
        for (size_t i = 0; i < n_lists; i++)
            members(r, json_array_get(lists[i], l), names, l);
}

static void by_entry(reader *r, const json_t *list, const char *const *names)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        members(r, json_array_get(list, i), names, i);
}

/* R2 to the last layer, where there is that. */
static void summaries(reader *r, json_t *root, const char **methods, size_t n)
{
    json_t *last = json_object_get(root, "r2_last"), *lists[16];

    for (size_t m = 0; m < n && last; m++)
        lists[m] = json_object_get(last, methods[m]);
    if (last)
        by_layer(r, lists, n, (const char *[]){"r2", NULL});
}

static void first_tables(reader *r, json_t *root, const char **methods, size_t n,
                         json_t *const *jump)
{
    json_t *early = json_object_get(root, "exit"), *saved = json_object_get(root, "saved");
    size_t layers = json_array_size(jump[0]);

    for (size_t m = 0; m < n; m++) {
        json_t *matrix = json_object_get(json_object_get(root, "r2"), methods[m]);
        for (size_t i = 0; i < layers; i++)
            for (size_t j = 0; j < layers; j++)
                number(r, json_array_get(json_array_get(matrix, i), j), "r2", i);
    }
    summaries(r, root, methods, n);
    by_layer(r, jump, n, precision);
    for (size_t m = 0; m < n; m++)
        member(r, json_object_get(json_object_get(root, "jump_mean"), methods[m]), "p1", m);
    by_layer(r, jump, n, surprisal);
    by_layer(r, jump, n, (const char *[]){"kl", NULL});
    for (size_t m = 0; m < n; m++)
        by_entry(r, json_object_get(early, methods[m]),
                 (const char *[]){"lambda", "layers", "p1", NULL});
    for (size_t l = 0; l < layers; l++)
        for (size_t m = 0; m < n; m++)
            number(r, json_object_get(json_array_get(jump[m], l), "p1"), "fixed exit", l);
    for (size_t m = 0; m < n; m++) {
        json_t *s = json_object_get(saved, methods[m]);
        members(r, s, (const char *[]){"blocks", "percent", NULL}, m);
    }
}

/* Choices of exits of each method, by both kinds of work. */
static void net_tables(reader *r, json_t *root, const char **methods, size_t n)
{
    json_t *net = json_object_get(root, "net");

    for (size_t m = 0; m < n && net; m++) {
        json_t *of = json_object_get(net, methods[m]);
        const char *const names[] = {"p1", "flops", "bytes", NULL};
        by_entry(r, json_object_get(of, "by_bytes"), names);
        by_entry(r, json_object_get(of, "by_flops"), names);
    }
}

/* The parts are of mat, which is their only whole. */
static void parts_tables(reader *r, json_t *root)
{
    json_t *parts = json_object_get(root, "parts"), *lists[8], *list;
    const char *name;
    size_t n = 0;

    json_object_foreach(parts, name, list)
    {
        lists[n++] = list;
    }
    if (n == 0)
        return;
    lists[n++] = json_object_get(json_object_get(root, "jump"), "mat");
    by_layer(r, lists, n, precision);
    by_layer(r, lists, n, surprisal);
}

/* Put `entry` behind those of no more blocks. */
static void insert(json_t **runs, size_t n, json_t *entry)
{
    json_int_t blocks = json_integer_value(json_object_get(entry, "blocks"));

    for (; n > 0 && json_integer_value(json_object_get(runs[n - 1], "blocks")) > blocks;
         n--)
        runs[n] = runs[n - 1];
    runs[n] = entry;
}

static void schedule_tables(reader *r, json_t *root)
{
    static const char *const kinds[] = {"best", "exit", "alternate"};
    static const char *const *const columns[] = {precision, surprisal};
    json_t *list = json_object_get(root, "schedules");
    size_t n = json_array_size(list);
    json_t **runs = calloc(n + 1, sizeof(json_t *));

    for (size_t table = 0; runs && table < 2 * JC_COUNT(kinds); table++) {
        size_t had = 0;
        for (size_t i = 0; i < n; i++) {
            json_t *entry = json_array_get(list, i);
            if (strcmp(json_string_value(json_object_get(entry, "kind")),
                       kinds[table % JC_COUNT(kinds)]) == 0)
                insert(runs, had++, entry);
        }
        for (size_t i = 0; i < had; i++) {
            members(r, runs[i], (const char *[]){"blocks", "r2_product", NULL}, i);
            members(r, runs[i], columns[table / JC_COUNT(kinds)], i);
        }
    }
    free(runs);
}

static void transfer_tables(reader *r, json_t *root)
{
    json_t *maps = json_object_get(json_object_get(root, "transfer"), "map"), *map;
    size_t layers = json_array_size(json_object_get(json_object_get(root, "jump"), "id"));
    const char *name;

    json_object_foreach(maps, name, map)
    {
        for (size_t i = 0; i < 4; i++) {
            json_t *ci = json_array_get(
                json_array_get(json_object_get(map, "p1_mean_ci"), i / 2), i % 2);
            number(r,
                   json_array_get(json_array_get(json_object_get(map, "p1_mean"), i / 2),
                                  i % 2),
                   "p1_mean", i);
            number(r, json_array_get(ci, 0), "p1_mean_ci", i);
            number(r, json_array_get(ci, 1), "p1_mean_ci", i);
        }
    }
    json_object_foreach(maps, name, map)
    {
        size_t n = strcmp(name, "id") == 0 ? 2 : 4;
        for (size_t i = 0; i < layers * n; i++) {
            json_t *row = json_array_get(json_object_get(map, "p1"), i % n / 2);
            number(r, json_array_get(json_array_get(row, i % 2), i / n), "transfer", i);
        }
    }
}

static void size_tables(reader *r, json_t *root)
{
    static const char *const names[][2] = {{"r2", NULL}, {"p1", NULL}};
    json_t *list = json_object_get(root, "training_size");

    for (size_t k = 0; k < JC_COUNT(names); k++)
        for (size_t i = 0; i < json_array_size(list); i++)
            by_entry(r, json_object_get(json_array_get(list, i), "points"), names[k]);
}

static void rank_row(reader *r, json_t *entry, const char *const *score, size_t row)
{
    members(r, entry, (const char *[]){"parameters", "bytes", "flops", NULL}, row);
    members(r, entry, score, row);
}

/* By rank, then by layer at the papers' rank, the first. */
static void rank_tables(reader *r, json_t *root)
{
    static const char *const names[][2] = {{"r2", NULL}, {"p1", NULL}, {"surprisal", NULL}};
    json_t *ranks = json_object_get(root, "ranks"),
           *beside = json_object_get(ranks, "beside");
    json_t *points = json_object_get(ranks, "points");
    json_t *three[] = {json_array_get(points, 0), json_object_get(beside, "mat"),
                       json_object_get(beside, "id")};
    json_t *lists[3];

    if (!ranks)
        return;
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < json_array_size(points); i++)
            rank_row(r, json_array_get(points, i), names[k], i);
        rank_row(r, three[1], names[k], 1);
        rank_row(r, three[2], names[k], 2);
    }
    for (size_t i = 0; i < 3; i++)
        lists[i] = json_object_get(three[i], "layers");
    by_layer(r, lists, 3, names[1]);
    by_layer(r, lists, 3, names[2]);
}

static void tables(reader *r, json_t *root)
{
    json_t *all = json_object_get(root, "jump"), *jump[16];
    const char *methods[16];
    size_t n = order(all, methods);

    for (size_t m = 0; m < n; m++)
        jump[m] = json_object_get(all, methods[m]);
    first_tables(r, root, methods, n, jump);
    net_tables(r, root, methods, n);
    parts_tables(r, root);
    schedule_tables(r, root);
    rank_tables(r, root);
    transfer_tables(r, root);
    size_tables(r, root);
}

static int numbers(const char *results, const char *dom)
{
    json_t *root = json_load_file(results, 0, NULL);
    FILE *f = fopen(dom, "rb");
    size_t room = 64u << 20;
    char *text = calloc(1, room);

    if (!root || !f || !text) {
        fprintf(stderr, "cannot read '%s' or '%s'\n", results, dom);
        exit(1);
    }
    text[fread(text, 1, room - 1, f)] = 0;
    const char *start = strstr(text, "<section "); /* after any script's own text */
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

    bool worse = argc >= 4 && strcmp(argv[1], "worse") == 0;
    bool headless = argc >= 4 && strcmp(argv[1], "headless") == 0;
    bool whole = worse || headless || (argc >= 4 && strcmp(argv[1], "whole") == 0);
    if (whole || (argc >= 4 && strcmp(argv[1], "fake") == 0)) {
        int layers = (int)strtol(argv[2], NULL, 10);
        json_t *root = fake_results(layers, (const char *const *)(argv + 3), argc - 3);
        if (whole)
            fake_sections(root, layers);
        if (worse)
            fake_worse(root);
        if (headless)
            fake_headless(root);
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
    fprintf(stderr, "usage: report_tool fake|whole|worse|headless|write|numbers ...\n");
    return 2;
}
