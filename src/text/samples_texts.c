/* SPDX-License-Identifier: MIT */
/* samples_texts.c: samples made of texts, of files or of a function: which texts, how much
 * of each, and at which positions. A choice depends on the seed and the text's number only,
 * so two streams over the same texts agree. */
#include "text/samples_impl.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- sources ---- */

static jc_status fetch_corpus(jc_samples *s, bool *got, jc_error *err)
{
    jc_status st = jc_corpus_next(s->corpus, &s->text, &s->length, err);

    *got = s->text != NULL;
    return st;
}

static jc_status encode_corpus(jc_samples *s, jc_error *err)
{
    s->ids.n = 0;
    return jc_tokenizer_encode(s->tokenizer, s->text, s->length, &s->ids, err);
}

static jc_status fetch_function(jc_samples *s, bool *got, jc_error *err)
{
    s->ids.n = 0;
    jc_status st = s->function(s->arg, &s->ids, err);
    *got = s->ids.n > 0;
    return st;
}

static jc_status encode_function(jc_samples *s, jc_error *err)
{
    (void)s;
    (void)err;
    return JC_OK; /* they came with the text */
}

static const jc_texts_row corpus_texts = {fetch_corpus, encode_corpus};
static const jc_texts_row function_texts = {fetch_function, encode_function};

jc_status jc_samples_from_text(jc_samples **out, const jc_tokenizer *tokenizer,
                               const char *const *paths, size_t n_paths,
                               const jc_samples_params *params, jc_error *err)
{
    jc_samples *s;
    jc_status st = jc_samples_new(&s, params, err);

    *out = NULL;
    if (st)
        return st;
    s->next = jc_texts_next;
    s->texts = &corpus_texts;
    s->tokenizer = tokenizer;
    st = jc_corpus_open(&s->corpus, paths, n_paths, s->unit, s->p.field, err);
    if (st) {
        jc_samples_close(s);
        return st;
    }
    *out = s;
    return JC_OK;
}

jc_status jc_samples_from_source(jc_samples **out, jc_samples_source_fn *source, void *arg,
                                 const jc_samples_params *params, jc_error *err)
{
    jc_status st = jc_samples_new(out, params, err);

    if (st)
        return st;
    (*out)->next = jc_texts_next;
    (*out)->texts = &function_texts;
    (*out)->function = source;
    (*out)->arg = arg;
    return JC_OK;
}

/* ---- the end ---- */

static void note_missing(const jc_samples *s, jc_split split, uint64_t wanted,
                         uint64_t left, const char *name)
{
    if (left > 0 && (s->want == JC_SPLIT_NONE || s->want == split))
        jc_note(s->p.hooks, "only %" PRIu64 " of %" PRIu64 " texts for %s were found",
                wanted - left, wanted, name);
}

static void end(jc_samples *s)
{
    char one[96], many[96];
    const jc_splitter *split = &s->splitter;

    s->ended = true;
    snprintf(one, sizeof one, "text was longer than %" PRIu32 " tokens and was cut",
             s->p.context);
    snprintf(many, sizeof many, "texts were longer than %" PRIu32 " tokens and were cut",
             s->p.context);
    jc_samples_note(s, s->n_cut, one, many);
    jc_samples_note(s, s->n_empty + (s->corpus ? jc_corpus_empty(s->corpus) : 0),
                    "empty text was skipped", "empty texts were skipped");
    note_missing(s, JC_SPLIT_TRAIN, split->train, split->train_left, "training");
    note_missing(s, JC_SPLIT_VAL, split->val, split->val_left, "validation");
}

/* ---- one sample ---- */

/* Go to the next text that is wanted; *got is false at the end. */
static jc_status next_text(jc_samples *s, bool *got, jc_error *err)
{
    *got = false;
    while (!jc_splitter_full(&s->splitter)) {
        jc_status st = s->texts->fetch(s, got, err);
        if (st || !*got)
            return st;
        uint64_t number = s->n_texts++;
        s->split = jc_splitter_next(&s->splitter, number);
        if (s->want != JC_SPLIT_NONE && s->split != s->want)
            continue;
        st = s->texts->encode(s, err);
        if (st)
            return st;
        s->rng = jc_rng_at(s->p.seed, number);
        if (s->ids.n > 0) {
            s->at = 0;
            return JC_OK;
        }
        s->n_empty++;
    }
    *got = false;
    return JC_OK;
}

static jc_status check_vocab(const jc_samples *s, size_t n, jc_error *err)
{
    for (size_t i = s->at; s->p.vocab && i < s->at + n; i++)
        if (s->ids.id[i] >= s->p.vocab)
            return jc_fail(err, JC_E_MISMATCH,
                           "token %" PRIu32 " of text %" PRIu64
                           " is not in the model's vocabulary (%" PRIu32 ")",
                           s->ids.id[i], s->n_texts - 1, s->p.vocab);
    return JC_OK;
}

/* All of 0..n-1, or one of them, which is then the last. */
static jc_status choose(jc_samples *s, size_t n, jc_sample *sample, jc_error *err)
{
    uint32_t one = s->one ? (uint32_t)jc_rng_below(&s->rng, n) : 0;

    s->positions.n = 0;
    for (size_t i = 0; i < (s->one ? 1 : n); i++)
        if (!jc_ids_add(&s->positions, s->one ? one : (uint32_t)i))
            return jc_fail_nomem(err, "positions");
    sample->positions = s->positions.id;
    sample->n_positions = s->positions.n;
    sample->n_ids = s->one ? one + 1 : n;
    return JC_OK;
}

jc_status jc_texts_next(jc_samples *s, jc_sample *sample, jc_error *err)
{
    if (s->at == JC_NO_TEXT) {
        bool got;
        jc_status st = next_text(s, &got, err);
        if (st)
            return st;
        if (!got) {
            end(s);
            return JC_OK;
        }
    }
    size_t left = s->ids.n - s->at, n = left;
    if (s->p.context && n > s->p.context)
        n = s->p.context;
    jc_status st = check_vocab(s, n, err);
    if (st == JC_OK)
        st = choose(s, n, sample, err);
    if (st)
        return st;
    if (n < left && s->unit != JC_UNIT_DOCUMENT) {
        s->n_cut++;
        left = n;
    }
    sample->text = s->n_texts - 1;
    sample->ids = s->ids.id + s->at;
    sample->split = s->split;
    s->at = left == n ? JC_NO_TEXT : s->at + n;
    return JC_OK;
}
