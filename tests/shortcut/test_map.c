/* SPDX-License-Identifier: MIT */
/* Maps of every form: names, the one way to run them, and files that hold several. */
#include "support/scratch.h"

#include <math.h>

#include "shortcut/shortcut.h"

enum { L = 12, D = 24, ROWS = 130, RANK = 5 };

/* ---- names ---- */

static void test_map__names_are_read_as_written(void **state)
{
    static const char *const names[] = {
        "map.0.12",     "map.0+12@-1.12",         "map.6.mlp.12", "map.12@-1+0+6.mlp@-2.12",
        "map.6.12@+2",  "map.0.ln1.12",           "part.3.attn",  "shared.12",
        "map.12@-1.12", "map.1.attn+2.mlp.3.mid", "map.12.0@+1"};

    (void)state;
    for (size_t i = 0; i < JC_COUNT(names); i++) {
        jc_place place, again;
        char name[JC_PLACE_NAME];
        size_t n = strlen(names[i]);

        if (strcmp(names[i], "map.0.ln1.12") == 0) { /* there is no block 0 */
            assert_false(jc_place_read(&place, names[i], n, L));
            continue;
        }
        assert_true(jc_place_read(&place, names[i], n, L));
        jc_place_name(&place, name);
        assert_string_equal(name, names[i]);
        assert_true(jc_place_read(&again, name, strlen(name), L));
        assert_true(jc_place_same(&place, &again));
    }
}

static void test_map__other_names_are_none(void **state)
{
    static const char *const names[] = {
        "map",          "map.",        "map.0",          "map.0.",        "map.12.0",
        "map.3.3",      "map.0.13",    "map.00.1",       "map.0@.1",      "map.0@1.1",
        "map.0@-0.1",   "map.0@-01.1", "map.0@-99999.1", "map.0@-5000.1", "map.0+.1",
        "map.+0.1",     "map.0++1.2",  "map.0.1.2",      "map.0.1 ",      "part.0.attn",
        "part.13.attn", "part.1.mid",  "shared.13",      "shared.",       "r2"};
    jc_place place;

    (void)state;
    for (size_t i = 0; i < JC_COUNT(names); i++)
        if (jc_place_read(&place, names[i], strlen(names[i]), L))
            fail_msg("'%s' is taken for the name of a map", names[i]);
}

static void test_map__lists_of_taps(void **state)
{
    jc_tap_at taps[JC_MAP_SOURCES];
    size_t n;
    jc_error err;

    (void)state;
    assert_int_equal(jc_taps_at_read(taps, &n, "0,12@-1,6.mlp@+2", L, NULL), JC_OK);
    assert_int_equal(n, 3);
    assert_int_equal(taps[1].offset, -1);
    assert_int_equal(taps[1].tap.block, 12);
    assert_int_equal(taps[2].offset, 2);
    assert_int_equal(jc_taps_at_read(taps, &n, "0,13", L, &err), JC_E_ARG);
    assert_string_equal(err.message,
                        "'13' is not a tap: there are 0 (the embedding) to 12, points in a "
                        "block as 12.mlp, and those of other tokens as 12@-1");
    assert_int_equal(jc_taps_at_read(taps, &n, "3,3", L, &err), JC_E_ARG);
    assert_string_equal(err.message, "a map takes tap '3' twice");
    assert_int_equal(jc_taps_at_read(taps, &n, "", L, NULL), JC_E_ARG);
    assert_int_equal(jc_taps_at_read(taps, &n, "0,", L, NULL), JC_E_ARG);
    assert_int_equal(
        jc_taps_at_read(taps, &n, "0,1,2,3,4,5,6,7,8,9,10,11,12,0@1,0@2,0@3,0@4", L, NULL),
        JC_E_ARG);
}

/* ---- forms ---- */

static const jc_form *const forms[] = {&jc_form_identity, &jc_form_dense, &jc_form_affine,
                                       &jc_form_low_rank};

static jc_shortcut *empty(void)
{
    jc_shortcut *s;

    assert_int_equal(jc_shortcut_new(&s, &jc_form_dense, L, D, NULL), JC_OK);
    return s;
}

/* A map filled at random. */
static jc_map *add(jc_shortcut *s, const jc_form *form, const char *name, bool optional)
{
    jc_map_spec spec = {.form = form, .rank = RANK, .optional = optional};
    uint64_t seed = 5;
    jc_map *map;

    assert_true(jc_place_read(&spec.place, name, strlen(name), L));
    assert_int_equal(jc_shortcut_add(s, &spec, &map, NULL), JC_OK);
    for (size_t i = 0; form->tensors[i].name; i++) {
        jc_numbers *t = &map->tensor[i];
        for (size_t k = 0; t->data && k < t->rows * t->cols; k++)
            ((float *)t->own)[k] = check_rand(&seed);
    }
    return map;
}

/* y = W x + b, both from jc_map_dense(). */
static void by_matrix(const jc_map *map, const float *x, size_t rows, double *y)
{
    float *w = calloc(map->d_out * map->d_in, sizeof *w),
          *b = calloc(map->d_out, sizeof *b);

    assert_int_equal(jc_map_dense(map, w, b, NULL), JC_OK);
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < map->d_out; i++) {
            y[r * map->d_out + i] = (double)b[i];
            for (size_t k = 0; k < map->d_in; k++)
                y[r * map->d_out + i] +=
                    (double)w[i * map->d_in + k] * (double)x[r * map->d_in + k];
        }
    free(w);
    free(b);
}

static void check_form(const jc_form *form, const char *name, bool optional)
{
    jc_shortcut *s = empty();
    const jc_map *map = add(s, form, name, optional);
    size_t in = jc_map_inputs(map), out = jc_map_outputs(map);
    float *x = calloc(ROWS * in, sizeof *x), *y = calloc(ROWS * out, sizeof *y);
    double *got = calloc(ROWS * out, sizeof *got), *want = calloc(ROWS * out, sizeof *want);
    float row[D];
    uint64_t seed = 8;

    for (size_t i = 0; i < ROWS * in; i++)
        x[i] = check_rand(&seed);
    assert_int_equal(jc_map_run(map, x, ROWS, y, NULL), JC_OK);
    by_matrix(map, x, ROWS, want);
    for (size_t i = 0; i < ROWS * out; i++)
        got[i] = (double)y[i];
    check_close(got, want, ROWS * out, 1e-5, 1e-5);
    for (size_t r = 0; r < ROWS; r++) { /* to the last bit */
        assert_int_equal(jc_map_run(map, x + r * in, 1, row, NULL), JC_OK);
        assert_memory_equal(row, y + r * out, out * sizeof *row);
    }
    free(x);
    free(y);
    free(got);
    free(want);
    jc_shortcut_free(s);
}

static void test_map__a_row_has_the_same_bits_alone_and_among_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < JC_COUNT(forms); i++)
        for (int optional = 0; optional < 2; optional++)
            check_form(forms[i], "map.1.3", optional);
    for (size_t i = 1; i < JC_COUNT(forms); i++)
        check_form(forms[i], "map.0+12@-1+6.mlp@+2.12", true);
}

static void test_map__of_low_rank_by_definition(void **state)
{
    jc_shortcut *s = empty();
    const jc_map *map = add(s, &jc_form_low_rank, "map.0+12@-1.12", true);
    const float *down = jc_map_floats(map, "down"), *up = jc_map_floats(map, "up");
    const float *bias = jc_map_floats(map, "bias");
    float x[2 * D], y[D];
    uint64_t seed = 3;

    (void)state;
    for (size_t i = 0; i < 2 * D; i++)
        x[i] = check_rand(&seed);
    assert_int_equal(jc_map_run(map, x, 1, y, NULL), JC_OK);
    for (size_t i = 0; i < D; i++) {
        double want = (double)bias[i];
        for (size_t r = 0; r < RANK; r++)
            for (size_t k = 0; k < 2 * D; k++)
                want +=
                    (double)up[i * RANK + r] * (double)down[r * 2 * D + k] * (double)x[k];
        assert_true(fabs((double)y[i] - want) < 1e-5);
    }
    jc_map_cost cost = jc_map_costs(map);
    assert_int_equal(cost.parameters, RANK * 2 * D + D * RANK + D);
    assert_int_equal(cost.bytes, 4 * cost.parameters);
    assert_int_equal(cost.flops, 2 * RANK * 3 * D + D);
    jc_shortcut_free(s);
}

/* ---- files ---- */

static void test_map__a_file_holds_several_forms(void **state)
{
    static const struct {
        const char *name;
        size_t form;
        bool optional;
    } maps[] = {{"map.0.12", 1, false},          {"map.1.12", 2, false},
                {"map.2.12", 3, true},           {"map.3.12", 3, false},
                {"part.2.attn", 3, true},        {"map.0+12@-1.12", 2, false},
                {"map.0+1+2+3@-1.12", 3, false}, {"map.6.mlp.12@+2", 1, false},
                {"shared.12", 1, false}};
    jc_shortcut *s = empty(), *t;
    const char *path = scratch_path(state, "several");
    float x[4 * D], y[D], z[D];
    uint64_t seed = 3;
    jc_error err;

    for (size_t i = 0; i < JC_COUNT(maps); i++)
        add(s, forms[maps[i].form], maps[i].name, maps[i].optional)->r2 =
            1 / (double)(i + 3);
    for (size_t i = 0; i < 4 * D; i++)
        x[i] = check_rand(&seed);
    if (jc_shortcut_save(s, path, &err) || jc_shortcut_open(&t, path, &err))
        fail_msg("%s", err.message);
    for (size_t i = 0; i < JC_COUNT(maps); i++) {
        const jc_map *a = jc_shortcut_map(s, i), *b = jc_shortcut_map(t, i);
        assert_string_equal(jc_map_name(b), maps[i].name);
        assert_string_equal(jc_map_form(b), forms[maps[i].form]->name);
        assert_int_equal(a->rank, b->rank);
        assert_true(fabs(a->r2 - b->r2) < 1e-7);
        assert_true(!jc_map_tensor(b, "bias")->data == !jc_map_tensor(a, "bias")->data);
        assert_int_equal(jc_map_run(a, x, 1, y, NULL), JC_OK);
        assert_int_equal(jc_map_run(b, x, 1, z, NULL), JC_OK);
        assert_memory_equal(y, z, sizeof y);
    }
    assert_null(jc_shortcut_map(t, JC_COUNT(maps)));
    assert_true(jc_shortcut_has(t, 2, 12) && jc_shortcut_has_part(t, 2, "attn"));
    assert_false(jc_shortcut_has(t, 6, 12));
    const jc_map *context = jc_shortcut_map(t, 5);
    assert_int_equal(jc_map_sources(context), 2);
    assert_int_equal(jc_map_source(context, 1).offset, -1);
    assert_int_equal(jc_map_target(context).tap.block, 12);
    jc_shortcut_free(s);
    jc_shortcut_free(t);
}

/* Maps that are read from their file whenever they run are those that were packed. */
static void test_map__lean_maps_are_the_same(void **state)
{
    jc_shortcut *s = empty(), *t;
    const char *path = scratch_path(state, "lean");
    float x[ROWS * D], y[2][ROWS * D];
    uint64_t seed = 4;

    add(s, &jc_form_affine, "map.1.3", true);
    add(s, &jc_form_low_rank, "map.2.3", true);
    for (size_t i = 0; i < ROWS * D; i++)
        x[i] = check_rand(&seed);
    assert_int_equal(jc_shortcut_save(s, path, NULL), JC_OK);
    assert_int_equal(jc_shortcut_open(&t, path, NULL), JC_OK);
    for (size_t i = 0; i < 2; i++) {
        for (int lean = 0; lean < 2; lean++) {
            jc_prepared *pool;
            const jc_ready *ready;
            assert_int_equal(jc_prepared_new(&pool, jc_backend_find("onednn"), t->n, NULL),
                             JC_OK);
            if (lean)
                jc_prepared_lean(pool);
            assert_int_equal(jc_prepared_get(pool, jc_shortcut_map(t, i), &ready, NULL),
                             JC_OK);
            assert_int_equal(jc_ready_run(ready, x, ROWS, y[lean], NULL), JC_OK);
            jc_prepared_free(pool);
        }
        assert_memory_equal(y[0], y[1], sizeof y[0]);
    }
    jc_shortcut_free(s);
    jc_shortcut_free(t);
}

/* A file of one map of low rank, layers 1, width 3. */
static void write_low_rank(const char *path, size_t rank_down, size_t rank_up)
{
    const size_t down[2] = {rank_down, 3}, up[2] = {3, rank_up};
    float zeros[64] = {0};
    jc_st_writer *w;

    assert_int_equal(jc_st_writer_new(&w, path, NULL), JC_OK);
    assert_int_equal(jc_st_writer_meta(w, "format", JC_SHORTCUT_FORMAT, NULL), JC_OK);
    assert_int_equal(jc_st_writer_meta(w, "form", "low-rank", NULL), JC_OK);
    assert_int_equal(jc_st_writer_meta(w, "layers", "1", NULL), JC_OK);
    assert_int_equal(jc_st_writer_meta(w, "width", "3", NULL), JC_OK);
    assert_int_equal(jc_st_writer_declare(w, "map.0.1.down", JC_F32, down, 2, NULL), JC_OK);
    assert_int_equal(jc_st_writer_declare(w, "map.0.1.up", JC_F32, up, 2, NULL), JC_OK);
    assert_int_equal(jc_st_writer_data(w, zeros, 3 * rank_down * 4, NULL), JC_OK);
    assert_int_equal(jc_st_writer_data(w, zeros, 3 * rank_up * 4, NULL), JC_OK);
    assert_int_equal(jc_st_writer_commit(w, NULL), JC_OK);
}

static void test_map__ranks_are_checked(void **state)
{
    static const struct {
        size_t down, up;
        const char *message; /* after the path */
    } cases[] = {{2, 2, NULL},
                 {0, 0, "its rank is 0, not from 1 to 3"},
                 {4, 4, "its rank is 4, not from 1 to 3"},
                 {2, 1, "its shape is [3, 1], not [3, 2]"}};
    const char *path = scratch_path(state, "narrow");
    jc_error err;

    for (size_t i = 0; i < JC_COUNT(cases); i++) {
        jc_shortcut *s = NULL;
        write_low_rank(path, cases[i].down, cases[i].up);
        jc_status st = jc_shortcut_open(&s, path, &err);
        assert_int_equal(st, cases[i].message ? JC_E_FORMAT : JC_OK);
        if (cases[i].message)
            assert_non_null(strstr(err.message, cases[i].message));
        jc_shortcut_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map__names_are_read_as_written),
        cmocka_unit_test(test_map__other_names_are_none),
        cmocka_unit_test(test_map__lists_of_taps),
        cmocka_unit_test(test_map__a_row_has_the_same_bits_alone_and_among_others),
        cmocka_unit_test(test_map__of_low_rank_by_definition),
        SCRATCH_TEST(test_map__lean_maps_are_the_same),
        SCRATCH_TEST(test_map__a_file_holds_several_forms),
        SCRATCH_TEST(test_map__ranks_are_checked),
    };
    return cmocka_run_group_tests_name("shortcut/map", tests, NULL, NULL);
}
