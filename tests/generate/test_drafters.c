/* SPDX-License-Identifier: MIT */
/* What each drafter guesses, against its definition; and that guesses of random maps, or
 * that are no numbers, change no text. */
#define _GNU_SOURCE /* memmem() */
#include "support/scratch.h"

#include <math.h>

#include "generate/couple.h"
#include "generate/drafters.h"
#include "model/model.h"
#include "shortcut/shortcut.h"
#include "store/store.h"
#include "support/shortcuts.h"
#include "support/told.h"

extern const jc_drafter jc_drafter_ngram, jc_drafter_recycle, jc_drafter_context,
    jc_drafter_corpus;

/* ---- what drafters guess ---- */

static void test_drafters__an_n_gram_is_followed_by_what_followed_it_before(void **state)
{
    /*                           0  1  2  3  4  5  6  7  8  9 10 */
    static const uint32_t ids[] = {1, 2, 3, 7, 9, 2, 3, 8, 1, 2, 3};
    const jc_place_at at = {.ids = ids, .n = 11, .u = -1};
    jc_guess guesses[JC_GUESSES];
    size_t n;

    (void)state;
    assert_int_equal(jc_drafter_ngram.guess(NULL, &at, 1, guesses, &n, NULL), JC_OK);
    assert_int_equal(n, 2);
    assert_int_equal(guesses[0].id, 7); /* "1 2 3" */
    assert_int_equal(guesses[1].id, 8); /* "2 3" */
    assert_true(jc_drafter_ngram.odds[guesses[0].class] >
                jc_drafter_ngram.odds[guesses[1].class]);
    const jc_place_at first = {.ids = ids, .n = 1, .u = -1};
    assert_int_equal(jc_drafter_ngram.guess(NULL, &first, 1, guesses, &n, NULL), JC_OK);
    assert_int_equal(n, 0);
}

/* Probabilities of what follows ids[n] in text[m] by the definition of docs/methods.md, for
 * texts in which no length of match has more than 64 places. */
static void by_definition(const uint32_t *text, size_t m, const uint32_t *ids, size_t n,
                          size_t vocab, double *p)
{
    size_t longest = 0;

    for (size_t l = 1; l <= 6 && l <= n; l++)
        for (size_t i = l; i < m; i++)
            if (memcmp(text + i - l, ids + n - l, l * sizeof *ids) == 0)
                longest = l;
    for (size_t v = 0; v < vocab; v++)
        p[v] = 0;
    for (size_t l = longest > 3 ? longest - 2 : 1; l <= longest; l++) {
        double count[16] = {0}, all = 0, kinds = 0;
        for (size_t i = l; i < m; i++)
            if (memcmp(text + i - l, ids + n - l, l * sizeof *ids) == 0) {
                kinds += count[text[i]]++ == 0;
                all++;
            }
        for (size_t v = 0; v < vocab; v++)
            p[v] = (count[v] + kinds * p[v]) / (all + kinds);
    }
}

static void test_drafters__a_corpus_is_followed_by_witten_and_bell(void **state)
{
    enum { TEXT = 120, VOCAB = 16 };
    jc_model *model = open(TINY);
    uint32_t text[TEXT], ids[12];

    (void)state;
    for (uint64_t round = 0; round < 50; round++) {
        jc_rng rng = jc_rng_at(round, 0);
        for (size_t i = 0; i < TEXT; i++) /* few kinds of tokens, so matches are long */
            text[i] = (uint32_t)jc_rng_below(&rng, 3 + round % 7);
        size_t m = round % 5 ? TEXT : 2 + round % 9, n = 1 + round % JC_COUNT(ids);
        for (size_t i = 0; i < n; i++)
            ids[i] = (uint32_t)jc_rng_below(&rng, 3 + round % 8);
        const jc_draft_setup setup = {.model = model, .text = text, .n_text = m};
        const jc_place_at at = {.ids = ids, .n = n, .u = -1};
        jc_guess guesses[JC_GUESSES];
        double p[VOCAB];
        size_t n_guesses, kinds = 0;
        void *drafter;
        assert_true(jc_drafter_corpus.ready(&setup));
        assert_int_equal(jc_drafter_corpus.open(&drafter, &setup, NULL), JC_OK);
        assert_int_equal(
            jc_drafter_corpus.guess(drafter, &at, 1, guesses, &n_guesses, NULL), JC_OK);
        by_definition(text, m, ids, n, VOCAB, p);
        for (size_t v = 0; v < VOCAB; v++)
            kinds += p[v] > 0;
        assert_int_equal(n_guesses, kinds < JC_GUESSES ? kinds : JC_GUESSES);
        for (size_t g = 0; g < n_guesses; g++) {
            if (g)
                assert_true(p[guesses[g].id] <= p[guesses[g - 1].id] + 1e-12);
            assert_int_equal(guesses[g].class, jc_class_of((float)p[guesses[g].id], g));
        }
        jc_drafter_corpus.close(drafter);
    }
    jc_model_close(model);
}

static void test_drafters__a_corpus_of_other_tokens_is_refused(void **state)
{
    jc_model *model = open(TINY);
    const uint32_t text[] = {1, jc_model_get_info(model)->vocab, 2};
    jc_draft_setup setup = {.model = model, .text = text, .n_text = 3};
    jc_error err;
    void *drafter;

    (void)state;
    assert_int_equal(jc_drafter_corpus.open(&drafter, &setup, &err), JC_E_ARG);
    assert_non_null(strstr(err.message, "outside the vocabulary"));
    setup.n_text = 1;
    assert_int_equal(jc_drafter_corpus.open(&drafter, &setup, &err), JC_E_ARG);
    assert_non_null(strstr(err.message, "--draft-text"));
    setup.n_text = 0;
    assert_false(jc_drafter_corpus.ready(&setup));
    jc_model_close(model);
}

/* ---- draws that are known ---- */

/* The normal density around u, cut to [0, 1), summed over the part. */
static double by_sums(double from, double to, double u)
{
    enum { STEPS = 200000 };
    double in = 0, all = 0;

    for (int i = 0; i < STEPS; i++) {
        double x = (i + 0.5) / STEPS, density = exp(-0.5 * pow((x - u) / 0.2, 2));
        in += x >= from && x < to ? density : 0;
        all += density;
    }
    return in / all;
}

static void test_drafters__a_draw_is_where_its_number_lies(void **state)
{
    static const double ends[] = {0, 0.1, 0.35, 0.4, 0.95, 1};

    (void)state;
    for (int k = 0; k <= 4; k++) {
        double u = 0.249 * k, sum = 0;
        for (size_t i = 0; i + 1 < JC_COUNT(ends); i++) {
            double p = jc_couple(ends[i], ends[i + 1], u);
            assert_true(fabs(p - by_sums(ends[i], ends[i + 1], u)) < 1e-4);
            sum += p;
        }
        assert_true(fabs(sum - 1) < 1e-12);
    }
}

/* Of two tokens that are equally likely after another, the one whose part the number lies
 * in is guessed first; without a draw, the one of the larger logit. */
static void test_drafters__recycled_tokens_look_at_the_draw(void **state)
{
    jc_model *model = open(TINY);
    const jc_draft_setup setup = {.model = model};
    const jc_seen seen = {.id = 4, .next = {30, 10}, .p = {0.5F, 0.45F}, .n = 2};
    const uint32_t ids[] = {4};
    jc_guess guesses[JC_GUESSES];
    size_t n;
    void *drafter;

    (void)state;
    assert_int_equal(jc_drafter_recycle.open(&drafter, &setup, NULL), JC_OK);
    jc_drafter_recycle.learn(drafter, &seen);
    for (int k = 0; k < 3; k++) {
        const jc_place_at at = {
            .ids = ids, .n = 1, .temperature = k ? 1 : 0, .u = k ? 0.9 * (k - 1) : -1};
        assert_int_equal(jc_drafter_recycle.guess(drafter, &at, 1, guesses, &n, NULL),
                         JC_OK);
        assert_int_equal(n, 2);
        assert_int_equal(guesses[0].id, k == 1 ? 10 : 30);
    }
    jc_drafter_recycle.close(drafter);
    jc_model_close(model);
}

/* ---- context maps ---- */

static jc_shortcut *random_map(const jc_model *model, bool embedding_first, bool bad)
{
    jc_shortcut *shortcut = shortcut_of(model, &jc_form_affine);

    add_context_map(shortcut, embedding_first, bad);
    return shortcut;
}

/* What the drafter guesses is the map by its definition, in double, read out by the model;
 * and so is what it guesses behind its own guess. */
static void check_guesses(const jc_model *model, bool embedding_first)
{
    const jc_model_info *info = jc_model_get_info(model);
    size_t d = info->width, vocab = info->vocab;
    uint32_t ids[3] = {11, 5, 7};
    static const uint32_t positions[] = {0, 1, 2};
    const jc_text text = {ids, 3, positions, 3};
    jc_shortcut *shortcut = random_map(model, embedding_first, false);
    const jc_draft_setup setup = {.model = model, .shortcut = shortcut};
    float *weight = jc_matrix_new(d, 2 * d, 4), *bias = jc_matrix_new(1, d, 4);
    float *got = jc_matrix_new(2, d, 4), *want = jc_matrix_new(2, d, 4);
    float *z = jc_matrix_new(2, vocab, 4);
    jc_session *session;
    jc_guess guesses[2 * JC_GUESSES];
    size_t n;
    void *drafter;

    assert_int_equal(jc_map_dense(jc_shortcut_map(shortcut, 0), weight, bias, NULL), JC_OK);
    assert_int_equal(jc_session_new(&session, model, NULL), JC_OK);
    assert_int_equal(jc_session_run(session, &text, 1, NULL), JC_OK);
    const float *e = jc_session_states(session, 0);
    const float *h = jc_session_states(session, info->layers);
    for (size_t t = 0; t < 2; t++) /* tokens 1 and 2 */
        for (size_t i = 0; i < d; i++) {
            double sum = (double)bias[i];
            const float *before = t ? want : h;
            const float *w = weight + i * 2 * d;
            for (size_t k = 0; k < d; k++)
                sum += (double)w[embedding_first ? k : d + k] * (double)e[(1 + t) * d + k] +
                       (double)w[embedding_first ? d + k : k] * (double)before[k];
            want[t * d + i] = (float)sum;
        }
    assert_int_equal(jc_drafter_context.open(&drafter, &setup, NULL), JC_OK);
    for (size_t t = 0; t < 2; t++) {
        const jc_place_at at = {.ids = ids,
                                .n = 2 + t,
                                .position = 1 + t,
                                .u = -1,
                                .before = t ? got : h,
                                .state = got + t * d};
        assert_int_equal(jc_drafter_context.guess(drafter, &at, 1, guesses, &n, NULL),
                         JC_OK);
        assert_int_equal(n, JC_GUESSES);
        for (size_t i = 0; i < d; i++)
            assert_true(fabs((double)(got[t * d + i] - want[t * d + i])) < 1e-4);
        /* the best one; weights of the read-out have 8 bits there */
        assert_int_equal(jc_model_readout(model, want + t * d, 1, z, NULL), JC_OK);
        double best = -INFINITY, size = 0;
        for (size_t v = 0; v < vocab; v++) {
            best = fmax(best, (double)z[v]);
            size = fmax(size, fabs((double)z[v]));
        }
        assert_true(best - (double)z[guesses[0].id] <= 0.05 * size);
    }
    jc_drafter_context.close(drafter);
    jc_session_free(session);
    jc_shortcut_free(shortcut);
    jc_free(weight);
    jc_free(bias);
    jc_free(got);
    jc_free(want);
    jc_free(z);
}

static void test_drafters__context_maps_are_run_on_their_own_guesses(void **state)
{
    static const char *const names[] = {
        "tiny-gpt2", "tiny-gemma3", "tiny-gpt_neo",         "tiny-qwen3_5",
        "tiny-lfm2", "tiny-mamba2", "tiny-granitemoehybrid"};

    (void)state;
    for (size_t i = 0; i < JC_COUNT(names); i++) {
        char path[512];
        snprintf(path, sizeof path, GOLDEN "%s", names[i]);
        jc_model *model = open(path);
        check_guesses(model, i != 1);
        jc_model_close(model);
    }
}

/* What is asked for must be there; "auto" does without. */
static void test_drafters__context_maps_need_a_head_that_is_known(void **state)
{
    static const uint32_t start[] = {7};
    const jc_prompt prompt = {start, 1};
    jc_model *model = open(GOLDEN "tiny-opt-narrow");
    jc_shortcut *shortcut = random_map(model, true, false);
    struct told *told = calloc(1, sizeof *told);
    jc_generate_params params;

    (void)state;
    jc_generate_params_init(&params);
    params.shortcut = shortcut;
    params.draft = "context";
    assert_int_equal(jc_generate(model, &prompt, 1, &params, on_token, told, NULL),
                     JC_E_UNSUPPORTED);
    params.draft = "auto";
    assert_int_equal(jc_generate(model, &prompt, 1, &params, on_token, told, NULL), JC_OK);
    free(told);
    jc_shortcut_free(shortcut);
    jc_model_close(model);
}

/* Neither random guesses nor guesses that are no numbers change the text. */
static void test_drafters__context_drafts_change_no_bit(void **state)
{
    static const uint32_t frequent[] = {3, 60, 11, 12, 13, 14, 15, 16, 17};
    static uint32_t ids[2][16];
    jc_model *model = open(TINY);
    jc_prompt prompts[2];
    jc_generate_params params;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        fill(ids[i], 16, i + 1, jc_model_get_info(model)->vocab);
        prompts[i] = (jc_prompt){ids[i], 2 + i};
    }
    jc_generate_params_init(&params);
    params.tokens = 0;
    for (int k = 0; k < 8; k++) {
        jc_shortcut *shortcut = random_map(model, k & 1, k & 2);
        params.temperature = k & 4 ? 0.8 : 0;
        params.frequent = k & 1 ? frequent : NULL;
        params.n_frequent = k & 1 ? JC_COUNT(frequent) : 0;
        params.shortcut = shortcut;
        struct told *plain = run(model, prompts, 2, &params, 0);
        for (uint32_t nodes = 0; nodes < 32; nodes += 5) {
            check(model, prompts, 2, &params, "context", nodes, 0, plain);
            check(model, prompts, 2, &params, "context+recycle+ngram", nodes, 0, plain);
            check(model, prompts, 2, &params, "auto", nodes, 0, plain);
        }
        free(plain);
        jc_shortcut_free(shortcut);
    }
    jc_model_close(model);
}

/* tiny-llama, where two tokens that `plain` has not written have no numbers for embeddings.
 * They are put into `poisoned`. */
static jc_model *poisoned_model(void *const *state, const struct told *plain,
                                uint32_t poisoned[2])
{
    float nans[64];
    jc_safetensors *file;
    const char *from = GOLDEN "tiny-llama/model.safetensors";
    FILE *f = fopen(from, "rb");
    static char bytes[1 << 17];
    size_t n, found = 0;

    for (size_t i = 0; i < JC_COUNT(nans); i++)
        nans[i] = NAN;
    assert_non_null(f);
    n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    assert_int_equal(jc_safetensors_open(&file, from, NULL), JC_OK);
    const jc_tensor *t = jc_safetensors_find(file, "model.embed_tokens.weight");
    size_t row = t->shape[1] * sizeof(float);
    for (uint32_t id = 0; id < t->shape[0] && found < 2; id++) {
        bool written = id == 7;
        for (size_t i = 0; i < plain->seq[0].n; i++)
            written |= plain->seq[0].id[i] == id;
        char *at = written ? NULL : memmem(bytes, n, (const char *)t->data + id * row, row);
        if (!at)
            continue;
        memcpy(at, nans, row);
        poisoned[found++] = id;
    }
    assert_int_equal(found, 2);
    jc_safetensors_close(file);
    f = fopen(scratch_path(state, "model.safetensors"), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
    assert_int_equal(
        symlink(GOLDEN "tiny-llama/config.json", scratch_path(state, "config.json")), 0);
    return open(scratch_path(state, ""));
}

/* Where a draft makes states that are no numbers, the pass is run without drafts. */
static void test_drafters__a_draft_that_is_no_number_stops_nothing(void **state)
{
    static const uint32_t start[] = {7};
    const jc_prompt prompt = {start, 1};
    jc_model *model = open(GOLDEN "tiny-llama");
    jc_generate_params params;
    jc_generate_stats stats = {.size = sizeof stats};
    uint32_t poisoned[2];

    jc_generate_params_init(&params);
    params.tokens = 20;
    struct told *plain = run(model, &prompt, 1, &params, 0);
    jc_model_close(model);
    model = poisoned_model(state, plain, poisoned);
    params.draft_nodes = 2;
    params.frequent = poisoned;
    params.n_frequent = 2;
    params.stats = &stats;
    for (int early = 0; early < 2; early++) {
        jc_shortcut *shortcut =
            early ? shortcut_of(model, &jc_form_identity) : random_map(model, true, false);
        params.draft = early ? "exit:1" : "context";
        params.shortcut = shortcut;
        struct told *told = run(model, &prompt, 1, &params, 0);
        assert_memory_equal(told, plain, sizeof *told);
        assert_int_equal(stats.passes, 20);
        assert_int_equal(stats.drafted, 0); /* each pass went on without them */
        free(told);
        jc_shortcut_free(shortcut);
    }
    free(plain);
    jc_model_close(model);
}

/* ---- early blocks ---- */

/* The later the block, the better its guesses. */
static void test_drafters__later_blocks_foresee_more(void **state)
{
    static uint32_t ids[16];
    jc_model *model = open(JC_SOURCE_DIR "/data/demo");
    jc_shortcut *lens = shortcut_of(model, &jc_form_identity);
    jc_generate_params params;
    jc_generate_stats early = {.size = sizeof early}, late = early;
    const jc_prompt prompt = {ids, 16};

    (void)state;
    fill(ids, 16, 4, jc_model_get_info(model)->vocab);
    jc_generate_params_init(&params);
    params.tokens = 60;
    params.shortcut = lens;
    struct told *plain = run(model, &prompt, 1, &params, 0);
    params.draft_nodes = 4;
    params.draft = "exit:1";
    params.stats = &early;
    struct told *a = run(model, &prompt, 1, &params, 0);
    params.draft = "exit:11";
    params.stats = &late;
    struct told *b = run(model, &prompt, 1, &params, 0);
    assert_memory_equal(a, plain, sizeof *a);
    assert_memory_equal(b, plain, sizeof *b);
    /* 11 of 12 blocks foresee more than one */
    assert_true(late.accepted > early.accepted && late.turns < 40);
    free(a);
    free(b);
    free(plain);
    jc_shortcut_free(lens);
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drafters__an_n_gram_is_followed_by_what_followed_it_before),
        cmocka_unit_test(test_drafters__a_draw_is_where_its_number_lies),
        cmocka_unit_test(test_drafters__recycled_tokens_look_at_the_draw),
        cmocka_unit_test(test_drafters__a_corpus_is_followed_by_witten_and_bell),
        cmocka_unit_test(test_drafters__a_corpus_of_other_tokens_is_refused),
        cmocka_unit_test(test_drafters__context_maps_are_run_on_their_own_guesses),
        cmocka_unit_test(test_drafters__context_maps_need_a_head_that_is_known),
        cmocka_unit_test(test_drafters__context_drafts_change_no_bit),
        SCRATCH_TEST(test_drafters__a_draft_that_is_no_number_stops_nothing),
        cmocka_unit_test(test_drafters__later_blocks_foresee_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
