/* SPDX-License-Identifier: MIT */
#include "cli/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cli/cli.h"

enum { COLUMN = 8, METHODS_MAX = 32 };

typedef struct table {
    json_t *json;
    const char *method[METHODS_MAX]; /* [n_methods], those of "r2" */
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
    json_object_foreach(json_object_get(t->json, "r2"), name, unused)
    {
        size_t at = t->n_methods;
        if (at == METHODS_MAX)
            break;
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

static void print_heads(FILE *f, const table *t, int width)
{
    fputs("      ", f);
    for (size_t k = 0; k < t->columns; k++)
        fprintf(f, " %*s", width * (int)t->n_methods, metrics[k].title);
    fputs("\nlayer ", f);
    for (size_t k = 0; k < t->columns; k++) {
        fputc(' ', f);
        for (size_t m = 0; m < t->n_methods; m++)
            fprintf(f, "%*s", width, t->method[m]);
    }
    fputc('\n', f);
}

static void print_text(FILE *f, const table *t)
{
    int width = column_width(t);

    print_heads(f, t, width);
    for (size_t l = 0; l < t->rows; l++) {
        fprintf(f, "%5zu ", l);
        for (size_t k = 0; k < t->columns; k++) {
            fputc(' ', f);
            for (size_t m = 0; m < t->n_methods; m++) {
                double x = value(t, &metrics[k], m, l);
                if (isnan(x))
                    fprintf(f, "%*s", width, "-");
                else if (x < -99)
                    fprintf(f, "%*s", width, "< -99");
                else
                    fprintf(f, "%*.*f", width, metrics[k].digits, x);
            }
        }
        fputc('\n', f);
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

/* Numbers of all of a method's maps to the last layer, and of one the work for a token. */
static void print_costs(FILE *f, const table *t)
{
    json_t *costs = json_object_get(t->json, "cost");

    for (size_t m = 0; m < t->n_methods; m++) {
        json_t *cost = json_object_get(costs, t->method[m]);
        json_int_t parameters = json_integer_value(json_object_get(cost, "parameters"));
        if (parameters)
            fprintf(
                f,
                "%s: mean P@1 %.3f; maps to the last layer have %lld parameters in "
                "%lld bytes; one takes %lld flops a token\n",
                t->method[m],
                number(json_object_get(
                    json_object_get(json_object_get(t->json, "jump_mean"), t->method[m]),
                    "p1")),
                (long long)parameters,
                (long long)json_integer_value(json_object_get(cost, "bytes")),
                (long long)json_integer_value(json_object_get(cost, "flops")));
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
        fputc('\n', f);
        print_saved(f, &t);
        print_costs(f, &t);
        print_maps(f, &t);
    }
    json_decref(t.json);
    return JC_OK;
}

jc_status jc_table_saved(FILE *f, const char *json, jc_error *err)
{
    table t;
    jc_status st = table_read(&t, json, err);

    if (st)
        return st;
    print_saved(f, &t);
    json_decref(t.json);
    return JC_OK;
}
