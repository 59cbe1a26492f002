/* SPDX-License-Identifier: MIT */
/* Sequences: whatever way tokens come in, a row's state is the same. */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "model/golden.h"
#include "model/model.h"

#define MODELS JC_SOURCE_DIR "/tests/golden/models/"

/* Decoders of different kinds: learned and rotary positions, shared heads, windows, caps;
 * hybrids. How far keys and values in float16, whose rounding is 5e-4, may put states off:
 * behind a recurrence, norms of small numbers enlarge it. 0: not held, as a router's near
 * tie falls the other way. */
static const struct {
    const char *name;
    double f16;
} decoders[] = {{"tiny-gpt2", 1e-2},         {"tiny-llama", 1e-2},
                {"tiny-mistral", 1e-2},      {"tiny-gemma2", 1e-2},
                {"tiny-gemma3", 1e-2},       {"tiny-gpt_neox", 1e-2},
                {"tiny-gptj", 1e-2},         {"tiny-gpt_neo", 1e-2},
                {"tiny-opt", 1e-2},          {"tiny-lfm2", 1e-2},
                {"tiny-mamba2", 1e-2},       {"tiny-qwen3_5", 2e-2},
                {"tiny-qwen3_next", 2e-2},   {"tiny-granitemoehybrid", 1e-2},
                {"tiny-qwen3_5_moe", 2e-2},  {"tiny-lfm2_moe", 1e-2},
                {"tiny-deepseek_v2", 1e-2},  {"tiny-deepseek_v3", 0},
                {"tiny-llama4-pieces", 1e-2}};

enum { LENGTH = 24 };

struct fixture {
    jc_model *model;
    jc_session *session;
    uint32_t ids[2][LENGTH];
    size_t width;
    double f16;
};

static void begin(struct fixture *f, const char *name)
{
    char path[512];
    jc_rng rng = {5};

    snprintf(path, sizeof path, MODELS "%s", name);
    f->model = open_model(path, "onednn", "f32");
    f->width = jc_model_get_info(f->model)->width;
    assert_int_equal(jc_session_new(&f->session, f->model, NULL), JC_OK);
    for (size_t t = 0; t < 2; t++)
        for (size_t i = 0; i < LENGTH; i++)
            f->ids[t][i] =
                (uint32_t)(jc_rng_below(&rng, jc_model_get_info(f->model)->vocab));
}

static void end(struct fixture *f)
{
    jc_session_free(f->session);
    jc_model_close(f->model);
}

static jc_seq *new_seq(const struct fixture *f, const char *kv)
{
    jc_seq_params params;
    jc_seq *seq;

    jc_seq_params_init(&params);
    params.room = 2 * LENGTH;
    params.kv = kv;
    assert_int_equal(jc_seq_new(&seq, f->model, &params, NULL), JC_OK);
    return seq;
}

static void extend(struct fixture *f, const jc_feed *feeds, size_t n, jc_pass_kind kind,
                   float *states)
{
    const float *h;
    size_t rows = 0;
    jc_error err;

    if (jc_session_extend(f->session, feeds, n, kind, &h, &err) != JC_OK)
        fail_msg("%s", err.message);
    for (size_t i = 0; i < n; i++)
        rows += feeds[i].n;
    if (states)
        memcpy(states, h, rows * f->width * sizeof *h);
}

/* states [LENGTH, width]: a token a pass. */
static float *by_steps(struct fixture *f, size_t text, const char *kv)
{
    float *states = jc_matrix_new(LENGTH, f->width, sizeof *states);
    jc_seq *seq = new_seq(f, kv);

    for (size_t i = 0; i < LENGTH; i++)
        extend(f, &(jc_feed){seq, &f->ids[text][i], 1, NULL}, 1, JC_PASS_STEP,
               states + i * f->width);
    assert_int_equal(jc_seq_length(seq), LENGTH);
    jc_seq_free(seq);
    return states;
}

static void each_decoder(void (*check)(struct fixture *f, const char *kv))
{
    for (size_t i = 0; i < JC_COUNT(decoders); i++)
        for (int half = 0; half < 2; half++) {
            struct fixture f;
            begin(&f, decoders[i].name);
            f.f16 = decoders[i].f16;
            check(&f, half ? "f16" : "f32");
            end(&f);
        }
}

/* One pass over k rows of each of two sequences, in cuts of several sizes, is k steps. */
static void check_rows_at_once(struct fixture *f, const char *kv)
{
    static const size_t cuts[] = {1, 2, 3, 7, 11};
    float *want[] = {by_steps(f, 0, kv), by_steps(f, 1, kv)};
    float *got = jc_matrix_new(2 * LENGTH, f->width, sizeof *got);
    jc_seq *seqs[] = {new_seq(f, kv), new_seq(f, kv)};

    for (size_t at = 0, c = 0; at < LENGTH; at += cuts[c++]) {
        size_t n = cuts[c] < LENGTH - at ? cuts[c] : LENGTH - at;
        const jc_feed feeds[] = {{seqs[0], f->ids[0] + at, n, NULL},
                                 {seqs[1], f->ids[1] + at, n, NULL}};
        extend(f, feeds, 2, JC_PASS_STEP, got);
        for (size_t t = 0; t < 2; t++)
            assert_memory_equal(got + t * n * f->width, want[t] + at * f->width,
                                n * f->width * sizeof *got);
    }
    for (size_t t = 0; t < 2; t++) {
        jc_free(want[t]);
        jc_seq_free(seqs[t]);
    }
    jc_free(got);
}

static void test_sequence__a_pass_over_k_rows_is_k_steps(void **state)
{
    (void)state;
    each_decoder(check_rows_at_once);
}

/* A tree whose branches are the text and something else, in turn; the path of the text is
 * kept, and what follows is as if there had been no tree. */
static void check_tree(struct fixture *f, const char *kv)
{
    float *want = by_steps(f, 0, kv), *got = jc_matrix_new(9, f->width, sizeof *got);
    jc_seq *seq = new_seq(f, kv);
    /* rows 0, 2, 5, 8 are tokens 4 to 7 of the text; the others lead astray */
    const uint32_t *t = f->ids[0] + 4, *o = f->ids[1];
    const uint32_t tree[] = {t[0], o[0], t[1], o[1], o[2], t[2], o[3], o[4], t[3]};
    static const int32_t parents[] = {-1, -1, 0, 0, 1, 2, 2, 4, 5};
    static const uint32_t path[] = {0, 2, 5, 8};

    extend(f, &(jc_feed){seq, f->ids[0], 4, NULL}, 1, JC_PASS_STEP, NULL);
    extend(f, &(jc_feed){seq, tree, 9, parents}, 1, JC_PASS_STEP, got);
    assert_int_equal(jc_seq_length(seq), 4);
    for (size_t i = 0; i < 4; i++)
        assert_memory_equal(got + path[i] * f->width, want + (4 + i) * f->width,
                            f->width * sizeof *got);
    assert_int_equal(jc_seq_commit(seq, path, 4, NULL), JC_OK);
    for (size_t i = 8; i < LENGTH; i++) {
        extend(f, &(jc_feed){seq, &f->ids[0][i], 1, NULL}, 1, JC_PASS_STEP, got);
        assert_memory_equal(got, want + i * f->width, f->width * sizeof *got);
    }
    jc_seq_free(seq);
    jc_free(want);
    jc_free(got);
}

static void test_sequence__a_path_through_a_tree_is_the_text(void **state)
{
    (void)state;
    each_decoder(check_tree);
}

/* Forked at 9 and cut back to 6, a sequence goes on as a fresh one. */
static void check_fork(struct fixture *f, const char *kv)
{
    float *want = by_steps(f, 0, kv), *got = jc_matrix_new(LENGTH, f->width, sizeof *got);
    jc_seq *seq = new_seq(f, kv), *fork;

    extend(f, &(jc_feed){seq, f->ids[0], 9, NULL}, 1, JC_PASS_STEP, NULL);
    assert_int_equal(jc_seq_fork(&fork, seq, NULL), JC_OK);
    extend(f, &(jc_feed){seq, f->ids[1], 5, NULL}, 1, JC_PASS_STEP, NULL);
    jc_seq_truncate(seq, 6);
    const jc_feed feeds[] = {{seq, f->ids[0] + 6, LENGTH - 6, NULL},
                             {fork, f->ids[0] + 9, LENGTH - 9, NULL}};
    extend(f, feeds, 1, JC_PASS_STEP, got);
    assert_memory_equal(got, want + 6 * f->width, (LENGTH - 6) * f->width * sizeof *got);
    extend(f, feeds + 1, 1, JC_PASS_STEP, got);
    assert_memory_equal(got, want + 9 * f->width, (LENGTH - 9) * f->width * sizeof *got);
    jc_seq_free(seq);
    jc_seq_free(fork);
    jc_free(want);
    jc_free(got);
}

static void test_sequence__forked_and_cut_ones_equal_fresh_ones(void **state)
{
    (void)state;
    each_decoder(check_fork);
}

/* A prompt in tiles, then steps: the whole text within 1e-5, or as float16 allows. */
static void check_prefill(struct fixture *f, const char *kv)
{
    float *want = by_steps(f, 0, "f32"),
          *got = jc_matrix_new(LENGTH, f->width, sizeof *got);
    jc_seq *seq = new_seq(f, kv);

    extend(f, &(jc_feed){seq, f->ids[0], 7, NULL}, 1, JC_PASS_PREFILL, got);
    extend(f, &(jc_feed){seq, f->ids[0] + 7, 8, NULL}, 1, JC_PASS_PREFILL,
           got + 7 * f->width);
    for (size_t i = 15; i < LENGTH; i++)
        extend(f, &(jc_feed){seq, &f->ids[0][i], 1, NULL}, 1, JC_PASS_STEP,
               got + i * f->width);
    double tolerance = strcmp(kv, "f16") == 0 ? f->f16 : 1e-5;
    if (tolerance > 0)
        check_rows(got, want, LENGTH, f->width, tolerance, kv);
    jc_seq_free(seq);
    jc_free(want);
    jc_free(got);
}

static void test_sequence__a_prompt_at_once_and_steps_agree(void **state)
{
    (void)state;
    each_decoder(check_prefill);
}

/* What is wrong is said, and nothing changes. */
static void test_sequence__wrong_use_is_said(void **state)
{
    struct fixture f;
    const float *h;
    static const int32_t loop[] = {-1, 1}, far[] = {-2, 0};
    static const uint32_t back[] = {1, 0}, beyond[] = {0, 2};

    (void)state;
    begin(&f, "tiny-gpt2");
    jc_seq *seq = new_seq(&f, "f32");
    const jc_feed empty = {seq, f.ids[0], 0, NULL},
                  twice[] = {{seq, f.ids[0], 1, NULL}, {seq, f.ids[0], 1, NULL}};
    const uint32_t outside[] = {1u << 30};
    const jc_feed wrong[] = {empty,
                             {NULL, f.ids[0], 1, NULL},
                             {seq, NULL, 1, NULL},
                             {seq, outside, 1, NULL},
                             {seq, f.ids[0], 2, loop},
                             {seq, f.ids[0], 2, far}};
    for (size_t i = 0; i < JC_COUNT(wrong); i++)
        assert_int_equal(jc_session_extend(f.session, &wrong[i], 1, JC_PASS_STEP, &h, NULL),
                         JC_E_ARG);
    assert_int_equal(jc_session_extend(f.session, twice, 2, JC_PASS_STEP, &h, NULL),
                     JC_E_ARG);
    assert_int_equal(jc_session_extend(NULL, twice, 1, JC_PASS_STEP, &h, NULL), JC_E_ARG);
    assert_int_equal(jc_seq_length(seq), 0);
    static const int32_t roots[] = {-1, -1};
    const jc_feed tree = {seq, f.ids[0], 2, roots};
    assert_int_equal(jc_session_extend(f.session, &tree, 1, JC_PASS_STEP, &h, NULL), JC_OK);
    assert_int_equal(jc_seq_commit(seq, back, 2, NULL), JC_E_ARG);
    assert_int_equal(jc_seq_commit(seq, beyond, 2, NULL), JC_E_ARG);
    assert_int_equal(jc_seq_length(seq), 0);
    jc_seq_truncate(seq, 0); /* a tree that was dropped with what was before it */
    assert_int_equal(jc_seq_commit(seq, beyond, 1, NULL), JC_E_ARG);
    for (size_t i = 0; i < jc_seq_room(seq); i++)
        extend(&f, &(jc_feed){seq, f.ids[0], 1, NULL}, 1, JC_PASS_PREFILL, NULL);
    assert_int_equal(jc_session_extend(f.session, twice, 1, JC_PASS_STEP, &h, NULL),
                     JC_E_ARG);
    assert_int_equal(jc_seq_length(seq), jc_seq_room(seq));
    jc_seq_free(seq);
    end(&f);
    begin(&f, "tiny-bert"); /* a new token would change the states before it */
    assert_int_equal(jc_seq_new(&seq, f.model, NULL, NULL), JC_E_UNSUPPORTED);
    assert_null(seq);
    end(&f);
}

/* A step whose states overflow is refused, and the sequence is as long as before. */
static void test_sequence__states_that_are_not_finite_change_nothing(void **state)
{
    static const jc_pass_kind kinds[] = {JC_PASS_STEP, JC_PASS_PREFILL};
    struct fixture f;
    const float *h;

    (void)state;
    begin(&f, "tiny-gpt2");
    jc_seq *seq = new_seq(&f, "f32");
    const jc_feed feed = {seq, f.ids[0], 3, NULL};
    const jc_tensor *tokens = f.model->tokens;
    jc_tensor bad = *tokens;
    float *x = malloc(bad.count * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < bad.count; i++)
        x[i] = NAN;
    bad.dtype = JC_F32;
    bad.data = (const unsigned char *)x;
    for (size_t i = 0; i < JC_COUNT(kinds); i++) {
        static const int32_t roots[] = {-1, -1};
        const jc_feed tree = {seq, f.ids[0], 2, roots};
        extend(&f, &tree, 1, JC_PASS_STEP, NULL);
        f.model->tokens = &bad;
        size_t before = jc_seq_length(seq);
        assert_int_equal(jc_session_extend(f.session, &feed, 1, kinds[i], &h, NULL),
                         JC_E_NUMERIC);
        assert_int_equal(jc_seq_length(seq), before);
        assert_int_equal(jc_seq_commit(seq, (const uint32_t[]){1}, 1, NULL), JC_E_ARG);
        f.model->tokens = tokens;
        extend(&f, &feed, 1, kinds[i], NULL);
        assert_int_equal(jc_seq_length(seq), before + 3);
    }
    jc_seq_free(seq);
    end(&f);
    free(x);
}

/* Of latent attention a token keeps one latent and its position in each block. */
static void test_seq__latents_are_all_that_is_kept(void **state)
{
    jc_model *model = open_model(MODELS "tiny-deepseek_v3", "ref", "f32");
    jc_seq_params params;

    (void)state;
    jc_seq_params_init(&params);
    params.room = 7;
    assert_int_equal(jc_seq_bytes(model, &params), 3 * 7 * (10 + 4) * sizeof(float));
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sequence__a_pass_over_k_rows_is_k_steps),
        cmocka_unit_test(test_sequence__a_path_through_a_tree_is_the_text),
        cmocka_unit_test(test_sequence__forked_and_cut_ones_equal_fresh_ones),
        cmocka_unit_test(test_sequence__a_prompt_at_once_and_steps_agree),
        cmocka_unit_test(test_sequence__wrong_use_is_said),
        cmocka_unit_test(test_sequence__states_that_are_not_finite_change_nothing),
        cmocka_unit_test(test_seq__latents_are_all_that_is_kept),
    };
    return cmocka_run_group_tests_name("model/sequence", tests, NULL, NULL);
}
