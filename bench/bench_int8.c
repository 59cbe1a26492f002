/* SPDX-License-Identifier: MIT */
/*
 * bench_int8.c: what activations rounded to int8 change. A model with quantised weights
 * reads real text in the generation plan, which rounds, and in the texts plan, which does
 * not; the figures compare the two distributions of each next token, in nats.
 *
 * The model is gemma-3-270m-q4_k_m.gguf of JC_MODELS (~/.cache/jumpcut/models), the text
 * wiki-documents.txt of JC_DATA (../shared/data); without either this part is left out.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "bench.h"
#include "jumpcut/tokenizer.h"

enum { WINDOWS = 16, WINDOW = 64, STEP_ROWS = 16, TEXT_BYTES = 16384 };

static void check(jc_status st, const jc_error *err)
{
    if (st)
        bench_die("activations as int8", err);
}

static bool find(char *path, size_t size, const char *variable, const char *fallback,
                 const char *name)
{
    const char *folder = getenv(variable), *home = getenv("HOME");

    if (folder)
        snprintf(path, size, "%s/%s", folder, name);
    else
        snprintf(path, size, "%s%s/%s", *fallback == '/' && home ? home : "", fallback,
                 name);
    if (access(path, R_OK) == 0)
        return true;
    fprintf(stderr, "bench: skipped int8: there is no '%s' (%s names its folder)\n", path,
            variable);
    return false;
}

static void read_ids(const char *model, const char *path, jc_ids *ids)
{
    static char text[TEXT_BYTES];
    jc_tokenizer *tokenizer;
    jc_error err;
    FILE *f = fopen(path, "rb");

    if (!f)
        bench_die(path, NULL);
    size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    check(jc_tokenizer_open(&tokenizer, model, &err), &err);
    check(jc_tokenizer_encode(tokenizer, text, n, ids, &err), &err);
    jc_tokenizer_close(tokenizer);
    if (ids->n < WINDOWS * WINDOW)
        bench_die("the text is too short", NULL);
}

/* out [n, vocab]: logits of ids[0..n) behind a sequence. */
static void pass(jc_session *session, jc_seq *seq, const uint32_t *ids, size_t n,
                 jc_pass_kind kind, float *out)
{
    const jc_feed feed = {seq, ids, n, NULL};
    const float *h;
    jc_error err;

    check(jc_session_extend(session, &feed, 1, kind, &h, &err), &err);
    check(jc_session_logits(session, 0, n, out, &err), &err);
}

typedef struct tally {
    double sum, most;
    size_t same, n;
} tally;

static double log_sum(const float *x, size_t n, size_t *best)
{
    double sum = 0;

    *best = 0;
    for (size_t i = 1; i < n; i++)
        *best = x[i] > x[*best] ? i : *best;
    for (size_t i = 0; i < n; i++)
        sum += exp((double)x[i] - (double)x[*best]);
    return (double)x[*best] + log(sum);
}

/* KL(p || q) of the distributions with logits x and y. */
static void compare(const float *x, const float *y, size_t n, tally *t)
{
    size_t first, second;
    double a = log_sum(x, n, &first), b = log_sum(y, n, &second), kl = 0;

    for (size_t i = 0; i < n; i++) {
        double p = (double)x[i] - a, q = (double)y[i] - b;
        kl += exp(p) * (p - q);
    }
    t->sum += kl;
    t->most = kl > t->most ? kl : t->most;
    t->same += first == second;
    t->n++;
}

void bench_int8(json_t *out)
{
    static const char name[] = "gemma-3-270m-q4_k_m.gguf";
    char path[512], text[512];
    jc_model *model;
    jc_session *session;
    jc_seq *seq;
    jc_ids ids = {NULL, 0, 0};
    jc_error err;
    tally t = {0, 0, 0, 0};

    if (!find(path, sizeof path, "JC_MODELS", "/.cache/jumpcut/models", name) ||
        !find(text, sizeof text, "JC_DATA", "../shared/data", "text/wiki-documents.txt"))
        return;
    read_ids(path, text, &ids);
    check(jc_model_open(&model, path, NULL, &err), &err);
    check(jc_session_new(&session, model, &err), &err);
    const size_t vocab = jc_model_get_info(model)->vocab;
    float *exact = jc_matrix_new(WINDOW, vocab, sizeof *exact);
    float *rounded = jc_matrix_new(STEP_ROWS, vocab, sizeof *rounded);
    if (!exact || !rounded) {
        bench_die("logits", NULL);
        return;
    }
    for (size_t w = 0; w < WINDOWS; w++) {
        const uint32_t *from = ids.id + w * WINDOW;
        check(jc_seq_new(&seq, model, NULL, &err), &err);
        pass(session, seq, from, WINDOW, JC_PASS_PREFILL, exact);
        jc_seq_truncate(seq, 0);
        for (size_t at = 0; at < WINDOW; at += STEP_ROWS) {
            pass(session, seq, from + at, STEP_ROWS, JC_PASS_STEP, rounded);
            for (size_t r = 0; r < STEP_ROWS; r++)
                compare(exact + (at + r) * vocab, rounded + r * vocab, vocab, &t);
        }
        jc_seq_free(seq);
    }
    jc_free(exact);
    jc_free(rounded);
    jc_session_free(session);
    jc_model_close(model);
    jc_ids_free(&ids);
    json_object_set_new(out, "int8_positions", json_integer((json_int_t)t.n));
    json_object_set_new(out, "int8_kl_mean", json_real(t.sum / (double)t.n));
    json_object_set_new(out, "int8_kl_most", json_real(t.most));
    json_object_set_new(out, "int8_same_best", json_real((double)t.same / (double)t.n));
}
