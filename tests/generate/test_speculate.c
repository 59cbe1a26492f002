/* SPDX-License-Identifier: MIT */
/* Text written with drafts is that of plain generation: the oracle is jc_generate() without
 * drafts, which test_generate.c holds against other programs. */
#define _GNU_SOURCE /* memmem() */
#include "support/scratch.h"

#include <math.h>

#include "generate/drafters.h"
#include "jumpcut/generate.h"
#include "model/model.h"
#include "shortcut/shortcut.h"
#include "store/store.h"
#include "support/shortcuts.h"

extern const jc_drafter jc_drafter_ngram, jc_drafter_context;

#define GOLDEN JC_SOURCE_DIR "/tests/golden/models/"
#define TINY   GOLDEN "tiny-gpt2"

enum { MOST = 8, LONG = 600 };
struct told {
    struct {
        uint32_t id[LONG];
        double logprob[LONG];
        size_t n;
        jc_end end;
    } seq[MOST];
    size_t stop_after; /* tokens of sequence 1; 0: never */
};

static bool on_token(void *arg, const jc_token *token)
{
    struct told *told = arg;

    assert_true(token->sequence < MOST);
    size_t n = told->seq[token->sequence].n++;
    assert_true(n < LONG);
    assert_int_equal(told->seq[token->sequence].end, JC_END_NOT);
    told->seq[token->sequence].id[n] = token->id;
    told->seq[token->sequence].logprob[n] = token->logprob;
    told->seq[token->sequence].end = token->end;
    return token->sequence != 1 || told->stop_after == 0 || n + 1 < told->stop_after;
}

static jc_model *open(const char *path)
{
    jc_model *model;
    jc_error err;

    if (jc_model_open(&model, path, NULL, &err))
        fail_msg("%s", err.message);
    return model;
}

static struct told *run(const jc_model *model, const jc_prompt *prompts, size_t n,
                        const jc_generate_params *params, size_t stop_after)
{
    struct told *told = calloc(1, sizeof *told);
    jc_error err;

    assert_non_null(told);
    told->stop_after = stop_after;
    if (jc_generate(model, prompts, n, params, on_token, told, &err))
        fail_msg("%s", err.message);
    return told;
}

/* The same text, log-probabilities and ends with these drafts as without. Returns the
 * drafts that were right. */
static uint64_t check(const jc_model *model, const jc_prompt *prompts, size_t n,
                      const jc_generate_params *params, const char *draft, uint32_t nodes,
                      size_t stop_after, const struct told *plain)
{
    jc_generate_params own = *params;
    jc_generate_stats stats;

    own.draft = draft;
    own.draft_nodes = nodes;
    own.stats = &stats;
    struct told *told = run(model, prompts, n, &own, stop_after);
    for (size_t i = 0; i < n; i++) {
        if (told->seq[i].n != plain->seq[i].n ||
            memcmp(told->seq[i].id, plain->seq[i].id, sizeof told->seq[i].id) != 0)
            fail_msg("%s: '%s' with %u drafts writes another text after prompt %zu",
                     model->path, draft, nodes, i);
        assert_int_equal(told->seq[i].end, plain->seq[i].end);
    }
    assert_memory_equal(told, plain, sizeof *told);
    free(told);
    assert_true(stats.tokens <= stats.turns + stats.accepted);
    assert_true(nodes == 0 || stats.drafted <= stats.turns * nodes);
    return stats.accepted;
}

static void fill(uint32_t *ids, size_t n, uint64_t seed, uint32_t vocab)
{
    jc_rng rng = {seed};

    for (size_t i = 0; i < n; i++)
        ids[i] = (uint32_t)jc_rng_below(&rng, vocab);
}

static const char *const mixtures[] = {"ngram", "recycle", "ngram+recycle", "auto"};

/* Every decoder, both ways of drawing, trees of all sizes; up to the end of the context. */
static size_t check_model(const char *path, uint64_t *accepted)
{
    static uint32_t ids[3][16];
    static const uint32_t sizes[] = {0, 1, 2, 3, 5, 8, 13, 21, 31};
    jc_model *model;
    jc_prompt prompts[3];
    jc_generate_params params;

    if (jc_model_open(&model, path, NULL, NULL))
        return 0;
    const jc_model_info *info = jc_model_get_info(model);
    if (!info->causal || !info->has_head) {
        jc_model_close(model);
        return 0;
    }
    for (size_t i = 0; i < 3; i++) {
        fill(ids[i], 16, i + 1, info->vocab);
        prompts[i] = (jc_prompt){ids[i], 1 + 5 * i};
    }
    jc_generate_params_init(&params);
    params.tokens = 60;
    params.logprobs = true;
    for (int warm = 0; warm < 2; warm++) {
        params.temperature = warm ? 0.8 : 0;
        struct told *plain = run(model, prompts, 3, &params, 0);
        for (size_t k = 0; k < JC_COUNT(sizes); k++)
            *accepted +=
                check(model, prompts, 3, &params, mixtures[k % 4], sizes[k], 0, plain);
        free(plain);
    }
    jc_model_close(model);
    return 1;
}

static void test_speculate__the_text_of_every_decoder_is_that_without_drafts(void **state)
{
    DIR *folder = opendir(GOLDEN);
    char path[1024];
    uint64_t accepted = 0;
    size_t n = 0;

    (void)state;
    assert_non_null(folder);
    for (struct dirent *e = readdir(folder); e; e = readdir(folder)) {
        snprintf(path, sizeof path, GOLDEN "%s", e->d_name);
        if (strncmp(e->d_name, "tiny-", 5) == 0 && !strstr(e->d_name, ".safetensors"))
            n += check_model(path, &accepted);
    }
    closedir(folder);
    n += check_model(JC_SOURCE_DIR "/data/demo", &accepted);
    assert_true(n >= 26);
    assert_true(accepted > 1000); /* the drafts were put to work */
}

/* All sizes of trees, many prompts, every filter of a draw. */
static void test_speculate__no_tree_changes_a_draw(void **state)
{
    enum { PROMPTS = 200 };
    jc_model *model = open(TINY);
    jc_generate_params params;
    uint32_t ids[12];
    uint64_t accepted = 0;

    (void)state;
    jc_generate_params_init(&params);
    params.tokens = 0;
    params.logprobs = true;
    for (uint64_t p = 0; p < PROMPTS; p++) {
        fill(ids, JC_COUNT(ids), p, jc_model_get_info(model)->vocab);
        const jc_prompt prompt = {ids, 1 + p % JC_COUNT(ids)};
        params.seed = p;
        params.temperature = 0.4 * (double)(p % 3);
        params.top_k = p % 5 == 1 ? 4 : 0;
        params.top_p = p % 5 == 2 ? 0.7 : 1;
        params.min_p = p % 5 == 3 ? 0.1 : 0;
        params.repeat_penalty = p % 7 == 4 ? 1.3 : 1;
        params.kv = p % 2 ? "f16" : "f32";
        struct told *plain = run(model, &prompt, 1, &params, 0);
        accepted += check(model, &prompt, 1, &params, mixtures[p % 4],
                          (uint32_t)(1 + p % 31), 0, plain);
        free(plain);
    }
    assert_true(accepted > PROMPTS);
    jc_model_close(model);
}

/* Sequences end each for its reason, the caller's word among them, in the middle of a walk
 * or not; the others go on. */
static void test_speculate__sequences_end_where_they_would(void **state)
{
    static uint32_t ids[4][8];
    jc_model *model = open(TINY);
    jc_prompt prompts[4];
    jc_generate_params params;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        fill(ids[i], 8, i + 5, jc_model_get_info(model)->vocab);
        prompts[i] = (jc_prompt){ids[i], 8 - i};
    }
    jc_generate_params_init(&params);
    struct told *whole = run(model, prompts, 4, &params, 0);
    params.ends = &whole->seq[2].id[9];
    params.n_ends = 1;
    for (uint32_t tokens = 0; tokens < 20; tokens++) {
        params.tokens = tokens;
        struct told *plain = run(model, prompts, 4, &params, tokens / 2);
        for (size_t k = 0; k < 4; k++)
            check(model, prompts, 4, &params, mixtures[k], 3 * tokens % 32, tokens / 2,
                  plain);
        free(plain);
    }
    free(whole);
    jc_model_close(model);
}

/* A text that repeats itself is foreseen. */
static void test_speculate__drafts_of_a_text_that_repeats_itself_are_right(void **state)
{
    jc_model *model = open(JC_SOURCE_DIR "/data/demo");
    static uint32_t ids[96];
    jc_generate_params params;
    jc_generate_stats stats;
    const jc_prompt prompt = {ids, 1};

    (void)state;
    ids[0] = 40;
    jc_generate_params_init(&params);
    params.tokens = 120;
    struct told *plain = run(model, &prompt, 1, &params, 0);
    params.draft = "ngram";
    params.draft_nodes = 8;
    params.stats = &stats;
    struct told *told = run(model, &prompt, 1, &params, 0);
    assert_memory_equal(told, plain, sizeof *told);
    assert_int_equal(stats.tokens, 120);
    assert_true(stats.turns <= 60 && stats.passes == stats.turns);
    free(told);
    free(plain);
    jc_model_close(model);
}

/* ---- what drafters guess ---- */

static void test_speculate__an_n_gram_is_followed_by_what_followed_it_before(void **state)
{
    /*                           0  1  2  3  4  5  6  7  8  9 10 */
    static const uint32_t ids[] = {1, 2, 3, 7, 9, 2, 3, 8, 1, 2, 3};
    const jc_place_at at = {.ids = ids, .n = 11};
    jc_guess guesses[JC_GUESSES];
    size_t n;

    (void)state;
    assert_int_equal(jc_drafter_ngram.guess(NULL, &at, 1, guesses, &n, NULL), JC_OK);
    assert_int_equal(n, 2);
    assert_int_equal(guesses[0].id, 7); /* "1 2 3" */
    assert_int_equal(guesses[1].id, 8); /* "2 3" */
    assert_true(jc_drafter_ngram.prior(guesses[0].class) >
                jc_drafter_ngram.prior(guesses[1].class));
    const jc_place_at first = {.ids = ids, .n = 1};
    assert_int_equal(jc_drafter_ngram.guess(NULL, &first, 1, guesses, &n, NULL), JC_OK);
    assert_int_equal(n, 0);
}

/* ---- context maps ---- */

/* A map from [0, L@-1] to L of random numbers, the taps in either order; with `bad` it maps
 * to no number. */
static jc_shortcut *random_map(const jc_model *model, bool embedding_first, bool bad)
{
    const jc_model_info *info = jc_model_get_info(model);
    uint32_t d = info->width, last = info->layers;
    jc_place place = jc_place_layers(0, last);
    jc_map_spec spec = {.form = &jc_form_affine, .optional = true};
    jc_shortcut *shortcut;
    jc_map *map;
    jc_rng rng = {9};

    place.n_from = 2;
    place.from[embedding_first ? 0 : 1] = (jc_tap_at){{0, 0}, 0};
    place.from[embedding_first ? 1 : 0] = (jc_tap_at){{last, 0}, -1};
    spec.place = place;
    shortcut = shortcut_of(model, &jc_form_affine);
    assert_int_equal(jc_shortcut_add(shortcut, &spec, &map, NULL), JC_OK);
    float *weight = jc_map_fill(map, "weight"), *bias = jc_map_fill(map, "bias");
    for (size_t i = 0; i < 2 * (size_t)d * d; i++)
        weight[i] = (float)(jc_rng_uniform(&rng) - 0.5);
    for (size_t i = 0; i < d; i++)
        bias[i] = bad ? NAN : (float)(jc_rng_uniform(&rng) - 0.5);
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

static void test_speculate__context_maps_are_run_on_their_own_guesses(void **state)
{
    static const char *const names[] = {"tiny-gpt2", "tiny-gemma3", "tiny-gpt_neo"};

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
static void test_speculate__context_maps_need_a_head_that_is_known(void **state)
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
static void test_speculate__context_drafts_change_no_bit(void **state)
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
static void test_speculate__a_draft_that_is_no_number_stops_nothing(void **state)
{
    static const uint32_t start[] = {7};
    const jc_prompt prompt = {start, 1};
    jc_model *model = open(GOLDEN "tiny-llama");
    jc_generate_params params;
    jc_generate_stats stats;
    uint32_t poisoned[2];

    jc_generate_params_init(&params);
    params.tokens = 20;
    struct told *plain = run(model, &prompt, 1, &params, 0);
    jc_model_close(model);
    model = poisoned_model(state, plain, poisoned);
    jc_shortcut *shortcut = random_map(model, true, false);
    params.draft = "context";
    params.draft_nodes = 2;
    params.shortcut = shortcut;
    params.frequent = poisoned;
    params.n_frequent = 2;
    params.stats = &stats;
    struct told *told = run(model, &prompt, 1, &params, 0);
    assert_memory_equal(told, plain, sizeof *told);
    assert_int_equal(stats.passes, 20);
    assert_int_equal(stats.drafted, 0); /* each pass went on without them */
    free(told);
    free(plain);
    jc_shortcut_free(shortcut);
    jc_model_close(model);
}

/* ---- bad input ---- */

static void refused(const jc_model *model, const char *draft, uint32_t nodes,
                    const char *says)
{
    static const uint32_t start[] = {7};
    const jc_prompt prompt = {start, 1};
    jc_generate_params params;
    jc_error err = {JC_OK, ""};
    struct told *told = calloc(1, sizeof *told);

    jc_generate_params_init(&params);
    params.draft = draft;
    params.draft_nodes = nodes;
    assert_int_equal(jc_generate(model, &prompt, 1, &params, on_token, told, &err),
                     JC_E_ARG);
    if (!strstr(err.message, says))
        fail_msg("'%s' does not say '%s'", err.message, says);
    free(told);
}

static void test_speculate__what_cannot_be_is_refused(void **state)
{
    jc_model *model = open(TINY);

    (void)state;
    refused(model, "oracle", 0, "no drafter 'oracle'");
    refused(model, "ngram+", 0, "no drafter ''");
    refused(model, "", 0, "no drafter ''");
    refused(model, "ngram,recycle", 0, "no drafter 'ngram,recycle'");
    refused(model, "ngram+recycle+ngram", 0, "twice");
    refused(model, "ngram", 32, "31 at most");
    refused(model, "ngram+context", 0, "needs shortcuts with the map 'map.0+3@-1.3'");
    jc_model_close(model);
}

static void test_speculate__every_failed_allocation_is_reported(void **state)
{
    static const uint32_t start[] = {7, 8};
    const jc_prompt prompts[] = {{start, 2}, {start, 1}};
    jc_model *model = open(TINY);
    jc_generate_params params;
    jc_status st = JC_E_NOMEM;

    (void)state;
    model->threads = 1;
    jc_generate_params_init(&params);
    params.tokens = 6;
    params.draft = "auto";
    for (long n = 0; st != JC_OK; n++) {
        struct told *told = calloc(1, sizeof *told);
        assert_true(n < 5000);
        jc_alloc_fail_after(n);
        st = jc_generate(model, prompts, 2, &params, on_token, told, NULL);
        jc_alloc_fail_after(-1);
        assert_true(st == JC_OK || st == JC_E_NOMEM);
        free(told);
    }
    model->threads = 0;
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_speculate__the_text_of_every_decoder_is_that_without_drafts),
        cmocka_unit_test(test_speculate__no_tree_changes_a_draw),
        cmocka_unit_test(test_speculate__sequences_end_where_they_would),
        cmocka_unit_test(test_speculate__drafts_of_a_text_that_repeats_itself_are_right),
        cmocka_unit_test(test_speculate__an_n_gram_is_followed_by_what_followed_it_before),
        cmocka_unit_test(test_speculate__context_maps_are_run_on_their_own_guesses),
        cmocka_unit_test(test_speculate__context_maps_need_a_head_that_is_known),
        cmocka_unit_test(test_speculate__context_drafts_change_no_bit),
        SCRATCH_TEST(test_speculate__a_draft_that_is_no_number_stops_nothing),
        cmocka_unit_test(test_speculate__what_cannot_be_is_refused),
        cmocka_unit_test(test_speculate__every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests_name("generate/speculate", tests, NULL, NULL);
}
