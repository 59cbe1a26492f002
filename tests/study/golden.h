/* SPDX-License-Identifier: MIT */
/* golden.h: the tiny model, its samples, and what tests/golden/oracle.py says of them. */
#ifndef JC_TEST_STUDY_GOLDEN_H
#define JC_TEST_STUDY_GOLDEN_H

#include "support/scratch.h"

#include <math.h>

#include <jansson.h>

#include "base/base.h"
#include "jumpcut/study.h"

#define GOLDEN JC_SOURCE_DIR "/tests/golden/"
#define TINY   GOLDEN "eval/tiny.samples.jsonl"
#define BERT   GOLDEN "eval/tiny-bert.samples.jsonl"
#define ONE    GOLDEN "study/one.samples.jsonl"
#define WHOLE  GOLDEN "study/whole.samples.jsonl"
#define OTHER  GOLDEN "study/other.samples.jsonl"

static jc_error err;

static inline void must(jc_status st)
{
    if (st != JC_OK)
        fail_msg("%s: %s", jc_status_name(st), err.message);
}

static inline jc_model *open_model(const char *name, const char *backend)
{
    jc_model_params params;
    jc_model *model;
    char path[512];

    jc_model_params_init(&params);
    params.backend = backend;
    params.threads = 1; /* what is computed is small */
    snprintf(path, sizeof path, GOLDEN "models/%s", name);
    must(jc_model_open(&model, path, &params, &err));
    return model;
}

static inline jc_model *open_tiny(const char *backend)
{
    return open_model("tiny-gpt2", backend);
}

static inline jc_samples *open_samples(const char *path, const char *split)
{
    jc_samples_params params;
    jc_samples *samples;

    jc_samples_params_init(&params);
    params.split = split;
    must(jc_samples_from_file(&samples, path, &params, &err));
    return samples;
}

/* A member of what the oracle says; to be released. */
static inline json_t *golden(const char *member)
{
    json_t *root = json_load_file(GOLDEN "study/tiny.json", 0, NULL);
    json_t *value = json_incref(json_object_get(root, member));

    assert_non_null(value);
    json_decref(root);
    return value;
}

/* A member of the document that the results make; frees them. */
static inline json_t *section_of(jc_results *results, const char *name)
{
    char *text;

    must(jc_results_json(results, &text, &err));
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    json_t *value = json_incref(json_object_get(root, name));
    assert_non_null(value);
    free(text);
    json_decref(root);
    jc_results_free(results);
    return value;
}

static inline double real_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    assert_true(json_is_number(value));
    return json_number_value(value);
}

#endif
