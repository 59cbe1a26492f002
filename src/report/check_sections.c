/* SPDX-License-Identifier: MIT */
/* check_sections.c: the shape of the sections of results.json that may be missing. */
#include <stdio.h>

#include "report/members.h"

typedef jc_status check(const jc_report_at *at, const char *path, const json_t *value);

#define SCORES                                                                             \
    {"p1", MAYBE_SHARE}, {"p5", MAYBE_SHARE}, {"p10", MAYBE_SHARE}, {"surprisal", MAYBE},  \
        {"p1_ci", INTERVAL}, {"p5_ci", INTERVAL}, {"p10_ci", INTERVAL},                    \
    {                                                                                      \
        "surprisal_ci", INTERVAL                                                           \
    }

static const jc_report_member part_rows[] = {{"layer", COUNT}, SCORES};
static const jc_report_member schedule_rows[] = {{"map", TEXT},         {"kind", TEXT},
                                                 {"blocks", COUNT},     {"jumps", RANGES},
                                                 {"r2_product", MAYBE}, SCORES};
static const jc_report_member last_rows[] = {
    {"layer", COUNT}, {"r2", MAYBE}, {"r2_ci", INTERVAL}};
static const jc_report_member mean_rows[] = {{"p1", MAYBE_SHARE}, {"p1_ci", INTERVAL}};
static const jc_report_member map_rows[] = {
    {"method", TEXT},  {"map", TEXT},   {"from", TEXTS},       {"to", TEXT},
    {"blocks", COUNT}, {"rows", COUNT}, {"parameters", COUNT}, {"r2", MAYBE}};
static const jc_report_member transfer_rows[] = {{"texts", TEXTS}};
static const jc_report_member size_rows[] = {{"name", TEXT},
                                             {"method", TEXT},
                                             {"ridge", NUMBER},
                                             {"bias", FLAG},
                                             {"positions", TEXT}};
static const jc_report_member point_rows[] = {{"vectors", COUNT},
                                              {"r2", MAYBE},
                                              {"p1", MAYBE_SHARE},
                                              {"r2_ci", INTERVAL},
                                              {"p1_ci", INTERVAL}};

static const jc_report_member made_rows[] = {{"version", TEXT}, {"command", TEXTS}};
static const jc_report_member ranks_rows[] = {
    {"width", COUNT}, {"paper", COUNT}, {"val_vectors", COUNT}};
static const jc_report_member cost_rows[] = {{"parameters", COUNT},
                                             {"bytes", COUNT},
                                             {"flops", COUNT},
                                             {"r2", MAYBE},
                                             {"p1_ci", INTERVAL}};

/* Each item of a list, under "path[i]". */
static jc_status each(const jc_report_at *at, const char *path, const json_t *list,
                      check *one)
{
    if (!json_is_array(list))
        return jc_report_wrong(at, "'%s' is not a list", path);
    for (size_t i = 0; i < json_array_size(list); i++) {
        char item[160];
        snprintf(item, sizeof item, "%.130s[%zu]", path, i);
        jc_status st = one(at, item, json_array_get(list, i));
        if (st)
            return st;
    }
    return JC_OK;
}

/* Each member of an object, under "path.name". */
static jc_status each_member(const jc_report_at *at, const char *path, json_t *object,
                             check *one)
{
    const char *name;
    json_t *value;

    if (!json_is_object(object))
        return jc_report_wrong(at, "'%s' is not an object", path);
    json_object_foreach(object, name, value)
    {
        char item[128];
        snprintf(item, sizeof item, "%s.%.64s", path, name);
        jc_status st = one(at, item, value);
        if (st)
            return st;
    }
    return JC_OK;
}

/* A member that counts layers or blocks. */
static jc_status check_layer(const jc_report_at *at, const char *path, const json_t *entry,
                             const char *name)
{
    json_int_t layer = json_integer_value(json_object_get(entry, name));

    if (layer > (json_int_t)at->layers)
        return jc_report_wrong(at, "'%s.%s' is more than %zu", path, name, at->layers);
    return JC_OK;
}

static jc_status check_part_layer(const jc_report_at *at, const char *path,
                                  const json_t *entry)
{
    return jc_report_object(at, path, entry, part_rows, JC_COUNT(part_rows));
}

static jc_status check_last_layer(const jc_report_at *at, const char *path,
                                  const json_t *entry)
{
    return jc_report_object(at, path, entry, last_rows, JC_COUNT(last_rows));
}

static jc_status check_jump_mean(const jc_report_at *at, const char *path,
                                 const json_t *entry)
{
    return jc_report_object(at, path, entry, mean_rows, JC_COUNT(mean_rows));
}

static const jc_report_member map_scores[] = {SCORES};

/* Scores are missing where the target is not the last layer. */
static jc_status check_map(const jc_report_at *at, const char *path, const json_t *map)
{
    jc_status st = jc_report_object(at, path, map, map_rows, JC_COUNT(map_rows));

    return st || !json_object_get(map, "p1")
               ? st
               : jc_report_object(at, path, map, map_scores, JC_COUNT(map_scores));
}

/* As of the methods, an entry a layer: the page looks one up beside the other. */
static jc_status each_layer(const jc_report_at *at, const char *path, const json_t *list,
                            check *one)
{
    size_t n = json_array_size(list);

    if (!json_is_array(list) || n != at->layers + 1)
        return jc_report_wrong(at, "'%s' is not a list of %zu layers", path,
                               at->layers + 1);
    jc_status st = each(at, path, list, one);
    for (size_t i = 0; i < n && st == JC_OK; i++)
        if (json_integer_value(json_object_get(json_array_get(list, i), "layer")) !=
            (json_int_t)i)
            return jc_report_wrong(at, "'%s[%zu].layer' is not %zu", path, i, i);
    return st;
}

static jc_status check_part(const jc_report_at *at, const char *path, const json_t *list)
{
    return each_layer(at, path, list, check_part_layer);
}

static jc_status check_last(const jc_report_at *at, const char *path, const json_t *list)
{
    return each_layer(at, path, list, check_last_layer);
}

static jc_status check_schedule(const jc_report_at *at, const char *path,
                                const json_t *entry)
{
    jc_status st =
        jc_report_object(at, path, entry, schedule_rows, JC_COUNT(schedule_rows));

    return st ? st : check_layer(at, path, entry, "blocks");
}

/* [2][2], each value of this kind. */
static jc_status check_square(const jc_report_at *at, const char *path,
                              const json_t *object, const char *name, check *one)
{
    const json_t *square = json_object_get(object, name);
    char item[160];
    jc_status st = JC_OK;

    for (size_t i = 0; i < 2; i++)
        if (!json_is_array(square) || json_array_size(square) != 2 ||
            json_array_size(json_array_get(square, i)) != 2)
            return jc_report_wrong(at, "'%s.%s' is not a table of 2 x 2", path, name);
    for (size_t i = 0; i < 4 && st == JC_OK; i++) {
        snprintf(item, sizeof item, "%.100s.%s[%zu][%zu]", path, name, i / 2, i % 2);
        st = one(at, item, json_array_get(json_array_get(square, i / 2), i % 2));
    }
    return st;
}

static jc_status check_mean(const jc_report_at *at, const char *path, const json_t *value)
{
    return jc_report_is(value, MAYBE_SHARE)
               ? JC_OK
               : jc_report_wrong(at, "'%s' is not a number from 0 to 1 or null", path);
}

static jc_status check_range(const jc_report_at *at, const char *path, const json_t *value)
{
    return jc_report_is(value, RANGE)
               ? JC_OK
               : jc_report_wrong(at, "'%s' is not a pair of numbers or null", path);
}

static jc_status check_layers(const jc_report_at *at, const char *path, const json_t *list)
{
    size_t n = at->layers + 1;

    if (!jc_report_all(list, MAYBE_SHARE) || json_array_size(list) != n)
        return jc_report_wrong(at, "'%s' is not a list of %zu numbers from 0 to 1 or nulls",
                               path, n);
    return JC_OK;
}

static jc_status check_transfer_map(const jc_report_at *at, const char *path,
                                    const json_t *map)
{
    jc_status st = jc_report_object(at, path, map, NULL, 0);

    if (st == JC_OK)
        st = check_square(at, path, map, "p1_mean", check_mean);
    if (st == JC_OK && json_object_get(map, "p1_mean_ci"))
        st = check_square(at, path, map, "p1_mean_ci", check_range);
    return st ? st : check_square(at, path, map, "p1", check_layers);
}

static jc_status check_point(const jc_report_at *at, const char *path, const json_t *entry)
{
    return jc_report_object(at, path, entry, point_rows, JC_COUNT(point_rows));
}

static jc_status check_size(const jc_report_at *at, const char *path, const json_t *entry)
{
    char points[128];
    jc_status st = jc_report_object(at, path, entry, size_rows, JC_COUNT(size_rows));

    snprintf(points, sizeof points, "%.100s.points", path);
    return st ? st : each(at, points, json_object_get(entry, "points"), check_point);
}

static jc_status check_transfer(const jc_report_at *at, json_t *transfer)
{
    jc_status st =
        jc_report_object(at, "transfer", transfer, transfer_rows, JC_COUNT(transfer_rows));

    if (st == JC_OK && json_array_size(json_object_get(transfer, "texts")) != 2)
        st = jc_report_wrong(at, "'transfer.texts' is not a list of 2 texts");
    return st ? st
              : each_member(at, "transfer.map", json_object_get(transfer, "map"),
                            check_transfer_map);
}

/* Scores of a rank, or of a method beside them; without a head p1 is missing. */
static jc_status check_cost(const jc_report_at *at, const char *path, const json_t *entry)
{
    jc_status st = jc_report_object(at, path, entry, cost_rows, JC_COUNT(cost_rows));
    char layers[160];

    if (st == JC_OK && json_object_get(entry, "p1"))
        st = jc_report_object(at, path, entry, mean_rows, JC_COUNT(mean_rows));
    snprintf(layers, sizeof layers, "%.140s.layers", path);
    if (st == JC_OK && at->head)
        st = each_layer(at, layers, json_object_get(entry, "layers"), check_part_layer);
    return st;
}

static jc_status check_rank(const jc_report_at *at, const char *path, const json_t *entry)
{
    static const jc_report_member rank[] = {{"rank", COUNT}};
    jc_status st = jc_report_object(at, path, entry, rank, JC_COUNT(rank));

    return st ? st : check_cost(at, path, entry);
}

static jc_status check_net_point(const jc_report_at *at, const char *path,
                                 const json_t *entry)
{
    static const jc_report_member rows[] = {
        {"gap", NUMBER}, {"p1", SHARE}, {"flops", NUMBER}, {"bytes", NUMBER}};
    const json_t *exits = json_object_get(entry, "at");
    jc_status st = jc_report_object(at, path, entry, rows, JC_COUNT(rows));

    if (st == JC_OK && !json_is_array(exits))
        st = jc_report_wrong(at, "'%s.at' is not a list", path);
    for (size_t i = 0; i < json_array_size(exits) && st == JC_OK; i++)
        if (!jc_report_is(json_array_get(exits, i), COUNT))
            st = jc_report_wrong(at, "'%s.at' has an item that is not a count", path);
    return st;
}

/* Of every method that has scores. */
static jc_status check_net(const jc_report_at *at, const json_t *root)
{
    const json_t *net = json_object_get(root, "net");
    const char *method;
    json_t *scores;
    jc_status st = jc_report_object(at, "net", net, NULL, 0);

    json_object_foreach(json_object_get(root, "jump"), method, scores)
    {
        const json_t *of = json_object_get(net, method);
        if (st == JC_OK)
            st = jc_report_object(at, "a method of 'net'", of, NULL, 0);
        if (st == JC_OK)
            st = each(at, "net.by_flops", json_object_get(of, "by_flops"), check_net_point);
        if (st == JC_OK)
            st = each(at, "net.by_bytes", json_object_get(of, "by_bytes"), check_net_point);
        if (st == JC_OK)
            st = check_net_point(at, "net.best", json_object_get(of, "best"));
    }
    return st;
}

static jc_status check_decode_point(const jc_report_at *at, const char *path,
                                    const json_t *entry)
{
    static const jc_report_member rows[] = {
        {"gate", TEXT},     {"fill", TEXT},    {"lambda", MAYBE}, {"equal", SHARE},
        {"blocks", NUMBER}, {"bytes", NUMBER}, {"speed", NUMBER}};
    jc_status st = jc_report_object(at, path, entry, rows, JC_COUNT(rows));

    if (st == JC_OK && !jc_report_all(json_object_get(entry, "at"), COUNT))
        st = jc_report_wrong(at, "'%s.at' is not a list of counts", path);
    return st;
}

static jc_status check_decode(const jc_report_at *at, const json_t *decode)
{
    static const jc_report_member rows[] = {{"prompts", COUNT}, {"tokens", COUNT}};
    jc_status st = jc_report_object(at, "decode", decode, rows, JC_COUNT(rows));

    return st ? st
              : each(at, "decode.points", json_object_get(decode, "points"),
                     check_decode_point);
}

static jc_status check_ranks(const jc_report_at *at, const json_t *ranks)
{
    jc_status st = jc_report_object(at, "ranks", ranks, ranks_rows, JC_COUNT(ranks_rows));

    if (st == JC_OK)
        st = each(at, "ranks.points", json_object_get(ranks, "points"), check_rank);
    return st ? st
              : each_member(at, "ranks.beside", json_object_get(ranks, "beside"),
                            check_cost);
}

jc_status jc_report_check_sections(const jc_report_at *at, const json_t *root)
{
    json_t *last = json_object_get(root, "r2_last");
    json_t *means = json_object_get(root, "jump_mean");
    json_t *parts = json_object_get(root, "parts");
    json_t *schedules = json_object_get(root, "schedules");
    json_t *transfer = json_object_get(root, "transfer");
    json_t *sizes = json_object_get(root, "training_size");
    const json_t *made = json_object_get(root, "made");
    const json_t *ranks = json_object_get(root, "ranks");
    jc_status st = parts ? each_member(at, "parts", parts, check_part) : JC_OK;

    if (st == JC_OK && last)
        st = each_member(at, "r2_last", last, check_last);
    if (st == JC_OK && means)
        st = each_member(at, "jump_mean", means, check_jump_mean);
    if (st == JC_OK && schedules)
        st = each(at, "schedules", schedules, check_schedule);
    if (st == JC_OK && json_object_get(root, "maps"))
        st = each(at, "maps", json_object_get(root, "maps"), check_map);
    if (st == JC_OK && transfer)
        st = check_transfer(at, transfer);
    if (st == JC_OK && sizes)
        st = each(at, "training_size", sizes, check_size);
    if (st == JC_OK && json_object_get(root, "net"))
        st = check_net(at, root);
    if (st == JC_OK && json_object_get(root, "decode"))
        st = check_decode(at, json_object_get(root, "decode"));
    if (st == JC_OK && ranks)
        st = check_ranks(at, ranks);
    if (st == JC_OK && made)
        st = jc_report_object(at, "made", made, made_rows, JC_COUNT(made_rows));
    return st;
}
