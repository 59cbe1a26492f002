/* SPDX-License-Identifier: MIT */
/*
 * Taps inside blocks, and routes, against hooks on the modules of the Python package
 * `transformers` (tests/golden/make_taps.py), for each kind of block: norms before the
 * halves, after them, both, and halves in parallel. Tolerance as for layer taps: 1e-5 of
 * the largest number in a row.
 */
#include "model/golden.h"
#include "model/session.h"

#define TAPS JC_SOURCE_DIR "/tests/golden/taps/"

static const char *const models[] = {"tiny-gpt2", "tiny-bert", "tiny-gpt_neox",
                                     "tiny-gemma2", "tiny-opt-after"};

struct fixture {
    jc_safetensors *file;
    jc_model *model;
    jc_session *session;
    uint32_t *ids, positions[64];
    size_t n, width;
    uint32_t layers;
};

static void set_up(struct fixture *f, const char *name, const char *backend)
{
    char path[512];

    snprintf(path, sizeof path, TAPS "%s.safetensors", name);
    assert_int_equal(jc_safetensors_open(&f->file, path, NULL), JC_OK);
    snprintf(path, sizeof path, MODELS "%s", name);
    f->model = open_model(path, backend, "f32");
    f->ids = read_whole(f->file, "ids", &f->n);
    f->width = jc_model_get_info(f->model)->width;
    f->layers = jc_model_get_info(f->model)->layers;
    for (uint32_t i = 0; i < f->n; i++)
        f->positions[i] = i;
    assert_int_equal(jc_session_new(&f->session, f->model, NULL), JC_OK);
}

static void tear_down(struct fixture *f)
{
    jc_session_free(f->session);
    jc_model_close(f->model);
    jc_free(f->ids);
    jc_safetensors_close(f->file);
}

static void run_text(struct fixture *f, size_t n_positions)
{
    const jc_text text = {f->ids, f->n, f->positions, n_positions};
    jc_error err = {JC_OK, ""};

    if (jc_session_run(f->session, &text, 1, &err) != JC_OK)
        fail_msg("%s", err.message);
}

static void check_tensor(const struct fixture *f, const float *got, const char *name)
{
    float *want = read_all(f->file, name);

    check_rows(got, want, f->n, f->width, 1e-5, name);
    jc_free(want);
}

/* Every point of every block. */
static size_t all_taps(const struct fixture *f, jc_tap *taps)
{
    size_t n = 0;

    for (uint32_t block = 1; block <= f->layers; block++)
        for (uint32_t point = 1; jc_point_name(point); point++)
            taps[n++] = (jc_tap){block, point};
    return n;
}

static void test_taps__points_inside_blocks_are_the_reference_s(void **state)
{
    (void)state;
    for (size_t m = 0; m < JC_COUNT(models); m++)
        for (const char *const *backend = jc_backend_list(); *backend; backend++) {
            struct fixture f;
            jc_tap taps[64];
            char name[JC_TAP_NAME];
            set_up(&f, models[m], *backend);
            size_t n = all_taps(&f, taps);
            assert_int_equal(jc_session_want(f.session, taps, n, NULL), JC_OK);
            run_text(&f, f.n);
            for (size_t i = 0; i < n; i++) {
                jc_tap_name(taps[i], name);
                check_tensor(&f, jc_session_wanted(f.session, i), name);
            }
            tear_down(&f);
        }
}

/* What a half adds is then rounded before it is added. */
static void test_taps__watching_changes_states_by_rounding_at_most(void **state)
{
    (void)state;
    for (size_t m = 0; m < JC_COUNT(models); m++)
        for (const char *const *backend = jc_backend_list(); *backend; backend++) {
            struct fixture f, watched;
            jc_tap taps[64];
            set_up(&f, models[m], *backend);
            set_up(&watched, models[m], *backend);
            size_t n = all_taps(&f, taps);
            assert_int_equal(jc_session_want(watched.session, taps, n, NULL), JC_OK);
            run_text(&f, f.n);
            run_text(&watched, f.n);
            for (uint32_t l = 0; l <= f.layers; l++)
                check_rows(jc_session_states(watched.session, l),
                           jc_session_states(f.session, l), f.n, f.width, 2e-6, models[m]);
            tear_down(&watched);
            tear_down(&f);
        }
}

static void test_taps__the_output_of_a_block_is_the_layer_s_tap(void **state)
{
    static const jc_tap taps[] = {{0, JC_POINT_OUT}, {2, JC_POINT_OUT}};
    struct fixture f;

    (void)state;
    set_up(&f, "tiny-gpt2", "onednn");
    assert_int_equal(jc_session_want(f.session, taps, 2, NULL), JC_OK);
    run_text(&f, f.n);
    for (size_t i = 0; i < 2; i++)
        assert_memory_equal(jc_session_wanted(f.session, i),
                            jc_session_states(f.session, taps[i].block),
                            f.n * f.width * sizeof(float));
    tear_down(&f);
}

static void test_taps__blocks_without_an_mlp_have_no_points_of_one(void **state)
{
    jc_session *session;
    jc_tap tap, from, to;
    jc_error err;
    size_t n;

    (void)state;
    jc_model *model = open_model(MODELS "tiny-mamba2", "ref", "f32");
    assert_int_equal(jc_session_new(&session, model, NULL), JC_OK);
    assert_int_equal(jc_tap_parse(&tap, model, "2.mid", NULL), JC_OK);
    assert_int_equal(jc_tap_parse(&tap, model, "2.mlp", &err), JC_E_ARG);
    assert_non_null(strstr(err.message, "has no tap '2.mlp': its blocks have no MLP"));
    assert_int_equal(jc_session_want(session, &(jc_tap){2, JC_POINT_LN2}, 1, NULL),
                     JC_E_ARG);
    assert_false(jc_model_part(model, 2, JC_PART_MLP, &from, &to));
    jc_model_points(model, &n);
    assert_int_equal(n, 3);
    jc_session_free(session);
    jc_model_close(model);
}

static void test_taps__names_are_read_and_written(void **state)
{
    static const char *const good[] = {"0", "3", "1.ln1", "2.attn", "3.sum"};
    static const char *const bad[] = {"",      "4",    "x",     "1.",   "1.foo",
                                      "0.ln1", "1ln1", "-1",    "1.ln", "99999999",
                                      "01",    " 1",   "1.mlp2"};
    struct fixture f;
    jc_tap tap;
    jc_error err;
    char name[JC_TAP_NAME];

    (void)state;
    set_up(&f, "tiny-gpt2", "ref");
    for (size_t i = 0; i < JC_COUNT(good); i++) {
        assert_int_equal(jc_tap_parse(&tap, f.model, good[i], NULL), JC_OK);
        jc_tap_name(tap, name);
        assert_string_equal(name, good[i]);
    }
    assert_int_equal(jc_tap_parse(&tap, f.model, "2.out", NULL), JC_OK);
    assert_int_equal(tap.block, 2);
    assert_int_equal(tap.point, JC_POINT_OUT);
    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        assert_int_equal(jc_tap_parse(&tap, f.model, bad[i], &err), JC_E_ARG);
        assert_non_null(strstr(err.message, bad[i]));
    }
    assert_int_equal(jc_session_want(f.session, &(jc_tap){9, 0}, 1, NULL), JC_E_ARG);
    assert_int_equal(jc_session_want(f.session, &(jc_tap){0, 1}, 1, NULL), JC_E_ARG);
    assert_int_equal(jc_session_want(f.session, &(jc_tap){1, 7}, 1, NULL), JC_E_ARG);
    tear_down(&f);
}

/* ---- routes ---- */

static void read_weight(void *arg, size_t first, size_t n, float *out)
{
    memcpy(out, (const float *)arg + first, n * sizeof *out);
}

static jc_linear *read_map(const struct fixture *f, const char *backend, const char *name)
{
    float *weight = read_all(f->file, name);
    const jc_linear_spec spec = {.n_in = f->width,
                                 .n_out = f->width,
                                 .weight = {false, weight, read_weight, NULL, 0}};
    jc_linear *map;

    assert_int_equal(jc_linear_new(&map, jc_backend_find(backend), &spec, NULL), JC_OK);
    jc_free(weight);
    return map;
}

static void check_route(struct fixture *f, const jc_route *route, size_t n_positions,
                        const char *name)
{
    const float *ends;
    jc_error err = {JC_OK, ""};
    float *want = read_all(f->file, name);

    if (jc_session_route(f->session, route, &ends, &err) != JC_OK)
        fail_msg("%s: %s", name, err.message);
    for (size_t i = 0; i < n_positions; i++)
        check_rows(ends + i * f->width, want + f->positions[i] * f->width, 1, f->width,
                   1e-5, name);
    jc_free(want);
}

static void check_parts(struct fixture *f, jc_linear *const *maps, const char *parts,
                        size_t n_positions)
{
    jc_part_maps put = {{NULL}};
    jc_route_step steps[8];
    char name[64];

    for (int p = 0; p < JC_PARTS; p++)
        if (strstr(parts, jc_part_name((jc_part)p)))
            put.map[p] = maps[p];
    for (uint32_t from = 0; from < f->layers; from++) {
        jc_route route = {.from = from, .steps = steps};
        for (uint32_t block = from + 1; block <= f->layers; block++)
            steps[route.n_steps++] = (jc_route_step){.block = block, .parts = &put};
        snprintf(name, sizeof name, "end.%s.%u", parts, from);
        check_route(f, &route, n_positions, name);
    }
}

static void check_jump(struct fixture *f, const jc_linear *map, size_t n_positions)
{
    jc_route_step steps[2] = {{.map = map}, {.block = 3}};
    const jc_route route = {.from = 1, .steps = steps, .n_steps = f->layers - 1};

    check_route(f, &route, n_positions, "end.jump");
}

static void test_taps__maps_stand_for_parts_and_blocks_as_in_the_reference(void **state)
{
    (void)state;
    for (size_t m = 0; m < JC_COUNT(models); m++)
        for (const char *const *backend = jc_backend_list(); *backend; backend++) {
            struct fixture f;
            jc_linear *maps[JC_PARTS];
            char name[32];
            set_up(&f, models[m], *backend);
            for (int p = 0; p < JC_PARTS; p++) {
                snprintf(name, sizeof name, "map.%s", jc_part_name((jc_part)p));
                maps[p] = read_map(&f, *backend, name);
            }
            jc_session_keep(f.session, true);
            for (size_t few = 0; few < 2; few++) {
                size_t n = few ? 3 : f.n;
                f.positions[0] = few ? 5 : 0;
                f.positions[1] = few ? 2 : 1; /* positions need not ascend */
                f.positions[2] = few ? 13 : 2;
                run_text(&f, n);
                check_parts(&f, maps, "attn", n);
                check_parts(&f, maps, "mlp", n);
                check_parts(&f, maps, "ln1+ln2", n);
                check_jump(&f, maps[JC_PART_MLP], n);
            }
            for (int p = 0; p < JC_PARTS; p++)
                jc_linear_free(maps[p]);
            tear_down(&f);
        }
}

/* The route through the blocks themselves gives what the run gave. */
static void test_taps__a_route_through_the_blocks_is_the_run(void **state)
{
    static const jc_route_step steps[] = {{.block = 2}, {.block = 3}};
    struct fixture f;
    const float *ends;

    (void)state;
    set_up(&f, "tiny-gpt2", "onednn");
    jc_session_keep(f.session, true);
    const jc_text texts[] = {{f.ids, f.n, f.positions, f.n},
                             {f.ids + 3, 9, f.positions, 4}};
    assert_int_equal(jc_session_run(f.session, texts, 2, NULL), JC_OK);
    assert_int_equal(jc_session_route(f.session, &(jc_route){1, steps, 2}, &ends, NULL),
                     JC_OK);
    assert_memory_equal(ends, jc_session_states(f.session, 3),
                        jc_session_rows(f.session) * f.width * sizeof *ends);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taps__points_inside_blocks_are_the_reference_s),
        cmocka_unit_test(test_taps__watching_changes_states_by_rounding_at_most),
        cmocka_unit_test(test_taps__the_output_of_a_block_is_the_layer_s_tap),
        cmocka_unit_test(test_taps__names_are_read_and_written),
        cmocka_unit_test(test_taps__blocks_without_an_mlp_have_no_points_of_one),
        cmocka_unit_test(test_taps__maps_stand_for_parts_and_blocks_as_in_the_reference),
        cmocka_unit_test(test_taps__a_route_through_the_blocks_is_the_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
