/* SPDX-License-Identifier: MIT */
/* Calibration: p-values against scipy (tests/golden/make_calibration.py), the promise by
 * repetition, losses against what generation then does, and policies as files. */
#include "support/scratch.h"

#include <math.h>
#include <unistd.h>

#include "generate/losses.h"
#include "generate/ltt.h"
#include "jumpcut/policy.h"
#include "shortcut/shortcut.h"
#include "store/store.h"
#include "support/shortcuts.h"

#define GOLDEN JC_SOURCE_DIR "/tests/golden/"
#define TINY   GOLDEN "models/tiny-gpt2"
#define DEMO   JC_SOURCE_DIR "/data/demo"

static void read_column(const jc_safetensors *file, const char *name, double *x, size_t *n)
{
    const jc_tensor *t = jc_safetensors_find(file, name);

    assert_non_null(t);
    assert_true(t->count <= 512 && t->bytes == t->count * sizeof *x);
    memcpy(x, t->data, t->bytes);
    *n = t->count;
}

static void test_calibrate__p_values_are_those_of_scipy(void **state)
{
    static double mean[512], n[512], alpha[512], p[512];
    jc_safetensors *file;
    size_t rows;

    (void)state;
    assert_int_equal(
        jc_safetensors_open(&file, GOLDEN "calibration/p_values.safetensors", NULL), JC_OK);
    read_column(file, "mean", mean, &rows);
    read_column(file, "n", n, &rows);
    read_column(file, "alpha", alpha, &rows);
    read_column(file, "p", p, &rows);
    for (size_t i = 0; i < rows; i++) {
        double got = jc_ltt_p_value(mean[i], (size_t)n[i], alpha[i]);
        if (!(fabs(got - p[i]) <= 1e-9 * p[i] + 1e-300))
            fail_msg("mean %g, n %g, alpha %g: p is %.12g, want %.12g", mean[i], n[i],
                     alpha[i], got, p[i]);
    }
    jc_safetensors_close(file);
    /* (1 - alpha)^58 > 0.05 >= (1 - alpha)^59 */
    assert_int_equal(jc_ltt_least(0.05, 0.05), 59);
    assert_true(jc_ltt_p_value(0, 58, 0.05) > 0.05 && jc_ltt_p_value(0, 59, 0.05) <= 0.05);
}

/* ---- texts ---- */

static jc_model *open(const char *path)
{
    jc_model *model;

    assert_int_equal(jc_model_open(&model, path, NULL, NULL), JC_OK);
    return model;
}

struct texts {
    const jc_model *model;
    size_t n, done;
    size_t length;
};

static jc_status next_text(void *arg, jc_ids *ids, jc_error *err)
{
    struct texts *texts = arg;
    jc_rng rng = {texts->done + 1};

    (void)err;
    if (texts->done++ == texts->n)
        return JC_OK;
    for (size_t i = 0; i < texts->length; i++) {
        uint32_t id = (uint32_t)jc_rng_below(&rng, jc_model_get_info(texts->model)->vocab);
        assert_true(jc_grow(&ids->id, &ids->capacity, ids->n + 1, sizeof *ids->id));
        ids->id[ids->n++] = id;
    }
    return JC_OK;
}

/* Texts that the model writes itself, or of random tokens. */
static jc_samples *samples_of(struct texts *texts, jc_self_text *self)
{
    jc_samples_params params;
    jc_samples *samples;

    jc_samples_params_init(&params);
    params.positions = "all";
    params.vocab = jc_model_get_info(texts->model)->vocab;
    assert_int_equal(
        self ? jc_samples_from_source(&samples, jc_self_text_next, self, &params, NULL)
             : jc_samples_from_source(&samples, next_text, texts, &params, NULL),
        JC_OK);
    return samples;
}

static void gather(jc_exit_losses *losses, const jc_model *model, const jc_shortcut *maps,
                   const char *gate, size_t n, uint32_t tokens)
{
    struct texts texts = {.model = model};
    jc_self_text_params own;
    jc_self_text *self;
    jc_exits *exits;
    const jc_exit_spec spec = {
        .model = model, .shortcut = maps, .gate = gate, .fill = "defer", .at = "6,9,11"};

    jc_self_text_params_init(&own);
    own.self_text = n;
    own.self_tokens = tokens;
    assert_int_equal(jc_self_text_new(&self, model, -1, -1, &own, NULL), JC_OK);
    jc_samples *samples = samples_of(&texts, self);
    assert_int_equal(jc_exits_new(&exits, &spec, NULL), JC_OK);
    assert_int_equal(jc_exit_losses_gather(losses, exits, samples, 64, NULL, NULL), JC_OK);
    assert_int_equal(losses->n_texts, n);
    jc_exits_free(exits);
    jc_samples_close(samples);
    jc_self_text_free(self);
}

/* ---- the promise ---- */

/* Calibrations on texts drawn from a large pool, whose mean is the true risk: it is above
 * alpha in at most a share delta of them, by a bound that a true share of delta passes in
 * all but one of 10,000 cases. */
static void check_promise(const jc_exit_losses *pool, double alpha, double delta)
{
    enum { TIMES = 400, TEXTS = 200 };
    double *loss = jc_alloc_array(TEXTS * pool->n, sizeof *loss);
    jc_rng rng = {7};
    size_t broken = 0, left = 0, most = 0;

    assert_non_null(loss);
    for (size_t t = 0; t < TIMES; t++) {
        double mean, p, risk = 0;
        for (size_t i = 0; i < TEXTS; i++)
            memcpy(loss + i * pool->n,
                   pool->loss + jc_rng_below(&rng, pool->n_texts) * pool->n,
                   pool->n * sizeof *loss);
        size_t shown = jc_ltt_choose(loss, TEXTS, pool->n, alpha, delta, &mean, &p);
        if (shown == 0)
            continue;
        for (size_t i = 0; i < pool->n_texts; i++)
            risk += pool->loss[i * pool->n + shown - 1] / (double)pool->n_texts;
        broken += risk > alpha;
        left += pool->sums[shown - 1].blocks < pool->plain.blocks;
    }
    while (jc_binomial_below(TIMES, delta, most) < 0.9999)
        most++;
    if (broken > most)
        fail_msg("the promise is broken %zu times of %d, at most %zu were allowed", broken,
                 TIMES, most);
    assert_true(left > TIMES / 2); /* and the exits are of use */
    jc_free(loss);
}

static void test_calibrate__the_promise_is_kept(void **state)
{
    jc_model *model = open(DEMO);
    jc_shortcut *maps = shortcut_of(model, &jc_form_identity);
    jc_exit_losses pool;

    (void)state;
    gather(&pool, model, maps, "gap", 1200, 16);
    check_promise(&pool, 0.1, 0.05);
    check_promise(&pool, 0.2, 0.2);
    jc_exit_losses_free(&pool);
    jc_shortcut_free(maps);
    jc_model_close(model);
}

/* ---- losses are what generation does ---- */

struct written {
    uint32_t ids[200];
    size_t n;
};

static bool take(void *arg, const jc_token *token)
{
    struct written *w = arg;

    w->ids[w->n++] = token->id;
    return true;
}

static jc_status give(void *arg, jc_ids *ids, jc_error *err)
{
    struct written *w = arg;

    (void)err;
    if (w->n == 0)
        return JC_OK;
    assert_true(jc_grow(&ids->id, &ids->capacity, w->n, sizeof *ids->id));
    memcpy(ids->id, w->ids, w->n * sizeof *ids->id);
    ids->n = w->n;
    w->n = 0;
    return JC_OK;
}

/* From a prompt of one token on, all tokens of a text are written with exits. The full
 * model, reading that text, finds the same number of them changed as the reading does. */
static void check_gate(const jc_model *model, const jc_shortcut *maps, const char *gate,
                       size_t g)
{
    const jc_exit_gate *entry = jc_gate_find(gate);
    jc_generate_params params;
    jc_generate_stats stats = {.size = sizeof stats};
    jc_comparison same = {.size = sizeof same};
    struct written w = {.ids = {40}, .n = 1};
    const jc_prompt prompt = {(uint32_t[]){40}, 1};
    double lambda;

    assert_true(entry->grid(g, &lambda));
    jc_generate_params_init(&params);
    params.shortcut = maps;
    params.exit = gate;
    params.exit_at = "6,9,11";
    params.exit_threshold = lambda;
    params.tokens = 60;
    params.stats = &stats;
    assert_int_equal(jc_generate(model, &prompt, 1, &params, take, &w, NULL), JC_OK);
    assert_int_equal(w.n, 61);
    const jc_compared text = {w.ids, 1, w.n};
    assert_int_equal(jc_generate_compare(&same, model, &text, 1, &params, NULL), JC_OK);
    assert_int_equal(same.tokens, 60);

    struct written rest = w; /* its last token has no next one */
    jc_samples_params how;
    jc_samples *samples;
    jc_exits *exits;
    jc_exit_losses losses;
    const jc_exit_spec spec = {
        .model = model, .shortcut = maps, .gate = gate, .fill = "defer", .at = "6,9,11"};
    rest.n--;
    jc_samples_params_init(&how);
    how.positions = "all";
    assert_int_equal(jc_samples_from_source(&samples, give, &rest, &how, NULL), JC_OK);
    assert_int_equal(jc_exits_new(&exits, &spec, NULL), JC_OK);
    assert_int_equal(jc_exit_losses_gather(&losses, exits, samples, 61, NULL, NULL), JC_OK);
    double changed = losses.loss[g] * 60;
    if (fabs(changed - (double)(60 - same.same_next)) > 1e-9)
        fail_msg("%s: a reading finds %g tokens changed, generation %g", gate, changed,
                 (double)(60 - same.same_next));
    assert_true(losses.sums[g].blocks == (double)stats.blocks.n);
    assert_true(losses.sums[g].late == (double)stats.fills.n);
    jc_exit_losses_free(&losses);
    jc_exits_free(exits);
    jc_samples_close(samples);
}

static void test_calibrate__losses_are_what_generation_does(void **state)
{
    jc_model *model = open(DEMO);
    jc_shortcut *maps = shortcut_of(model, &jc_form_identity);

    (void)state;
    check_gate(model, maps, "gap", 80);
    check_gate(model, maps, "gap", 95);
    check_gate(model, maps, "calm", 90);
    check_gate(model, maps, "max", 70);
    check_gate(model, maps, "agree", 7);
    check_gate(model, maps, "cosine", 30);
    jc_shortcut_free(maps);
    jc_model_close(model);
}

/* ---- policies ---- */

static char note[400];

static void on_note(void *arg, const char *message)
{
    (void)arg;
    if (strstr(message, "policy"))
        snprintf(note, sizeof note, "%s", message);
}

static jc_policy *calibrate(const jc_model *model, const jc_shortcut *maps, size_t n,
                            double risk)
{
    struct texts texts = {.model = model, .n = n, .length = 9};
    const jc_hooks hooks = {.note = on_note};
    jc_calibrate_params params;
    jc_policy *policy;
    jc_error err;
    jc_samples *samples = samples_of(&texts, NULL);

    note[0] = '\0';
    jc_calibrate_params_init(&params);
    params.exit_at = "1,2";
    params.gate = "max";
    params.risk = risk;
    params.hooks = &hooks;
    if (jc_calibrate(&policy, model, maps, samples, &params, &err))
        fail_msg("%s", err.message);
    jc_samples_close(samples);
    return policy;
}

static void test_calibrate__too_few_texts_let_nobody_leave(void **state)
{
    jc_model *model = open(TINY);
    jc_shortcut *maps = shortcut_of(model, &jc_form_identity);
    static const uint32_t ids[] = {1, 7, 3};
    const jc_prompt prompt = {ids, 3};
    struct written plain = {.n = 0}, careful = {.n = 0};
    jc_generate_params params;

    (void)state;
    jc_policy *policy = calibrate(model, maps, 58, 0.05);
    assert_true(jc_policy_get_info(policy)->never);
    assert_non_null(strstr(note, "58 texts cannot show a risk below 0.05, 59"));
    jc_generate_params_init(&params);
    params.tokens = 20;
    assert_int_equal(jc_generate(model, &prompt, 1, &params, take, &plain, NULL), JC_OK);
    params.policy = policy;
    params.shortcut = maps;
    assert_int_equal(jc_generate(model, &prompt, 1, &params, take, &careful, NULL), JC_OK);
    assert_memory_equal(&plain, &careful, sizeof plain);
    jc_policy_free(policy);
    jc_shortcut_free(maps);
    jc_model_close(model);
}

static void test_calibrate__a_policy_is_read_as_it_was_written(void **state)
{
    jc_model *model = open(TINY), *other = open(GOLDEN "models/tiny-gpt2-bf16");
    jc_shortcut *maps = shortcut_of(model, &jc_form_identity), *more;
    const jc_model_info *info = jc_model_get_info(model);
    char folder[] = "/tmp/jc-policy-XXXXXX", path[64], again[64];
    jc_policy *policy = calibrate(model, maps, 300, 0.9), *read;
    jc_error err;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/policy.json", folder);
    snprintf(again, sizeof again, "%s/again.json", folder);
    assert_int_equal(jc_policy_save(policy, path, NULL), JC_OK);
    if (jc_policy_open(&read, path, &err))
        fail_msg("%s", err.message);
    jc_policy_info a = *jc_policy_get_info(policy), b = *jc_policy_get_info(read);
    assert_false(a.never);
    assert_string_equal(a.gate, b.gate);
    assert_string_equal(a.exit_at, b.exit_at);
    assert_true(fabs(a.threshold - b.threshold) < 1e-9 && a.texts == b.texts);
    assert_true(a.texts == 300 && a.tokens == 2700 && a.measured_risk < 0.9 && a.p <= 0.05);
    assert_int_equal(jc_policy_save(read, again, NULL), JC_OK);
    assert_int_equal(jc_policy_check(read, model, maps, &err), JC_OK);
    assert_int_equal(jc_policy_check(read, other, maps, &err), JC_E_MISMATCH);
    assert_non_null(strstr(err.message, "the policy is of model"));
    assert_int_equal(jc_policy_check(read, model, NULL, &err), JC_E_ARG);
    assert_int_equal(
        jc_shortcut_new(&more, &jc_form_affine, info->layers, info->width, NULL), JC_OK);
    jc_map *map;
    const jc_map_spec spec = {.form = &jc_form_affine, .place = jc_place_layers(1, 3)};
    assert_int_equal(jc_shortcut_add(more, &spec, &map, NULL), JC_OK);
    assert_int_equal(jc_policy_check(read, model, more, &err), JC_E_MISMATCH);
    assert_non_null(strstr(err.message, "the policy is of shortcuts"));
    unlink(path);
    unlink(again);
    rmdir(folder);
    jc_policy_free(read);
    jc_policy_free(policy);
    jc_shortcut_free(more);
    jc_shortcut_free(maps);
    jc_model_close(other);
    jc_model_close(model);
}

static void test_calibrate__files_that_are_no_policy_are_refused(void **state)
{
#define HEAD                                                                               \
    "{\"format\":\"jumpcut-policy/1\",\"model\":\"0123456789abcdef0123456789abcdef\""
#define NUMBERS                                                                            \
    ",\"length\":1,\"risk\":0.1,\"confidence\":0.9,\"texts\":1,\"tokens\":1,"              \
    "\"measured_risk\":0,\"p_value\":0,\"blocks\":1,\"of_blocks\":2,"                      \
    "\"blocks_run_later\":0,\"flops_of_the_full_model\":1,"                                \
    "\"bytes_of_the_full_model\":1}}"
    static const char *const files[][2] = {
        {"", "it is empty"},
        {"[]", "not a JSON object"},
        {"{}", "not a policy"},
        {"{\"format\":\"jumpcut-policy/1\",\"model\":\"x\"}", "not a fingerprint"},
        {HEAD "}", "says nothing"},
        {HEAD ",\"shortcuts\":7}", "not a fingerprint"},
        {HEAD ",\"exit\":{\"gate\":\"door\"}}", "no gate"},
        {HEAD ",\"exit\":{\"gate\":\"gap\",\"kv_fill\":\"mat\"}}", "defer"},
        {HEAD ",\"exit\":{\"gate\":\"gap\",\"kv_fill\":\"defer\",\"at\":\"9,3\"}}",
         "not a list of exit points"},
        {HEAD ",\"exit\":{\"gate\":\"gap\",\"kv_fill\":\"defer\",\"at\":\"3\"" NUMBERS,
         "out of range"},
        {HEAD ",\"exit\":{\"gate\":\"gap\",\"kv_fill\":\"defer\",\"at\":\"3\","
              "\"threshold\":1e99" NUMBERS,
         "out of range"},
    };
    char path[] = "/tmp/jc-policy-XXXXXX";
    int file = mkstemp(path);
    jc_policy *policy;
    jc_error err;

    (void)state;
    assert_true(file >= 0);
    close(file);
    for (size_t i = 0; i < JC_COUNT(files); i++) {
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fputs(files[i][0], f);
        fclose(f);
        assert_int_equal(jc_policy_open(&policy, path, &err), JC_E_FORMAT);
        if (!strstr(err.message, files[i][1]))
            fail_msg("'%s' does not say '%s'", err.message, files[i][1]);
    }
    unlink(path);
}

static void test_calibrate__wrong_use_is_answered(void **state)
{
    jc_model *model = open(TINY), *encoder = open(GOLDEN "models/tiny-bert");
    jc_shortcut *maps = shortcut_of(model, &jc_form_identity);
    struct texts texts = {.model = model, .n = 3, .length = 5};
    jc_samples *samples = samples_of(&texts, NULL);
    jc_calibrate_params params;
    jc_policy *policy;
    jc_error err;

    (void)state;
    jc_calibrate_params_init(&params);
    assert_int_equal(jc_calibrate(&policy, model, NULL, samples, &params, &err), JC_E_ARG);
    assert_int_equal(jc_calibrate(&policy, encoder, maps, samples, &params, &err),
                     JC_E_UNSUPPORTED);
    params.risk = 2;
    assert_int_equal(jc_calibrate(&policy, model, maps, samples, &params, &err), JC_E_ARG);
    params.risk = 0.05;
    params.exit_at = "3";
    assert_int_equal(jc_calibrate(&policy, model, maps, samples, &params, &err), JC_E_ARG);
    assert_null(policy);
    jc_samples_close(samples);
    jc_shortcut_free(maps);
    jc_model_close(encoder);
    jc_model_close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calibrate__p_values_are_those_of_scipy),
        cmocka_unit_test(test_calibrate__the_promise_is_kept),
        cmocka_unit_test(test_calibrate__losses_are_what_generation_does),
        cmocka_unit_test(test_calibrate__too_few_texts_let_nobody_leave),
        cmocka_unit_test(test_calibrate__a_policy_is_read_as_it_was_written),
        cmocka_unit_test(test_calibrate__files_that_are_no_policy_are_refused),
        cmocka_unit_test(test_calibrate__wrong_use_is_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
