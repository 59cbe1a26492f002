/* SPDX-License-Identifier: MIT */
#include "generate/pass_times.h"

#include "jumpcut/sequence.h"

enum { MOST = 32, ROUNDS = 5 };

static const uint32_t sizes[] = {1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 28, 32};

typedef struct bench {
    jc_session *session;
    jc_seq *seq;
    uint32_t ids[MOST];
    int32_t parents[MOST]; /* a chain */
    float *logits;         /* [MOST, vocab] */
} bench;

static jc_status begin(bench *b, const jc_model *model, const uint32_t *ids, size_t n,
                       const char *kv, jc_error *err)
{
    const jc_model_info *info = jc_model_get_info(model);
    jc_seq_params params;
    const float *h;

    jc_seq_params_init(&params);
    params.kv = kv;
    params.room = (uint32_t)(n + MOST);
    for (size_t i = 0; i < MOST; i++) {
        b->ids[i] = ids[i % n];
        b->parents[i] = (int32_t)i - 1;
    }
    b->logits = jc_matrix_new(MOST, info->vocab, sizeof *b->logits);
    if (!b->logits)
        return jc_fail_nomem(err, "passes");
    jc_status st = jc_session_new(&b->session, model, err);
    if (st == JC_OK)
        st = jc_seq_new(&b->seq, model, &params, err);
    const jc_feed feed = {.seq = b->seq, .ids = ids, .n = n};
    return st ? st : jc_session_extend(b->session, &feed, 1, JC_PASS_PREFILL, &h, err);
}

static jc_status run(bench *b, size_t rows, double *seconds, jc_error *err)
{
    const jc_feed feed = {.seq = b->seq, .ids = b->ids, .n = rows, .parents = b->parents};
    const float *h;
    double since = jc_seconds();
    jc_status st = jc_session_extend(b->session, &feed, 1, JC_PASS_STEP, &h, err);

    if (st == JC_OK)
        st = jc_session_logits(b->session, 0, rows, b->logits, err);
    *seconds = jc_seconds() - since;
    return st;
}

jc_status jc_pass_times_measure(jc_pass_times *out, const jc_model *model,
                                const uint32_t *ids, size_t n, const char *kv,
                                jc_error *err)
{
    double took[JC_COUNT(sizes)]; /* the least of all rounds: others may use the machine */
    bench b = {.session = NULL};
    jc_status st = begin(&b, model, ids, n, kv, err);
    size_t room = jc_seq_room(b.seq) - n, kinds = 0;

    *out = (jc_pass_times){.n = 0};
    while (st == JC_OK && kinds < JC_COUNT(sizes) && sizes[kinds] <= room)
        kinds++;
    for (size_t k = 0; k < kinds && st == JC_OK; k++) /* once for nothing */
        st = run(&b, sizes[k], &took[k], err);
    for (size_t r = 0; r < ROUNDS && st == JC_OK; r++)
        for (size_t k = 0; k < kinds && st == JC_OK; k++) {
            double seconds = took[k];
            st = run(&b, sizes[k], &seconds, err);
            took[k] = r && took[k] < seconds ? took[k] : seconds;
        }
    for (size_t k = 0; k < kinds && st == JC_OK; k++) {
        double before = k ? out->seconds[k - 1] : 1e-9;
        out->rows[k] = sizes[k];
        out->seconds[k] = took[k] > before ? took[k] : before;
        out->n = k + 1;
    }
    jc_session_free(b.session);
    jc_seq_free(b.seq);
    jc_free(b.logits);
    return st;
}

double jc_pass_times_at(const jc_pass_times *times, double rows)
{
    size_t k = 1;

    if (times->n < 2)
        return times->n ? times->seconds[0] : 0;
    while (k + 1 < times->n && (double)times->rows[k] < rows)
        k++;
    double from = times->rows[k - 1], step = times->rows[k] - from;
    double slope = (times->seconds[k] - times->seconds[k - 1]) / step;
    return times->seconds[k - 1] + slope * (rows - from);
}
