/* SPDX-License-Identifier: MIT */
/* bench_lens.c: a lens of 100 tokens through every layer of a GPT-2-124M shape, against a
 * pass of the same text that is read out after its last layer only, measured in turn. */
#include <stdio.h>
#include <sys/stat.h>

#include "base/base.h"
#include "bench.h"

enum { TOKENS = 100, ROUNDS = 9 };

/* A lens asks for a tokenizer to name tokens with; a decoder's reading needs no name. */
static jc_tokenizer *any_tokenizer(const char *dir)
{
    jc_tokenizer *tokenizer;
    char path[512], file[540];
    jc_error err;

    snprintf(path, sizeof path, "%s/tokens", dir);
    snprintf(file, sizeof file, "%s/vocab.txt", path);
    FILE *f = mkdir(path, 0777) == 0 ? fopen(file, "w") : NULL;
    if (!f)
        bench_die(path, NULL);
    fputs("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n", f);
    if (fclose(f) != 0)
        bench_die(file, NULL);
    if (jc_tokenizer_open(&tokenizer, path, &err))
        bench_die("lens", &err);
    return tokenizer;
}

static double plain(const jc_model *model, const uint32_t *ids, const uint32_t *positions,
                    float *logits)
{
    const jc_model_info *info = jc_model_get_info(model);
    const jc_text text = {ids, TOKENS, positions, TOKENS};
    double start = bench_seconds();
    jc_session *session;
    jc_error err;

    if (jc_session_new(&session, model, &err) || jc_session_run(session, &text, 1, &err) ||
        jc_model_readout(model, jc_session_states(session, info->layers), TOKENS, logits,
                         &err))
        bench_die("lens", &err);
    jc_session_free(session);
    return bench_seconds() - start;
}

static double through(const jc_model *model, const jc_tokenizer *tokenizer,
                      const uint32_t *ids)
{
    double start = bench_seconds();
    jc_lens *lens;
    jc_error err;

    if (jc_lens_new(&lens, model, tokenizer, NULL, 0, ids, TOKENS, NULL, &err))
        bench_die("lens", &err);
    jc_lens_free(lens);
    return bench_seconds() - start;
}

static void one(json_t *out, const char *path, const jc_tokenizer *tokenizer,
                const char *key)
{
    uint32_t ids[TOKENS], positions[TOKENS];
    double ratio[ROUNDS];
    jc_model *model;
    jc_error err;

    if (jc_model_open(&model, path, NULL, &err))
        bench_die("lens", &err);
    uint32_t vocab = jc_model_get_info(model)->vocab;
    float *logits = jc_matrix_new(TOKENS, vocab, sizeof *logits);
    if (!logits)
        bench_die("lens", NULL);
    for (uint32_t i = 0; i < TOKENS; i++) {
        ids[i] = i * 7919 % vocab;
        positions[i] = i;
    }
    for (int r = -1; r < ROUNDS; r++) { /* the first is to warm up */
        double before = plain(model, ids, positions, logits);
        double seconds = through(model, tokenizer, ids);
        double mean = (before + plain(model, ids, positions, logits)) / 2;
        if (r >= 0)
            ratio[r] = seconds / mean;
    }
    jc_free(logits);
    jc_model_close(model);
    json_object_set_new(out, key, json_real(bench_median(ratio, ROUNDS)));
}

void bench_lens(json_t *out, const char *dir)
{
    const bench_shape shape = {BENCH_GPT2, 12, 768, 12, 12, 3072, 1024, 50257};
    jc_tokenizer *tokenizer = any_tokenizer(dir);
    char path[512];

    snprintf(path, sizeof path, "%s/lens", dir);
    bench_write_model_f32(path, &shape); /* as GPT-2 was published */
    one(out, path, tokenizer, "lens_100_ratio");
    bench_write_model(path, &shape);
    one(out, path, tokenizer, "lens_100_stored_bf16_ratio");
    jc_tokenizer_close(tokenizer);
}
