/* SPDX-License-Identifier: MIT */
#include "support/scratch.h"

#include <math.h>

#include "jumpcut/generate.h"
#include "kernels/kernels.h"
#include "model/model.h"
#include "store/store.h"
#include "support/torture_generate.h"

#define GOLDEN JC_SOURCE_DIR "/tests/golden/"
#define TINY   GOLDEN "models/tiny-gpt2"

/* What a run has told of its sequences. */
enum { MOST = 8, LONG = 3000, MODELS = 76 };
struct told {
    struct {
        uint32_t id[LONG];
        double logprob[LONG];
        size_t n, first; /* position of the first token */
        jc_end end;
    } seq[MOST];
    size_t stop_after; /* tokens of a sequence; 0: never */
    size_t passes;     /* until the hooks say stop; 0: never */
    size_t notes;
};

static bool on_token(void *arg, const jc_token *token)
{
    struct told *told = arg;

    assert_true(token->sequence < MOST);
    size_t n = told->seq[token->sequence].n++;
    assert_true(n < LONG);
    assert_int_equal(told->seq[token->sequence].end, JC_END_NOT); /* it was the last */
    if (n == 0)
        told->seq[token->sequence].first = token->position;
    assert_int_equal(token->position, told->seq[token->sequence].first + n);
    told->seq[token->sequence].id[n] = token->id;
    told->seq[token->sequence].logprob[n] = token->logprob;
    told->seq[token->sequence].end = token->end;
    return told->stop_after == 0 || n + 1 < told->stop_after;
}

static bool on_progress(void *arg, const jc_progress *progress)
{
    struct told *told = arg;

    (void)progress;
    return told->passes == 0 || --told->passes > 0;
}

static void on_note(void *arg, const char *message)
{
    struct told *told = arg;

    assert_non_null(strstr(message, "context"));
    told->notes++;
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
                        const jc_generate_params *params, struct told *told)
{
    struct told *fresh = told ? told : calloc(1, sizeof *told);
    jc_error err;

    assert_non_null(fresh);
    if (jc_generate(model, prompts, n, params, on_token, fresh, &err))
        fail_msg("%s", err.message);
    return fresh;
}

/* ---- against transformers ---- */

static size_t read_ids(const jc_safetensors *file, const char *name, uint32_t ids[LONG])
{
    const jc_tensor *t = jc_safetensors_find(file, name);

    if (!t)
        return 0;
    assert_true(t->count <= LONG);
    memcpy(ids, t->data, t->count * sizeof *ids);
    return t->count;
}

/* The prompts of a model, alone and side by side; or side by side, with weights as they are
 * in the file. */
static size_t check_prompts(const jc_safetensors *file, const char *name, const char *path,
                            bool as_stored)
{
    static uint32_t ids[3][LONG];
    size_t n[3], prompt[3];
    jc_prompt prompts[3];
    jc_generate_params params;
    char tensor[96];

    jc_generate_params_init(&params);
    for (size_t k = 0; k < 3; k++) {
        uint32_t length[LONG] = {0};
        snprintf(tensor, sizeof tensor, "%s.%zu", name, k);
        n[k] = read_ids(file, tensor, ids[k]);
        snprintf(tensor, sizeof tensor, "%s.%zu.prompt", name, k);
        if (n[k] == 0 || read_ids(file, tensor, length) == 0)
            return 0;
        prompt[k] = length[0];
        prompts[k] = (jc_prompt){ids[k], prompt[k]};
    }
    jc_model_params opened;
    jc_model *model;
    jc_model_params_init(&opened);
    opened.as_stored = as_stored;
    assert_int_equal(jc_model_open(&model, path, &opened, NULL), JC_OK);
    params.tokens = 100;
    for (size_t first = as_stored ? 3 : 0; first <= 3; first++) {
        size_t some = first == 3 ? 3 : 1, from = first % 3;
        struct told *told = run(model, prompts + from, some, &params, NULL);
        for (size_t k = 0; k < some; k++) {
            size_t at = prompt[from + k];
            assert_int_equal(told->seq[k].n, n[from + k] - at);
            for (size_t i = 0; i < told->seq[k].n; i++)
                if (told->seq[k].id[i] != ids[from + k][at + i])
                    fail_msg("%s: token %zu after prompt %zu is %u, want %u", name, i,
                             from + k, told->seq[k].id[i], ids[from + k][at + i]);
        }
        free(told);
    }
    jc_model_close(model);
    return 1;
}

static size_t check_model(const jc_safetensors *file, const char *name, const char *path)
{
    size_t packed = check_prompts(file, name, path, false);

    assert_int_equal(check_prompts(file, name, path, true), packed);
    return packed;
}

static void test_generate__greedy_text_is_that_of_transformers(void **state)
{
    jc_safetensors *file;
    DIR *folder = opendir(GOLDEN "models");
    const char *data = getenv("JC_DATA");
    char path[1024];
    size_t n = 0;

    (void)state;
    assert_int_equal(jc_safetensors_open(&file, GOLDEN "generate/greedy.safetensors", NULL),
                     JC_OK);
    assert_non_null(folder);
    for (struct dirent *e = readdir(folder); e; e = readdir(folder)) {
        snprintf(path, sizeof path, GOLDEN "models/%s", e->d_name);
        n += check_model(file, e->d_name, path);
    }
    closedir(folder);
    assert_int_equal(check_model(file, "demo", JC_SOURCE_DIR "/data/demo"), 1);
    snprintf(path, sizeof path, "%s/models/stories260K",
             data ? data : JC_SOURCE_DIR "/../shared/data");
    if (access(path, F_OK) == 0)
        assert_int_equal(check_model(file, "stories260K", path), 1);
    assert_int_equal(n, MODELS);
    jc_safetensors_close(file);
}

/* ---- what is written depends on nothing else ---- */

/* tiny-qwen3 with a longer context: it has no table of positions. */
static jc_model *long_model(void *const *state)
{
    char config[4096] = "";
    const char *from = GOLDEN "models/tiny-qwen3/", *key = "\"max_position_embeddings\": ";
    char path[512];

    snprintf(path, sizeof path, "%sconfig.json", from);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(config, 1, sizeof config - 8, f);
    fclose(f);
    char *at = strstr(config, key);
    assert_non_null(at);
    at += strlen(key);
    size_t digits = strspn(at, "0123456789");
    memmove(at + 4, at + digits, n + 1 - (size_t)(at - config) - digits);
    memcpy(at, "2048", 4);
    scratch_text(state, "config.json", config);
    snprintf(path, sizeof path, "%smodel.safetensors", from);
    assert_int_equal(symlink(path, scratch_path(state, "model.safetensors")), 0);
    return open(scratch_path(state, ""));
}

static void fill(uint32_t *ids, size_t n, uint64_t seed, uint32_t vocab)
{
    jc_rng rng = {seed};

    for (size_t i = 0; i < n; i++)
        ids[i] = (uint32_t)jc_rng_below(&rng, vocab);
}

/* Prompts of several chunks of a pass and of one token, at once; and each alone, on one
 * thread. A sequence alone has number 0, so what is compared is greedy text. */
static void test_generate__neighbours_and_threads_change_no_bit(void **state)
{
    static const size_t lengths[] = {700, 1, 1500, 513, 40};
    static uint32_t ids[5][1500];
    jc_prompt prompts[7];
    jc_model *model = long_model(state);
    jc_generate_params params;

    jc_generate_params_init(&params);
    params.tokens = 60;
    params.logprobs = true;
    for (size_t i = 0; i < 5; i++) {
        fill(ids[i], lengths[i], i + 1, jc_model_get_info(model)->vocab);
        prompts[i] = (jc_prompt){ids[i], lengths[i]};
    }
    prompts[5] = prompts[6] = prompts[4]; /* the same prompt again */
    for (int half = 0; half < 2; half++) {
        params.kv = half ? "f16" : "f32";
        model->threads = 2;
        struct told *all = run(model, prompts, 7, &params, NULL);
        model->threads = 1;
        for (size_t i = 0; i < 7; i++) {
            struct told *one = run(model, prompts + i, 1, &params, NULL);
            assert_int_equal(all->seq[i].n, 60);
            assert_int_equal(one->seq[0].n, 60);
            assert_memory_equal(all->seq[i].id, one->seq[0].id, 60 * sizeof(uint32_t));
            assert_memory_equal(all->seq[i].logprob, one->seq[0].logprob,
                                60 * sizeof(double));
            free(one);
        }
        free(all);
    }
    model->threads = 0;
    jc_model_close(model);
}

/* Sequence i draws the same whether others end before it or not, on any threads. */
static void test_generate__draws_depend_on_seed_sequence_and_position(void **state)
{
    static const uint32_t start[] = {7, 8, 9};
    const jc_prompt prompts[] = {{start, 3}, {start, 3}, {start, 2}, {start, 3}};
    jc_model *model = open(TINY);
    jc_generate_params params;

    (void)state;
    jc_generate_params_init(&params);
    params.tokens = 20;
    params.temperature = 1;
    params.seed = 4;
    model->threads = 2;
    struct told *four = run(model, prompts, 4, &params, NULL);
    model->threads = 1;
    struct told *two = run(model, prompts, 2, &params, NULL);
    params.tokens = 5;
    struct told *few = run(model, prompts, 2, &params, NULL);
    for (size_t i = 0; i < 2; i++) {
        assert_memory_equal(four->seq[i].id, two->seq[i].id, 20 * sizeof(uint32_t));
        assert_memory_equal(four->seq[i].id, few->seq[i].id, 5 * sizeof(uint32_t));
    }
    /* the one before it ends with its first token */
    static const uint32_t filled[31] = {7};
    const jc_prompt short_first[] = {{filled, 31}, {start, 3}};
    params.tokens = 20;
    struct told *early = run(model, short_first, 2, &params, NULL);
    assert_int_equal(early->seq[0].n, 1);
    assert_memory_equal(four->seq[1].id, early->seq[1].id, 20 * sizeof(uint32_t));
    free(early);
    params.tokens = 5;
    /* the same prompt, other numbers; and another seed */
    assert_memory_not_equal(four->seq[0].id, four->seq[1].id, 20 * sizeof(uint32_t));
    params.seed = 5;
    struct told *other = run(model, prompts, 1, &params, NULL);
    assert_memory_not_equal(four->seq[0].id, other->seq[0].id, 5 * sizeof(uint32_t));
    free(four);
    free(two);
    free(few);
    free(other);
    model->threads = 0;
    jc_model_close(model);
}

/* ---- how sequences end ---- */

static void test_generate__sequences_end_each_for_its_reason(void **state)
{
    static const uint32_t start[30] = {7, 8, 9};
    jc_model *model = open(TINY);
    jc_generate_params params;
    struct told told = {0};
    const jc_hooks hooks = {.note = on_note, .arg = &told};

    (void)state;
    jc_generate_params_init(&params);
    params.temperature = 1;
    params.hooks = &hooks;
    params.tokens = 10;
    const jc_prompt prompts[] = {{start, 3}, {start, 30}};
    run(model, prompts, 2, &params, &told);
    assert_int_equal(told.seq[0].n, 10);
    assert_int_equal(told.seq[0].end, JC_END_TOKENS);
    assert_int_equal(told.seq[0].first, 3);
    assert_int_equal(told.seq[1].n, 2); /* the context is 32 */
    assert_int_equal(told.seq[1].end, JC_END_CONTEXT);
    assert_int_equal(told.notes, 1);

    /* until the context is full */
    struct told *full = calloc(1, sizeof *full);
    params.tokens = 0;
    params.hooks = NULL;
    run(model, prompts, 1, &params, full);
    assert_int_equal(full->seq[0].n, 29);
    assert_int_equal(full->seq[0].end, JC_END_CONTEXT);

    /* a token that ends it is told, and is the last */
    struct told *ended = calloc(1, sizeof *ended);
    const uint32_t ends[] = {60, full->seq[0].id[6]};
    size_t first = 0;
    while (full->seq[0].id[first] != ends[1] && full->seq[0].id[first] != ends[0])
        first++;
    params.ends = ends;
    params.n_ends = 2;
    run(model, prompts, 1, &params, ended);
    assert_int_equal(ended->seq[0].n, first + 1);
    assert_int_equal(ended->seq[0].end, JC_END_TOKEN);

    /* the caller ends one, the others go on */
    struct told *stopped = calloc(1, sizeof *stopped);
    stopped->stop_after = 4;
    params.n_ends = 0;
    run(model, prompts, 2, &params, stopped);
    assert_int_equal(stopped->seq[0].n, 4);
    assert_int_equal(stopped->seq[1].n, 2);
    assert_memory_equal(stopped->seq[0].id, full->seq[0].id, 4 * sizeof(uint32_t));
    free(full);
    free(ended);
    free(stopped);
    jc_model_close(model);
}

static void test_generate__the_hooks_stop_it(void **state)
{
    static const uint32_t start[] = {7};
    jc_model *model = open(TINY);
    jc_generate_params params;
    struct told told = {.passes = 3};
    const jc_hooks hooks = {.progress = on_progress, .arg = &told};
    const jc_prompt prompt = {start, 1};

    (void)state;
    jc_generate_params_init(&params);
    params.hooks = &hooks;
    assert_int_equal(jc_generate(model, &prompt, 1, &params, on_token, &told, NULL),
                     JC_E_CANCELLED);
    assert_int_equal(told.seq[0].n, 3);
    jc_model_close(model);
}

/* The log-probability is that of the token among all, whatever the filters leave. */
static void test_generate__log_probabilities_are_of_the_read_out(void **state)
{
    static const uint32_t start[] = {7, 8};
    jc_model *model = open(TINY);
    const jc_model_info *info = jc_model_get_info(model);
    jc_generate_params params;
    const jc_prompt prompt = {start, 2};
    uint32_t ids[12] = {7, 8}, positions[12];
    float *z = jc_matrix_new(12, info->vocab, sizeof *z);
    jc_session *session;

    (void)state;
    jc_generate_params_init(&params);
    params.tokens = 10;
    params.temperature = 2;
    params.top_k = 3;
    params.logprobs = true;
    struct told *told = run(model, &prompt, 1, &params, NULL);
    memcpy(ids + 2, told->seq[0].id, 10 * sizeof *ids);
    for (uint32_t i = 0; i < 12; i++)
        positions[i] = i;
    const jc_text text = {ids, 12, positions, 12};
    assert_int_equal(jc_session_new(&session, model, NULL), JC_OK);
    assert_int_equal(jc_session_run(session, &text, 1, NULL), JC_OK);
    assert_int_equal(
        jc_model_readout(model, jc_session_states(session, info->layers), 12, z, NULL),
        JC_OK);
    for (size_t i = 0; i < 10; i++) {
        const float *row = z + (i + 1) * info->vocab;
        double sum = 0;
        for (size_t v = 0; v < info->vocab; v++)
            sum += exp((double)row[v]);
        double want = (double)row[told->seq[0].id[i]] - log(sum);
        check_close(&told->seq[0].logprob[i], &want, 1, 1e-4, 1e-4);
    }
    free(told);
    jc_free(z);
    jc_session_free(session);
    jc_model_close(model);
}

/* ---- bad input ---- */

static void refused(const jc_model *model, const jc_prompt *prompt, size_t n,
                    const jc_generate_params *params, jc_status status, const char *says)
{
    struct told *told = calloc(1, sizeof *told);
    jc_error err = {JC_OK, ""};

    assert_int_equal(jc_generate(model, prompt, n, params, on_token, told, &err), status);
    if (!strstr(err.message, says))
        fail_msg("'%s' does not say '%s'", err.message, says);
    free(told);
}

static void test_generate__what_cannot_be_is_refused(void **state)
{
    static const uint32_t start[33] = {7}, far[] = {7, 61};
    jc_model *model = open(TINY), *bert = open(GOLDEN "models/tiny-bert");
    jc_generate_params params;
    const jc_prompt one = {start, 1}, none = {start, 0}, whole = {start, 32},
                    longer = {start, 33}, outside = {far, 2};

    (void)state;
    refused(model, &none, 1, NULL, JC_E_ARG, "no token");
    refused(model, &whole, 1, NULL, JC_E_ARG, "32 tokens");
    refused(model, &longer, 1, NULL, JC_E_ARG, "33 tokens");
    refused(model, &outside, 1, NULL, JC_E_ARG, "61");
    refused(bert, &one, 1, NULL, JC_E_UNSUPPORTED, "encoder");
    refused(NULL, &one, 1, NULL, JC_E_ARG, "model");
    refused(model, NULL, 1, NULL, JC_E_ARG, "prompts");
    assert_int_equal(jc_generate(model, &one, 1, NULL, NULL, NULL, NULL), JC_E_ARG);
    assert_true(jc_generate_bytes(NULL, &one, 1, NULL) == 0);
    const struct {
        size_t offset;
        double value;
    } bad[] = {{offsetof(jc_generate_params, temperature), -1},
               {offsetof(jc_generate_params, temperature), NAN},
               {offsetof(jc_generate_params, top_p), 0},
               {offsetof(jc_generate_params, top_p), 1.5},
               {offsetof(jc_generate_params, min_p), -0.1},
               {offsetof(jc_generate_params, min_p), 2},
               {offsetof(jc_generate_params, repeat_penalty), 0}};
    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        jc_generate_params_init(&params);
        memcpy((char *)&params + bad[i].offset, &bad[i].value, sizeof(double));
        refused(model, &one, 1, &params, JC_E_ARG, "must be");
    }
    jc_generate_params_init(&params);
    params.kv = "q4";
    refused(model, &one, 1, &params, JC_E_ARG, "q4");
    jc_model_close(bert);
    jc_model_close(model);
}

/* The demo model's keys and values of a token take 12 * 2 * 128 floats. */
static void test_generate__too_much_memory_is_said_before_it_is_taken(void **state)
{
    enum { MANY = 1 << 21 };
    static const uint32_t start[] = {7};
    jc_model *model = open(JC_SOURCE_DIR "/data/demo");
    jc_prompt *prompts = calloc(MANY, sizeof *prompts);
    jc_generate_params params;

    (void)state;
    assert_non_null(prompts);
    for (size_t i = 0; i < MANY; i++)
        prompts[i] = (jc_prompt){start, 1};
    jc_generate_params_init(&params);
    params.tokens = 9;
    assert_true(jc_generate_bytes(model, prompts, 1, &params) == 10 * 12 * 2 * 128 * 4);
    params.kv = "f16";
    assert_true(jc_generate_bytes(model, prompts, 2, &params) == 2 * 10 * 12 * 2 * 128 * 2);
    params.tokens = 0;
    refused(model, prompts, MANY, &params, JC_E_NOMEM, "GB of memory are free");
    free(prompts);
    jc_model_close(model);
}

static void test_generate__every_failed_allocation_is_reported(void **state)
{
    jc_model *model = open(TINY);
    jc_generate_params params;

    (void)state;
    jc_generate_params_init(&params);
    params.tokens = 3;
    params.temperature = 1;
    check_torture_generate(model, &params);
    jc_model_close(model);
}

static void test_generate__the_memory_rate_is_that_of_a_machine(void **state)
{
    double rate = jc_memory_rate();

    (void)state;
    assert_true(rate > 1e8 && rate < 1e13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generate__greedy_text_is_that_of_transformers),
        SCRATCH_TEST(test_generate__neighbours_and_threads_change_no_bit),
        cmocka_unit_test(test_generate__draws_depend_on_seed_sequence_and_position),
        cmocka_unit_test(test_generate__sequences_end_each_for_its_reason),
        cmocka_unit_test(test_generate__the_hooks_stop_it),
        cmocka_unit_test(test_generate__log_probabilities_are_of_the_read_out),
        cmocka_unit_test(test_generate__what_cannot_be_is_refused),
        cmocka_unit_test(test_generate__too_much_memory_is_said_before_it_is_taken),
        cmocka_unit_test(test_generate__every_failed_allocation_is_reported),
        cmocka_unit_test(test_generate__the_memory_rate_is_that_of_a_machine),
    };
    return cmocka_run_group_tests_name("generate/generate", tests, NULL, NULL);
}
