/* SPDX-License-Identifier: MIT */
/*
 * Passes over any rows of any sequences, on one thread and on two: every row has the bits
 * of a step of its own, whatever else is in the pass, and after forks and cuts. Kinds of
 * attention, positions and blocks that test_sequence.c leaves out are here.
 */
#include <stdio.h>
#include <string.h>

#include "model/model.h"
#include "support/check.h"

#include "jumpcut.h"

#define MODELS JC_SOURCE_DIR "/tests/golden/"

enum { SEQS = 3, LENGTH = 20, ROUNDS = 3, MOST_ROWS = 9 };

static const char *const decoders[] = {
    "models/tiny-gpt2",          "models/tiny-bloom",   "models/tiny-mpt",
    "models/tiny-falcon",        "models/tiny-mixtral", "models/tiny-gpt_oss",
    "models/tiny-deepseek_v2",   "models/tiny-cohere2", "models/tiny-exaone4",
    "models/tiny-phi3",          "models/tiny-xglm",    "models/tiny-qwen3_next",
    "models/tiny-llama-gptq",    "models/tiny-mamba2",  "gguf/tiny-granitemoehybrid.gguf",
    "gguf/tiny-deepseek_v3.gguf"};

struct fixture {
    jc_model *model;
    jc_session *session;
    size_t width;
    uint32_t ids[SEQS][LENGTH];
    float *want; /* [SEQS, LENGTH, width]: each token a step of its own */
    jc_rng rng;
    jc_seq *seq[SEQS]; /* the first at[s] tokens of text s */
    size_t at[SEQS];
};

static void must(jc_status st, const jc_error *err)
{
    if (st)
        fail_msg("%s", err->message);
}

static const float *extend(const struct fixture *f, const jc_feed *feeds, size_t n)
{
    const float *h;
    jc_error err;

    must(jc_session_extend(f->session, feeds, n, JC_PASS_STEP, &h, &err), &err);
    return h;
}

static jc_seq *new_seq(const struct fixture *f)
{
    jc_seq *seq;
    jc_error err;

    must(jc_seq_new(&seq, f->model, NULL, &err), &err);
    return seq;
}

static void begin(struct fixture *f, const char *name)
{
    jc_error err;
    char path[512];

    *f = (struct fixture){.rng = {7}};
    snprintf(path, sizeof path, MODELS "%s", name);
    must(jc_model_open(&f->model, path, NULL, &err), &err);
    f->model->threads = 1;
    must(jc_session_new(&f->session, f->model, &err), &err);
    f->width = jc_model_get_info(f->model)->width;
    f->want = jc_matrix_new(SEQS * LENGTH, f->width, sizeof *f->want);
    for (size_t s = 0; s < SEQS; s++) {
        jc_seq *seq = new_seq(f);
        for (size_t i = 0; i < LENGTH; i++) {
            f->ids[s][i] =
                (uint32_t)jc_rng_below(&f->rng, jc_model_get_info(f->model)->vocab);
            const jc_feed feed = {seq, &f->ids[s][i], 1, NULL};
            memcpy(f->want + (s * LENGTH + i) * f->width, extend(f, &feed, 1),
                   f->width * sizeof *f->want);
        }
        jc_seq_free(seq);
    }
}

static void end(struct fixture *f)
{
    jc_free(f->want);
    jc_session_free(f->session);
    jc_model_close(f->model);
}

/* Some rows of some sequences, in any order. */
static void run_some(struct fixture *f, const char *name)
{
    jc_feed feeds[SEQS];
    size_t of[SEQS], n = 0, first = jc_rng_below(&f->rng, SEQS), row = 0;

    for (size_t k = 0; k < SEQS; k++) {
        size_t s = (first + k) % SEQS, left = LENGTH - f->at[s];
        if (left == 0 || jc_rng_below(&f->rng, 3) == 0)
            continue;
        size_t rows = 1 + jc_rng_below(&f->rng, left < MOST_ROWS ? left : MOST_ROWS);
        feeds[n] = (jc_feed){f->seq[s], &f->ids[s][f->at[s]], rows, NULL};
        of[n++] = s;
    }
    const float *h = n ? extend(f, feeds, n) : NULL;
    for (size_t k = 0; k < n; row += feeds[k++].n) {
        size_t s = of[k], bytes = feeds[k].n * f->width * sizeof *h;
        if (memcmp(h + row * f->width, f->want + (s * LENGTH + f->at[s]) * f->width, bytes))
            fail_msg("'%s': %zu rows from token %zu of text %zu are not steps", name,
                     feeds[k].n, f->at[s], s);
        f->at[s] += feeds[k].n;
    }
}

/* A copy goes on in the place of a sequence that takes another way; or tokens are cut. */
static void fork_or_cut(struct fixture *f)
{
    size_t s = jc_rng_below(&f->rng, SEQS), back = 1 + jc_rng_below(&f->rng, 3);
    jc_seq *copy;
    jc_error err;

    if (f->at[s] <= back || f->at[s] == LENGTH)
        return;
    if (jc_rng_below(&f->rng, 2)) {
        must(jc_seq_fork(&copy, f->seq[s], &err), &err);
        extend(f, &(jc_feed){f->seq[s], f->ids[(s + 1) % SEQS], 1, NULL}, 1);
        jc_seq_free(f->seq[s]);
        f->seq[s] = copy;
    } else {
        f->at[s] -= back;
        jc_seq_truncate(f->seq[s], f->at[s]);
    }
}

static void run_all(struct fixture *f, const char *name)
{
    bool more = true;

    for (size_t s = 0; s < SEQS; s++) {
        f->seq[s] = new_seq(f);
        f->at[s] = 0;
    }
    while (more) {
        run_some(f, name);
        fork_or_cut(f);
        more = false;
        for (size_t s = 0; s < SEQS; s++)
            more |= f->at[s] < LENGTH;
    }
    for (size_t s = 0; s < SEQS; s++)
        jc_seq_free(f->seq[s]);
}

static void test_mixtures__of_rows_have_the_bits_of_steps(void **state)
{
    (void)state;
    for (size_t i = 0; i < JC_COUNT(decoders); i++) {
        struct fixture f;
        begin(&f, decoders[i]);
        for (size_t round = 0; round < ROUNDS; round++)
            run_all(&f, decoders[i]);
        f.model->threads = 2; /* the steps were made by one */
        run_all(&f, decoders[i]);
        end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mixtures__of_rows_have_the_bits_of_steps),
    };
    return cmocka_run_group_tests_name("model/mixtures", tests, NULL, NULL);
}
