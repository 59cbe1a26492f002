/* SPDX-License-Identifier: MIT */
/* Early exit with its cost, against every choice of exits worked out row by row from the
 * definition, with the shapes of tiny-gemma3: 4 blocks. */
#include "support/check.h"

#include <math.h>
#include <stdlib.h>

#include "eval/net.h"
#include "support/shortcuts.h"

extern const jc_metric jc_metric_net;

enum { LAYERS = 4, TAPS = LAYERS + 1, ROWS = 300, METHODS = 3, RANK = 2 };

static jc_score scores[METHODS][TAPS][ROWS]; /* of the identity, mat and narrow */

static void make_scores(void)
{
    uint64_t seed = 4;

    for (size_t m = 0; m < METHODS; m++)
        for (size_t l = 0; l < TAPS; l++)
            for (size_t r = 0; r < ROWS; r++) {
                float sure = (check_rand(&seed) + 1) / 2;
                scores[m][l][r].gap = sure;
                scores[m][l][r].rank = l < LAYERS && check_rand(&seed) + 1 > 1.6f * sure;
            }
}

struct sums {
    double p1, flops, bytes;
};

static jc_cost block[LAYERS + 1], readout; /* of the model; the first is none */
static double width;

static void read_costs(const jc_model *model)
{
    width = jc_model_get_info(model)->width;
    readout = jc_cost_readout(model);
    for (uint32_t l = 1; l <= LAYERS; l++)
        block[l] = jc_cost_block(model, l);
}

/* Exits are a set of bits: bit l of layer l. */
static struct sums by_definition(size_t m, unsigned exits, double gap)
{
    const double d = width, map = m == 0 ? 0 : m == 1 ? d * d : 2 * RANK * d;
    struct sums s = {0, 0, 0};
    double flops = readout.flops, bytes = readout.bytes;

    for (uint32_t l = 1; l <= LAYERS; l++) {
        flops += block[l].flops;
        bytes += block[l].bytes;
    }
    for (size_t r = 0; r < ROWS; r++) {
        bool gone = false;
        for (uint32_t l = 1; l <= LAYERS && !gone; l++) {
            s.flops += block[l].flops / flops;
            s.bytes += block[l].bytes / bytes;
            if (l < LAYERS && !(exits >> l & 1))
                continue;
            s.flops += readout.flops / flops;
            s.bytes += readout.bytes / bytes;
            if (l < LAYERS) {
                s.flops += 2 * map / flops;
                s.bytes += 4 * map / bytes;
            }
            gone = l == LAYERS || (double)scores[m][l][r].gap > gap;
            if (gone)
                s.p1 += scores[m][l][r].rank == 0;
        }
    }
    return (struct sums){s.p1 / ROWS, s.flops / ROWS, s.bytes / ROWS};
}

static unsigned exits_of(const json_t *point)
{
    const json_t *at = json_object_get(point, "at");
    unsigned exits = 0;

    for (size_t i = 0; i < json_array_size(at); i++)
        exits |= 1u << json_integer_value(json_array_get(at, i));
    return exits;
}

static double member(const json_t *point, const char *name)
{
    return json_number_value(json_object_get(point, name));
}

/* No choice with at least this precision does with a 200th less of this work. */
static void check_list(size_t m, const json_t *list, bool bytes)
{
    assert_true(json_array_size(list) > 3);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *point = json_array_get(list, i);
        double gap = member(point, "gap");
        struct sums want = by_definition(m, exits_of(point), gap);
        assert_true(fabs(member(point, "p1") - want.p1) < 1e-9);
        assert_true(fabs(member(point, "flops") - want.flops) < 1e-9);
        assert_true(fabs(member(point, "bytes") - want.bytes) < 1e-9);
        for (unsigned exits = 2; exits < 1u << LAYERS; exits += 2)
            for (int g = 0; g <= 20; g++) {
                struct sums other = by_definition(m, exits, g / 20.0);
                double less = bytes ? want.bytes - other.bytes : want.flops - other.flops;
                assert_false(other.p1 > want.p1 + 1e-9 && less > 0.005 + 1e-9);
            }
    }
}

/* From every layer to the last, filled with nothing. */
static jc_shortcut *maps_of(const jc_model *model, const jc_form *form)
{
    jc_shortcut *shortcut = shortcut_of(model, form);

    for (uint32_t l = 0; l < LAYERS; l++) {
        const jc_map_spec spec = {
            .form = form, .place = jc_place_layers(l, LAYERS), .rank = RANK};
        jc_map *map;
        assert_int_equal(jc_shortcut_add(shortcut, &spec, &map, NULL), JC_OK);
    }
    return shortcut;
}

static void test_net__the_frontier_is_that_of_all_choices(void **state)
{
    jc_eval_params params;
    jc_model *model;
    jc_packed methods[METHODS] = {{.name = "id"}, {.name = "mat"}, {.name = "narrow"}};
    jc_method_name names[] = {"id", "mat", "narrow"};
    jc_results *results;
    jc_section *section;
    void *net;
    char *text;

    (void)state;
    make_scores();
    assert_int_equal(
        jc_model_open(&model, JC_SOURCE_DIR "/tests/golden/models/tiny-gemma3", NULL, NULL),
        JC_OK);
    jc_eval_params_init(&params);
    read_costs(model);
    jc_shortcut *mat = maps_of(model, &jc_form_affine);
    jc_shortcut *narrow = maps_of(model, &jc_form_low_rank);
    methods[1].shortcut = mat;
    methods[2].shortcut = narrow;
    const jc_eval_run run = {.model = model,
                             .info = jc_model_get_info(model),
                             .params = &params,
                             .taps = TAPS,
                             .width = jc_model_get_info(model)->width,
                             .methods = methods,
                             .n_methods = METHODS};
    const jc_eval_batch batch = {.rows = ROWS, .scores = &scores[0][0][0]};
    assert_int_equal(jc_results_new(&results, NULL), JC_OK);
    assert_int_equal(jc_results_section(results, &section, NULL), JC_OK);
    section->name = "net";
    section->write = jc_metric_net.write;
    section->methods = (const jc_method_name *)names;
    section->n_methods = METHODS;
    section->taps = TAPS;
    assert_int_equal(jc_metric_net.begin(&net, &run, NULL), JC_OK);
    assert_int_equal(jc_metric_net.add(net, &run, &batch, NULL), JC_OK);
    assert_int_equal(jc_metric_net.finish(net, &run, section, NULL), JC_OK);
    jc_metric_net.release(net);
    assert_int_equal(jc_results_json(results, &text, NULL), JC_OK);
    json_t *root = json_loads(text, 0, NULL);
    for (size_t m = 0; m < METHODS; m++) {
        const json_t *of = json_object_get(json_object_get(root, "net"), names[m]);
        check_list(m, json_object_get(of, "by_flops"), false);
        check_list(m, json_object_get(of, "by_bytes"), true);
    }
    json_decref(root);
    free(text);
    jc_results_free(results);
    jc_shortcut_free(mat);
    jc_shortcut_free(narrow);
    jc_model_close(model);
}

/* With an exit after every layer a token that runs all blocks on average pays a read-out
 * and a map for each. */
static void test_net__exits_everywhere_cost_a_read_out_a_block(void **state)
{
    jc_cost below[] = {{0, 0}, {10, 1}, {20, 2}, {30, 3}};
    jc_cost maps[2 * 4] = {[5] = {0.5, 3}, [6] = {1.5, 1}}; /* none; then 1 and 2 a layer */
    const jc_net_costs costs = {
        .below = below, .maps = maps, .readout = {5, 4}, .full = {35, 7}};
    jc_cost cost = jc_net_every_layer(&costs, 2, 3, 1);

    (void)state;
    assert_true(fabs(cost.flops - (20 + 2 * (1 + 5)) / 35.0) < 1e-12);
    assert_true(fabs(cost.bytes - (2 + 2 * (2 + 4)) / 7.0) < 1e-12);
    cost = jc_net_every_layer(&costs, 3, 3, 0);
    assert_true(fabs(cost.flops - (30 + 3 * 5) / 35.0) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_net__the_frontier_is_that_of_all_choices),
        cmocka_unit_test(test_net__exits_everywhere_cost_a_read_out_a_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
