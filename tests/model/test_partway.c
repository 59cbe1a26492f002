/* SPDX-License-Identifier: MIT */
/* Rows taken part of the way: in whatever goes they climb, states, keys and values are
 * those of whole steps, bit for bit. */
#include "model/partway.h"

#include "model/golden.h"
#include "model/seq.h"

#define MODELS JC_SOURCE_DIR "/tests/golden/models/"

static const char *const decoders[] = {
    "tiny-gpt2",           "tiny-gemma3",        "tiny-exaone4",    "tiny-gpt_neo-local",
    "tiny-qwen3_moe-step", "tiny-lfm2",          "tiny-mamba2",     "tiny-granitemoehybrid",
    "tiny-qwen3_5",        "tiny-llama4-pieces", "tiny-deepseek_v3"};

enum { LENGTH = 12 };

struct fixture {
    jc_model *model;
    uint32_t layers, ids[2][LENGTH];
    size_t width;
    jc_seq *whole[2], *parts[2]; /* by steps; in goes */
    float *want[2], *got[2];     /* [LENGTH, width]: states after the last block */
};

static jc_seq *new_seq(const jc_model *model, const char *kv)
{
    jc_seq_params params;
    jc_seq *seq;

    jc_seq_params_init(&params);
    params.room = LENGTH + 2;
    params.kv = kv;
    assert_int_equal(jc_seq_new(&seq, model, &params, NULL), JC_OK);
    return seq;
}

static void begin(struct fixture *f, const char *name, const char *kv)
{
    char path[512];
    jc_rng rng = {5};
    jc_session *session;
    const float *h;

    snprintf(path, sizeof path, MODELS "%s", name);
    f->model = open_model(path, "onednn", "f32");
    f->width = jc_model_get_info(f->model)->width;
    f->layers = jc_model_get_info(f->model)->layers;
    assert_int_equal(jc_session_new(&session, f->model, NULL), JC_OK);
    for (size_t t = 0; t < 2; t++) {
        f->whole[t] = new_seq(f->model, kv);
        f->parts[t] = new_seq(f->model, kv);
        f->want[t] = jc_matrix_new(LENGTH, f->width, sizeof(float));
        f->got[t] = jc_matrix_new(LENGTH, f->width, sizeof(float));
        for (size_t i = 0; i < LENGTH; i++) {
            f->ids[t][i] = (uint32_t)jc_rng_below(&rng, jc_model_get_info(f->model)->vocab);
            const jc_feed feed = {.seq = f->whole[t], .ids = &f->ids[t][i], .n = 1};
            assert_int_equal(jc_session_extend(session, &feed, 1, JC_PASS_STEP, &h, NULL),
                             JC_OK);
            memcpy(f->want[t] + i * f->width, h, f->width * sizeof *h);
        }
    }
    jc_session_free(session);
}

static void end(struct fixture *f)
{
    for (size_t t = 0; t < 2; t++) {
        jc_seq_free(f->whole[t]);
        jc_seq_free(f->parts[t]);
        jc_free(f->want[t]);
        jc_free(f->got[t]);
    }
    jc_model_close(f->model);
}

/* Keys and values of blocks first .. L, from 0. */
static bool same_cache(const jc_seq *a, const jc_seq *b, uint32_t first, uint32_t last)
{
    size_t most =
        a->model->hp.kv_width + a->model->hp.width + jc_hparams_kept(&a->model->hp);
    float *x = jc_matrix_new(LENGTH, most, sizeof *x),
          *y = jc_matrix_new(LENGTH, most, sizeof *y);
    bool same = true;

    for (uint32_t l = first; l < last; l++)
        for (int which = 0; which < 2; which++) {
            jc_mat cache = jc_seq_cache(a, l, which, LENGTH);
            assert_int_equal(jc_mat_download(x, cache, NULL), JC_OK);
            assert_int_equal(jc_mat_download(y, jc_seq_cache(b, l, which, LENGTH), NULL),
                             JC_OK);
            same &= memcmp(x, y, LENGTH * cache.cols * sizeof *x) == 0;
        }
    jc_free(x);
    jc_free(y);
    return same;
}

static jc_stretch stretch(struct fixture *f, size_t t, size_t first, size_t n)
{
    return (jc_stretch){.seq = f->parts[t],
                        .first = first,
                        .n = n,
                        .ids = f->ids[t] + first,
                        .h = f->got[t] + first * f->width};
}

/* Tokens stop after a random block; every so often one takes all before it to the top. */
static void climb(struct fixture *f, jc_partway *way)
{
    uint32_t depth[2][LENGTH] = {{0}};
    jc_rng rng = {11};

    for (size_t i = 0; i < LENGTH; i++)
        for (size_t t = 0; t < 2; t++) {
            uint32_t to = i + 1 == LENGTH || jc_rng_below(&rng, 4) == 0
                              ? f->layers
                              : 1 + (uint32_t)jc_rng_below(&rng, f->layers - 1);
            for (uint32_t l = 0; l < to; l++) {
                size_t first = i;
                while (first > 0 && depth[t][first - 1] == l)
                    first--;
                const jc_stretch rows = stretch(f, t, first, i + 1 - first);
                assert_int_equal(jc_partway_run(way, &rows, 1, l, l + 1, NULL), JC_OK);
                for (size_t k = first; k <= i; k++)
                    depth[t][k] = l + 1;
            }
            jc_partway_length(f->parts[t], i + 1);
        }
}

static void test_partway__goes_of_any_length_are_one_step(void **state)
{
    (void)state;
    for (size_t m = 0; m < JC_COUNT(decoders); m++) {
        struct fixture f;
        jc_partway *way;
        begin(&f, decoders[m], "f32");
        assert_int_equal(jc_partway_new(&way, f.model, NULL), JC_OK);
        climb(&f, way);
        for (size_t t = 0; t < 2; t++) {
            assert_memory_equal(f.got[t], f.want[t], LENGTH * f.width * sizeof *f.got[t]);
            assert_true(same_cache(f.parts[t], f.whole[t], 0, f.layers));
            assert_int_equal(jc_seq_length(f.parts[t]), LENGTH);
        }
        jc_partway_free(way);
        end(&f);
    }
}

/* Both sequences in one go, all tokens at once. */
static void test_partway__rows_side_by_side_do_not_meet(void **state)
{
    (void)state;
    for (size_t m = 0; m < JC_COUNT(decoders); m++) {
        struct fixture f;
        jc_partway *way;
        begin(&f, decoders[m], "f32");
        const jc_stretch both[] = {stretch(&f, 0, 0, LENGTH), stretch(&f, 1, 0, LENGTH)};
        assert_int_equal(jc_partway_new(&way, f.model, NULL), JC_OK);
        assert_int_equal(jc_partway_run(way, both, 2, 0, 1, NULL), JC_OK);
        assert_int_equal(jc_partway_run(way, both, 2, 1, f.layers, NULL), JC_OK);
        for (size_t t = 0; t < 2; t++) {
            assert_memory_equal(f.got[t], f.want[t], LENGTH * f.width * sizeof *f.got[t]);
            assert_true(same_cache(f.parts[t], f.whole[t], 0, f.layers));
        }
        jc_partway_free(way);
        end(&f);
    }
}

/* A fill gives the next block the keys and values of a run, and the others some of their
 * own. */
static void test_partway__a_fill_is_exact_in_the_next_block(void **state)
{
    (void)state;
    for (size_t m = 0; m < JC_COUNT(decoders); m++) {
        struct fixture f;
        jc_partway *way;
        begin(&f, decoders[m], "f32");
        const jc_stretch rows = stretch(&f, 0, 0, LENGTH);
        assert_int_equal(jc_partway_new(&way, f.model, NULL), JC_OK);
        assert_int_equal(jc_partway_run(way, &rows, 1, 0, 1, NULL), JC_OK);
        assert_int_equal(jc_partway_fill(way, &rows, 1, 1, NULL, NULL), JC_OK);
        assert_true(same_cache(f.parts[0], f.whole[0], 0, 2));
        assert_false(same_cache(f.parts[0], f.whole[0], 2, 3));
        jc_partway_free(way);
        end(&f);
    }
}

static void test_partway__a_full_sequence_takes_no_more(void **state)
{
    struct fixture f;
    jc_partway *way;

    (void)state;
    begin(&f, "tiny-gpt2", "f32");
    const jc_stretch rows = stretch(&f, 0, 3, LENGTH);
    assert_int_equal(jc_partway_new(&way, f.model, NULL), JC_OK);
    assert_int_equal(jc_partway_run(way, &rows, 1, 0, 1, NULL), JC_E_ARG);
    jc_partway_free(way);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partway__goes_of_any_length_are_one_step),
        cmocka_unit_test(test_partway__rows_side_by_side_do_not_meet),
        cmocka_unit_test(test_partway__a_fill_is_exact_in_the_next_block),
        cmocka_unit_test(test_partway__a_full_sequence_takes_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
