/* SPDX-License-Identifier: MIT */
#include "cli/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cli/cli.h"

/* Of up to SIDE methods the metrics stand side by side, of more one under another. */
enum { COLUMN = 8, SIDE = 3 };

typedef struct table {
    json_t *json;
    const char **method; /* [n_methods], those of "r2" */
    size_t n_methods;
    size_t columns; /* metrics: all, or without a head R2 alone */
    size_t rows;    /* layers with scores */
    size_t layers;  /* L, blocks of the model */
} table;

/* A row of the table: where its value stands in results.json. */
static const struct metric {
    const char *title, *key; /* key NULL: R2, which has a matrix of its own */
    int digits;
} metrics[] = {
    {"R2 to last", NULL, 3},       {"P@1", "p1", 3}, {"P@5", "p5", 3}, {"P@10", "p10", 3},
    {"surprisal", "surprisal", 3}, {"KL", "kl", 3},
};

static jc_status table_read(table *t, const char *text, jc_error *err)
{
    const char *name;
    json_t *unused;

    memset(t, 0, sizeof *t);
    t->json = json_loads(text, 0, NULL);
    if (!t->json) /* it is our own */
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for the results");
    t->method =
        calloc(json_object_size(json_object_get(t->json, "r2")) + 1, sizeof *t->method);
    if (!t->method) {
        json_decref(t->json);
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for the results");
    }
    json_object_foreach(json_object_get(t->json, "r2"), name, unused)
    {
        size_t at = t->n_methods;
        if (strcmp(name, "id") == 0) { /* first, as what the others are measured against */
            memmove(t->method + 1, t->method, at * sizeof *t->method);
            at = 0;
        }
        t->method[at] = name;
        t->n_methods++;
    }
    t->layers = (size_t)json_integer_value(
        json_object_get(json_object_get(t->json, "model"), "layers"));
    if (t->n_methods)
        t->rows =
            json_array_size(json_object_get(json_object_get(t->json, "r2"), t->method[0]));
    t->columns = json_object_get(t->json, "jump") ? JC_COUNT_OF(metrics) : 1;
    return JC_OK;
}

static void table_free(table *t)
{
    free(t->method);
    json_decref(t->json);
}

static double number(const json_t *value)
{
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static json_t *jump(const table *t, size_t method, size_t layer)
{
    return json_array_get(
        json_object_get(json_object_get(t->json, "jump"), t->method[method]), layer);
}

/* NAN where there is none. */
static double value(const table *t, const struct metric *metric, size_t method,
                    size_t layer)
{
    if (metric->key)
        return number(json_object_get(jump(t, method, layer), metric->key));
    json_t *matrix = json_object_get(json_object_get(t->json, "r2"), t->method[method]);
    size_t last = json_array_size(matrix);
    return last ? number(json_array_get(json_array_get(matrix, layer), last - 1))
                : (double)NAN;
}

static int column_width(const table *t)
{
    size_t width = COLUMN;

    for (size_t m = 0; m < t->n_methods; m++)
        if (strlen(t->method[m]) + 1 > width)
            width = strlen(t->method[m]) + 1;
    return (int)width;
}

/* Metrics first .. end - 1, side by side; each over the last of its columns, one alone over
 * the first. */
static void print_heads(FILE *f, const table *t, int width, size_t first, size_t end)
{
    fputs("      ", f);
    for (size_t k = first; k < end; k++)
        fprintf(f, " %*s", end - first > 1 ? width * (int)t->n_methods : width,
                metrics[k].title);
    fputs("\nlayer ", f);
    for (size_t k = first; k < end; k++) {
        fputc(' ', f);
        for (size_t m = 0; m < t->n_methods; m++)
            fprintf(f, "%*s", width, t->method[m]);
    }
    fputc('\n', f);
}

static void print_value(FILE *f, double x, int width, int digits)
{
    if (isnan(x))
        fprintf(f, "%*s", width, "-");
    else if (x < -99)
        fprintf(f, "%*s", width, "< -99");
    else
        fprintf(f, "%*.*f", width, digits, x);
}

static void print_metrics(FILE *f, const table *t, size_t first, size_t end)
{
    int width = column_width(t);

    print_heads(f, t, width, first, end);
    for (size_t l = 0; l < t->rows; l++) {
        fprintf(f, "%5zu ", l);
        for (size_t k = first; k < end; k++) {
            fputc(' ', f);
            for (size_t m = 0; m < t->n_methods; m++)
                print_value(f, value(t, &metrics[k], m, l), width, metrics[k].digits);
        }
        fputc('\n', f);
    }
}

static void print_text(FILE *f, const table *t)
{
    size_t some = t->n_methods <= SIDE ? t->columns : 1;

    for (size_t k = 0; k < t->columns; k += some) {
        if (k)
            fputc('\n', f);
        print_metrics(f, t, k, k + some);
    }
}

static void cell(FILE *f, double x)
{
    if (isnan(x))
        fputc(',', f);
    else
        fprintf(f, ",%.9g", x);
}

/* The ends of a figure's interval. */
static void cells(FILE *f, const json_t *interval)
{
    cell(f, number(json_array_get(interval, 0)));
    cell(f, number(json_array_get(interval, 1)));
}

static void print_csv(FILE *f, const table *t)
{
    fputs("layer,method,r2,p1,p5,p10,surprisal,surprisal_lo,surprisal_hi,kl,kl_lo,kl_hi\n",
          f);
    for (size_t l = 0; l < t->rows; l++) {
        for (size_t m = 0; m < t->n_methods; m++) {
            const json_t *scores = jump(t, m, l);
            fprintf(f, "%zu,%s", l, t->method[m]);
            for (size_t k = 0; k + 1 < JC_COUNT_OF(metrics); k++)
                cell(f, value(t, &metrics[k], m, l));
            cells(f, json_object_get(scores, "surprisal_ci"));
            cell(f, number(json_object_get(scores, "kl")));
            cells(f, json_object_get(scores, "kl_ci"));
            fputc('\n', f);
        }
    }
}

/* The paper's figure counts blocks alone. What a read-out after each costs, and what a few
 * exits save with everything counted, stands beside it. */
static void print_saving(FILE *f, const table *t, size_t m, const json_t *saved,
                         double target)
{
    const json_t *net = json_object_get(json_object_get(t->json, "net"), t->method[m]);
    const json_t *best = json_object_get(net, "best"), *at = json_object_get(best, "at");
    double bytes = number(json_object_get(best, "bytes"));

    fprintf(f,
            "%s: early exit leaves %.1f of %zu blocks (%.1f%%) unrun at precision@1 %g "
            "(blocks, read-outs not counted, as in the paper)\n",
            t->method[m], number(json_object_get(saved, "blocks")), t->layers,
            number(json_object_get(saved, "percent")), target);
    if (json_object_get(saved, "flops"))
        fprintf(f,
                "%s: with a read-out after each of %zu layers that costs %.2f times the "
                "multiply-adds and %.2f times the bytes of the full model",
                t->method[m], t->layers - 1, number(json_object_get(saved, "flops")),
                number(json_object_get(saved, "bytes")));
    if (json_array_size(at) == 0)
        fputs(best ? "; no choice of up to three exits saves bytes\n" : "\n", f);
    for (size_t i = 0; i < json_array_size(at); i++)
        fprintf(f, "%s%lld", i ? "," : "; with exits at ",
                (long long)json_integer_value(json_array_get(at, i)));
    if (json_array_size(at))
        fprintf(f, " it saves %.1f%% of the bytes and %.1f%% of the multiply-adds\n",
                100 * (1 - bytes), 100 * (1 - number(json_object_get(best, "flops"))));
}

static void print_saved(FILE *f, const table *t)
{
    json_t *saved = json_object_get(t->json, "saved");
    double target = number(json_object_get(saved, "target"));

    for (size_t m = 0; saved && m < t->n_methods; m++) {
        json_t *row = json_object_get(saved, t->method[m]);
        double blocks = number(json_object_get(row, "blocks"));
        double percent = number(json_object_get(row, "percent"));
        if (isnan(blocks) || isnan(percent))
            fprintf(f, "%s: no early exit keeps precision@1 at %g\n", t->method[m], target);
        else
            print_saving(f, t, m, row, target);
    }
}

static long long cost(const table *t, size_t method, const char *key)
{
    json_t *costs = json_object_get(json_object_get(t->json, "cost"), t->method[method]);

    return (long long)json_integer_value(json_object_get(costs, key));
}

/* The mean over the layers before the last. */
static double mean(const table *t, const struct metric *metric, size_t method)
{
    double sum = 0;

    for (size_t l = 0; l < t->layers; l++)
        sum += value(t, metric, method, l);
    return sum / (double)t->layers;
}

/* A line for each method: its scores, and what its maps to the last layer cost: the numbers
 * of all of them, their bytes, and the work that one is for a token. */
static void print_summary(FILE *f, const table *t)
{
    int width = column_width(t) - 1;

    fprintf(f, "\n%-*s", width, "mean");
    for (size_t k = 0; k < t->columns; k++)
        fprintf(f, " %10s", metrics[k].title);
    fprintf(f, " %10s %10s %10s  file\n", "parameters", "bytes", "flops");
    for (size_t m = 0; m < t->n_methods; m++) {
        json_t *fit = json_object_get(json_object_get(t->json, "fits"), t->method[m]);
        const char *file = json_string_value(json_object_get(fit, "file"));
        fprintf(f, "%-*s", width, t->method[m]);
        for (size_t k = 0; k < t->columns; k++)
            print_value(f, mean(t, &metrics[k], m), 11, metrics[k].digits);
        fprintf(f, " %10lld %10lld %10lld", cost(t, m, "parameters"), cost(t, m, "bytes"),
                cost(t, m, "flops"));
        fprintf(f, "%s%s\n", file ? "  " : "", file ? file : "");
    }
}

/* Maps that are scored one by one. */
static void print_maps(FILE *f, const table *t)
{
    static const char *const keys[] = {"r2", "p1", "p5", "p10", "surprisal"};
    json_t *maps = json_object_get(t->json, "maps"), *map;
    size_t i;

    if (!maps)
        return;
    fprintf(f, "\nblocks     rows parameters %7s %7s %7s %7s %9s  map\n", "R2", "P@1",
            "P@5", "P@10", "surprisal");
    json_array_foreach(maps, i, map)
    {
        fprintf(f, "%6lld %8lld %10lld",
                (long long)json_integer_value(json_object_get(map, "blocks")),
                (long long)json_integer_value(json_object_get(map, "rows")),
                (long long)json_integer_value(json_object_get(map, "parameters")));
        for (size_t k = 0; k < JC_COUNT_OF(keys); k++) {
            double x = number(json_object_get(map, keys[k]));
            if (isnan(x))
                fprintf(f, " %*s", k == 4 ? 9 : 7, "-");
            else
                fprintf(f, " %*.3f", k == 4 ? 9 : 7, x);
        }
        fprintf(f, "  %s %s\n", json_string_value(json_object_get(map, "method")),
                json_string_value(json_object_get(map, "map")));
    }
}

jc_status jc_table_print(FILE *f, const char *json, const char *format, jc_error *err)
{
    table t;

    if (strcmp(format, "json") == 0) {
        fprintf(f, "%s%s", json, json[0] && json[strlen(json) - 1] == '\n' ? "" : "\n");
        return JC_OK;
    }
    jc_status st = table_read(&t, json, err);
    if (st)
        return st;
    if (strcmp(format, "csv") == 0) {
        print_csv(f, &t);
    } else {
        print_text(f, &t);
        print_summary(f, &t);
        fputc('\n', f);
        print_saved(f, &t);
        print_maps(f, &t);
    }
    table_free(&t);
    return JC_OK;
}

jc_status jc_table_saved(FILE *f, const char *json, jc_error *err)
{
    table t;
    jc_status st = table_read(&t, json, err);

    if (st)
        return st;
    print_saved(f, &t);
    table_free(&t);
    return JC_OK;
}
