/* SPDX-License-Identifier: MIT */
/* params_calls.h: every call of the library that takes params, for test_params.c: what it
 * gives with some, as text, and what its params cannot do without. */
#ifndef JC_TEST_PARAMS_CALLS_H
#define JC_TEST_PARAMS_CALLS_H

#include "support/scratch.h"

#include "jumpcut.h"

#define MODEL     JC_SOURCE_DIR "/tests/golden/models/tiny-gpt2"
#define TOKENIZER JC_SOURCE_DIR "/data/demo"
#define SAMPLE    "{\"ids\":[5,6,7,8,9,10,11,3],\"positions\":[0,1,2,3,4,5,6,7]}\n"
#define SOME      SAMPLE "{\"ids\":[9,10],\"positions\":[0,1]}\n" SAMPLE SAMPLE SAMPLE

enum { TEXT = 1 << 18 };

static void **scratch; /* the folder of the test */
static jc_model *model;
static jc_tokenizer *tokenizer;
static jc_stats *stats;
static jc_shortcut *shortcut;
static jc_error err;
static char told[TEXT]; /* what the last call gave */

/* ---- what calls give, as text ---- */

static const char *failed(jc_status st)
{
    snprintf(told, sizeof told, "%s: %s", jc_status_name(st), err.message);
    return told;
}

static const char *content(const char *name)
{
    FILE *f = fopen(scratch_path(scratch, name), "rb");
    uint64_t hash = 14695981039346656037u;
    size_t n = 0;

    assert_non_null(f);
    for (int c = getc(f); c != EOF; c = getc(f), n++)
        hash = (hash ^ (unsigned)c) * 1099511628211u;
    fclose(f);
    snprintf(told, sizeof told, "%zu bytes, %llx", n, (unsigned long long)hash);
    return told;
}

static jc_samples *samples_of(const jc_samples_params *params)
{
    jc_samples *samples;

    scratch_text(scratch, "samples.jsonl", SOME SOME);
    jc_status st = jc_samples_from_file(&samples, scratch_path(scratch, "samples.jsonl"),
                                        params, &err);
    return st ? NULL : samples;
}

static const char *saved(jc_status st, jc_shortcut *made)
{
    if (st)
        return failed(st);
    assert_int_equal(jc_shortcut_save(made, scratch_path(scratch, "maps"), &err), JC_OK);
    jc_shortcut_free(made);
    return content("maps");
}

static const char *results(jc_status st, jc_results *made)
{
    char *json;

    if (st)
        return failed(st);
    assert_int_equal(jc_results_json(made, &json, &err), JC_OK);
    snprintf(told, sizeof told, "%s", json);
    free(json);
    jc_results_free(made);
    return told;
}

/* What depends on the clock. */
static const char *made(jc_status st)
{
    return st ? failed(st) : "made";
}

/* ---- the calls ---- */

static const char *call_context(const void *params)
{
    jc_context *context = NULL;
    jc_status st = jc_context_new(&context, params, &err);

    jc_context_free(context);
    return made(st);
}

static const char *call_model(const void *params)
{
    jc_model *opened = NULL;
    jc_status st = jc_model_open(&opened, MODEL, params, &err);

    if (st)
        return failed(st);
    const jc_model_info *info = jc_model_get_info(opened);
    snprintf(told, sizeof told, "%s %s %llu", info->backend, info->dtype,
             (unsigned long long)info->weight_bytes);
    jc_model_close(opened);
    return told;
}

static const char *call_samples(const void *params)
{
    const char *path = scratch_path(scratch, "text");
    jc_samples *samples = NULL;
    jc_sample sample = {.ids = NULL};
    size_t n = 0;

    scratch_text(scratch, "text", "one line of text\nand\n\nanother one\n");
    jc_status st = jc_samples_from_text(&samples, tokenizer, &path, 1, params, &err);
    if (st)
        return failed(st);
    while ((st = jc_samples_next(samples, &sample, &err)) == JC_OK && sample.ids) {
        char *line;
        assert_int_equal(jc_sample_line(&sample, &line, &err), JC_OK);
        n += (size_t)snprintf(told + n, sizeof told - n, "%s", line);
        free(line);
    }
    jc_samples_close(samples);
    return st ? failed(st) : told;
}

static const char *call_stats(const void *params)
{
    jc_samples *samples = samples_of(NULL);
    jc_stats *sums = NULL;
    jc_status st = jc_stats_gather(&sums, model, samples, params, &err);

    jc_samples_close(samples);
    if (st)
        return failed(st);
    assert_int_equal(jc_stats_save(sums, scratch_path(scratch, "sums"), &err), JC_OK);
    jc_stats_free(sums);
    return content("sums");
}

static const char *call_fit(const void *params)
{
    jc_shortcut *fitted = NULL;
    jc_status st = jc_fit(&fitted, stats, params, &err);

    return saved(st, fitted);
}

static const char *call_ranks(const void *params)
{
    const uint32_t rank = 2;
    jc_shortcut *fitted = NULL;
    jc_status st = jc_fit_ranks(&fitted, &rank, 1, stats, params, &err);

    return saved(st, fitted);
}

static jc_status open_texts(void *arg, jc_samples **samples, jc_error *why)
{
    (void)arg;
    (void)why;
    *samples = samples_of(NULL);
    return JC_OK;
}

static void close_texts(void *arg, jc_samples *samples)
{
    (void)arg;
    jc_samples_close(samples);
}

static const char *call_train(const void *params)
{
    const jc_texts texts = {open_texts, close_texts, NULL};
    jc_shortcut *trained = NULL;
    jc_status st = jc_train(&trained, model, &texts, NULL, params, &err);

    return saved(st, trained);
}

static void need_train(void *params)
{
    ((jc_train_params *)params)->method = "jacobian";
}

static const char *call_eval(const void *params)
{
    jc_samples *samples = samples_of(NULL);
    const jc_shortcut *const maps[] = {shortcut};
    jc_results *made_results = NULL;
    jc_status st = jc_eval(&made_results, model, maps, 1, samples, params, &err);

    jc_samples_close(samples);
    return results(st, made_results);
}

static const char *call_transfer(const void *params)
{
    const jc_shortcut *const maps[] = {shortcut};
    jc_samples *a = samples_of(NULL), *b = samples_of(NULL);
    const jc_transfer_text texts[2] = {{"a", maps, a}, {"b", maps, b}};
    jc_results *made_results = NULL;
    jc_status st = jc_transfer(&made_results, model, texts, 1, params, &err);

    jc_samples_close(a);
    jc_samples_close(b);
    return results(st, made_results);
}

static const char *call_training_size(const void *params)
{
    jc_samples *train = samples_of(NULL), *val = samples_of(NULL);
    const jc_training_series series = {"all", "all", train};
    jc_results *made_results = NULL;
    jc_status st = jc_training_size(&made_results, model, &series, 1, val, params, &err);

    jc_samples_close(train);
    jc_samples_close(val);
    return results(st, made_results);
}

static const char *call_decode_study(const void *params)
{
    jc_samples *samples = samples_of(NULL);
    jc_results *made_results = NULL;
    jc_status st = jc_decode_study(&made_results, model, shortcut, samples, params, &err);

    jc_samples_close(samples);
    jc_results_free(made_results);
    return made(st);
}

static void need_decode_study(void *params)
{
    ((jc_decode_params *)params)->prompts = 1;
}

static const char *call_lens(const void *params)
{
    const uint32_t ids[] = {5, 6, 7};
    const jc_shortcut *const maps[] = {shortcut};
    jc_lens *lens = NULL;
    char *text;
    size_t n;
    jc_status st = jc_lens_new(&lens, model, tokenizer, maps, 1, ids, 3, params, &err);

    if (st)
        return failed(st);
    assert_int_equal(jc_lens_show(lens, "csv", NULL, &text, &n, &err), JC_OK);
    snprintf(told, sizeof told, "%s", text);
    free(text);
    jc_lens_free(lens);
    return told;
}

static const char *call_states(const void *params)
{
    const char *path = scratch_path(scratch, "states.safetensors");
    jc_samples *samples = samples_of(NULL);
    jc_status st = jc_states_save(model, samples, path, params, &err);

    jc_samples_close(samples);
    return st ? failed(st) : content("states.safetensors");
}

static const char *call_convert(const void *params)
{
    const char *path = scratch_path(scratch, "map.npy");
    jc_shortcut *read = NULL;

    assert_int_equal(jc_convert_write(shortcut, path, "npy", "0:3", &err), JC_OK);
    jc_status st = jc_convert_read(&read, path, model, params, &err);
    return saved(st, read);
}

static void need_convert(void *params)
{
    ((jc_convert_params *)params)->pair = "0:3";
}

static const char *call_seq(const void *params)
{
    jc_seq *seq = NULL;
    jc_status st = jc_seq_new(&seq, model, params, &err);

    if (st)
        return failed(st);
    snprintf(told, sizeof told, "%zu of %llu", jc_seq_room(seq),
             (unsigned long long)jc_seq_bytes(model, params));
    jc_seq_free(seq);
    return told;
}

static bool on_token(void *arg, const jc_token *token)
{
    size_t *n = arg;

    *n += (size_t)snprintf(told + *n, sizeof told - *n, "%u ", token->id);
    return token->position < 12;
}

static const uint32_t start[] = {5, 6};
static const jc_prompt prompt = {start, 2};

static const char *call_generate(const void *params)
{
    size_t n = 0;
    jc_status st = jc_generate(model, &prompt, 1, params, on_token, &n, &err);

    return st ? failed(st) : told;
}

static const char *call_compare(const void *params)
{
    static const uint32_t ids[] = {5, 6, 7, 8};
    const jc_compared text = {ids, 2, 4};
    jc_comparison found;
    jc_comparison_init(&found);
    jc_status st = jc_generate_compare(&found, model, &text, 1, params, &err);

    if (st)
        return failed(st);
    snprintf(told, sizeof told, "%llu %llu", (unsigned long long)found.same_next,
             (unsigned long long)found.same_place);
    return told;
}

static const char *call_self_text(const void *params)
{
    jc_self_text *self = NULL;
    jc_ids ids = {0};
    size_t n = 0;
    jc_status st = jc_self_text_new(&self, model, 1, -1, params, &err);

    if (st)
        return failed(st);
    assert_int_equal(jc_self_text_next(self, &ids, &err), JC_OK);
    for (size_t i = 0; i < ids.n; i++)
        n += (size_t)snprintf(told + n, sizeof told - n, "%u ", ids.id[i]);
    snprintf(told + n, sizeof told - n, ".");
    jc_ids_free(&ids);
    jc_self_text_free(self);
    return told;
}

static void need_self_text(void *params)
{
    ((jc_self_text_params *)params)->self_text = 1;
}

static const char *call_tune(const void *params)
{
    jc_samples *samples = samples_of(NULL);
    jc_policy *policy = NULL;
    jc_status st = jc_tune(&policy, model, NULL, samples, params, &err);

    jc_samples_close(samples);
    jc_policy_free(policy);
    return made(st);
}

static const char *call_calibrate(const void *params)
{
    jc_samples *samples = samples_of(NULL);
    jc_policy *policy = NULL;
    jc_status st = jc_calibrate(&policy, model, shortcut, samples, params, &err);

    jc_samples_close(samples);
    if (st)
        return failed(st);
    assert_int_equal(jc_policy_save(policy, scratch_path(scratch, "policy"), &err), JC_OK);
    jc_policy_free(policy);
    return content("policy");
}

#endif
