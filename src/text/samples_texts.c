/* SPDX-License-Identifier: MIT */
/* samples_texts.c: samples made of texts, of files or of a function: which texts, how much
 * of each, and at which positions. A choice depends on the seed and the text's number only,
 * so two streams over the same texts agree. */
#include "text/samples_impl.h"
#include "text/tokenizer.h"

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
    if (jc_utf8_span(s->text, s->length) < s->length && s->n_bad++ == 0)
        s->bad_path = jc_corpus_place(s->corpus, &s->bad_line);
    return jc_tokenizer_encode_bare(s->tokenizer, s->text, s->length, s->p.hooks, &s->ids,
                                    err);
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

static jc_status fetch_string(jc_samples *s, bool *got, jc_error *err)
{
    jc_status st;

    do { /* an empty one has no number, as an empty line has none */
        s->text = NULL;
        st = s->strings(s->arg, &s->text, &s->length, err);
        *got = s->text != NULL;
        s->n_empty += *got && s->length == 0 && !s->p.keep_empty;
    } while (st == JC_OK && *got && s->length == 0 && !s->p.keep_empty);
    return st;
}

static jc_status encode_string(jc_samples *s, jc_error *err)
{
    s->ids.n = 0;
    return jc_tokenizer_encode_bare(s->tokenizer, s->text, s->length, s->p.hooks, &s->ids,
                                    err);
}

static const jc_texts_row corpus_texts = {fetch_corpus, encode_corpus};
static const jc_texts_row string_texts = {fetch_string, encode_string};
static const jc_texts_row function_texts = {fetch_function, encode_function};

/* Whether the tokenizer can do what is asked. */
static jc_status check_tokenizer(jc_samples *s, jc_error *err)
{
    const jc_tokenizer *t = s->tokenizer;
    const jc_samples_params *p = &s->p;

    if (p->keep_empty && (p->masked || s->one))
        return jc_fail(err, JC_E_ARG, "an empty text has no position to choose");
    s->n_around = t->before.n + t->after.n;
    s->mask = t->role[JC_ROLE_MASK];
    if (p->context && p->context <= s->n_around)
        return jc_fail(err, JC_E_ARG,
                       "a context of %" PRIu32
                       " leaves no room for a text: %zu tokens stand "
                       "around each",
                       p->context, s->n_around);
    if (p->masked && s->mask == JC_NO_TOKEN)
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "cannot mask texts: '%s' has no mask token, such as '[MASK]'",
                       t->path);
    return p->masked && p->vocab ? jc_tokenizer_check(t, &s->mask, 1, p->vocab, err)
                                 : JC_OK;
}

/* Bytes that surely hold the tokens of a context, where a text is cut to them. Only words
 * of thousands of characters or text that a normalizer drops could need more. */
static size_t text_limit(const jc_samples *s)
{
    enum { LEAST = 1 << 20, MOST = 1 << 22 };
    const jc_vocab *vocab = &s->tokenizer->vocab;
    uint64_t longest = 0;

    if (s->unit == JC_UNIT_DOCUMENT)
        return MOST;
    if (s->p.context == 0)
        return 0;
    for (uint32_t id = 0; id < vocab->size; id++)
        if (vocab->token[id].length != JC_NO_TOKEN && vocab->token[id].length > longest)
            longest = vocab->token[id].length;
    longest *= s->p.context;
    return longest < LEAST ? LEAST : longest > MOST ? MOST : (size_t)longest;
}

jc_status jc_samples_from_text(jc_samples **out, const jc_tokenizer *tokenizer,
                               const char *const *paths, size_t n_paths,
                               const jc_samples_params *params, jc_error *err)
{
    jc_samples *s;
    jc_status st = jc_want_out(out, err);

    if (st == JC_OK)
        st = jc_want(tokenizer, "tokenizer", err);
    if (st == JC_OK && n_paths > 0)
        st = jc_want(paths, "paths", err);
    if (st == JC_OK)
        st = jc_samples_new(&s, params, err);
    if (st)
        return st;
    s->next = jc_texts_next;
    s->texts = &corpus_texts;
    s->tokenizer = tokenizer;
    st = check_tokenizer(s, err);
    const jc_corpus_params corpus = {.unit = s->unit,
                                     .field = s->p.field,
                                     .limit = text_limit(s),
                                     .keep_empty = s->p.keep_empty,
                                     .hooks = s->p.hooks};
    if (st == JC_OK)
        st = jc_corpus_open(&s->corpus, paths, n_paths, &corpus, err);
    if (st) {
        jc_samples_close(s);
        return st;
    }
    *out = s;
    return JC_OK;
}

jc_status jc_samples_from_strings(jc_samples **out, const jc_tokenizer *tokenizer,
                                  jc_samples_text_fn *next, void *arg,
                                  const jc_samples_params *params, jc_error *err)
{
    jc_samples *s;
    jc_status st = jc_want_out(out, err);

    if (st == JC_OK)
        st = jc_want(tokenizer, "tokenizer", err);
    if (st == JC_OK && !next)
        st = jc_want(NULL, "next", err);
    if (st == JC_OK)
        st = jc_samples_new(&s, params, err);
    if (st)
        return st;
    s->next = jc_texts_next;
    s->texts = &string_texts;
    s->strings = next;
    s->arg = arg;
    s->tokenizer = tokenizer;
    st = check_tokenizer(s, err);
    if (st)
        jc_samples_close(s);
    else
        *out = s;
    return st;
}

jc_status jc_samples_from_source(jc_samples **out, jc_samples_source_fn *source, void *arg,
                                 const jc_samples_params *params, jc_error *err)
{
    jc_samples *s;
    jc_status st = jc_want_out(out, err);

    if (st == JC_OK && !source)
        st = jc_want(NULL, "source", err);
    if (st == JC_OK)
        st = jc_samples_new(&s, params, err);
    if (st)
        return st;
    s->next = jc_texts_next;
    s->texts = &function_texts;
    s->function = source;
    s->arg = arg;
    s->tokenizer = s->p.tokenizer;
    if (s->p.masked)
        st = jc_fail(err, JC_E_ARG, "texts of a function cannot be masked");
    else if (s->tokenizer)
        st = check_tokenizer(s, err);
    if (st)
        jc_samples_close(s);
    else
        *out = s;
    return st;
}

/* ---- the end ---- */

static void note_missing(const jc_samples *s, jc_split split, uint64_t wanted,
                         uint64_t left, const char *name)
{
    if (left > 0 && (s->want == JC_SPLIT_NONE || s->want == split))
        jc_note(s->p.hooks, "only %" PRIu64 " of %" PRIu64 " texts for %s were found",
                wanted - left, wanted, name);
}

void jc_samples_note_texts(const jc_samples *s)
{
    char one[96], many[96];
    const jc_corpus_counts count =
        s->corpus ? jc_corpus_count(s->corpus) : (jc_corpus_counts){0};

    snprintf(one, sizeof one, "text was longer than %" PRIu32 " tokens and was cut",
             s->p.context);
    snprintf(many, sizeof many, "texts were longer than %" PRIu32 " tokens and were cut",
             s->p.context);
    jc_samples_note(s, s->n_cut, one, many);
    jc_samples_note(s, s->n_empty + count.empty, "empty text was skipped",
                    "empty texts were skipped");
    jc_samples_note(s, count.null, "text was null and was skipped",
                    "texts were null and were skipped");
    jc_samples_note(s, count.halved,
                    "text has half of a surrogate pair, which is read as U+FFFD",
                    "texts have half of a surrogate pair, which is read as U+FFFD");
    jc_samples_note(s, count.parted, "part of a document that is very long is a text",
                    "parts of documents that are very long are texts");
    jc_samples_note(s, s->n_unmaskable, "text without a token to mask was skipped",
                    "texts without a token to mask were skipped");
    if (s->n_bad)
        jc_note(s->p.hooks,
                "%" PRIu64 " text%s not UTF-8, the first at line %" PRIu64
                " of '%s'; if that is Windows-1252, 'iconv -f WINDOWS-1252 -t UTF-8' "
                "converts it",
                s->n_bad, s->n_bad == 1 ? " is" : "s are", s->bad_line, s->bad_path);
}

static void end(jc_samples *s)
{
    const jc_splitter *split = &s->splitter;

    s->ended = true;
    if (!s->given) /* the error tells */
        return;
    jc_samples_note_texts(s);
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
        if (s->ids.n > 0 || s->p.keep_empty) {
            s->at = 0;
            return JC_OK;
        }
        s->n_empty++;
    }
    *got = false;
    return JC_OK;
}

/* The next n of the text's ids with what stands around them. */
static jc_status make_window(jc_samples *s, size_t n, jc_error *err)
{
    const jc_ids part = {.id = s->ids.id + s->at, .n = n};

    s->window.n = 0;
    if ((s->n_around && !jc_ids_append(&s->window, &s->tokenizer->before)) ||
        !jc_ids_append(&s->window, &part) ||
        (s->n_around && !jc_ids_append(&s->window, &s->tokenizer->after)))
        return jc_fail_nomem(err, "a text");
    if (!s->p.vocab)
        return JC_OK;
    if (s->tokenizer)
        return jc_tokenizer_check(s->tokenizer, s->window.id, s->window.n, s->p.vocab, err);
    for (size_t i = 0; i < s->window.n; i++)
        if (s->window.id[i] >= s->p.vocab)
            return jc_fail(err, JC_E_MISMATCH,
                           "token %" PRIu32 " of text %" PRIu64
                           " is not in the model's vocabulary (%" PRIu32 ")",
                           s->window.id[i], s->n_texts - 1, s->p.vocab);
    return JC_OK;
}

/* All positions of the text in the window, or one of them, which is then the last. What
 * stands around the text is the same for every text, and no position. */
static jc_status choose(jc_samples *s, jc_error *err)
{
    size_t first = s->n_around ? s->tokenizer->before.n : 0, n = s->window.n - s->n_around;

    if (s->one) {
        first += (size_t)jc_rng_below(&s->rng, n);
        n = 1;
        s->window.n = first + 1;
    }
    s->positions.n = 0;
    for (size_t i = first; i < first + n; i++)
        if (!jc_ids_add(&s->positions, (uint32_t)i))
            return jc_fail_nomem(err, "positions");
    return JC_OK;
}

static bool maskable(const jc_samples *s, size_t i)
{
    return s->p.mask_specials || !jc_tokenizer_is_special(s->tokenizer, s->window.id[i]);
}

/* Some of the window's positions, each set of that size being equally likely (Knuth's
 * selection sampling), and the mask there; none where there is nothing to mask. */
static jc_status choose_masked(jc_samples *s, jc_error *err)
{
    size_t left = 0;

    s->positions.n = 0;
    for (size_t i = 0; i < s->window.n; i++)
        left += maskable(s, i);
    size_t wanted = s->one ? 1 : (size_t)(s->p.mask_rate * (double)left + 0.5);
    if (wanted == 0)
        wanted = 1;
    for (size_t i = 0; i < s->window.n && left > 0; i++) {
        if (!maskable(s, i))
            continue;
        if (jc_rng_below(&s->rng, left--) >= wanted)
            continue;
        if (!jc_ids_add(&s->positions, (uint32_t)i))
            return jc_fail_nomem(err, "positions");
        s->window.id[i] = s->mask;
        wanted--;
    }
    s->n_unmaskable += s->positions.n == 0;
    return JC_OK;
}

/* The next part of the text, and its positions. */
static jc_status next_window(jc_samples *s, jc_error *err)
{
    size_t left = s->ids.n - s->at, n = left;

    if (s->p.context && n > s->p.context - s->n_around)
        n = s->p.context - s->n_around;
    jc_status st = make_window(s, n, err);
    if (st == JC_OK)
        st = s->p.masked ? choose_masked(s, err) : choose(s, err);
    bool cut = n < left || (s->corpus && jc_corpus_was_cut(s->corpus));
    if (cut && s->unit != JC_UNIT_DOCUMENT) {
        s->n_cut++;
        left = n;
    }
    s->at = left == n ? JC_NO_TEXT : s->at + n;
    return st;
}

jc_status jc_texts_next(jc_samples *s, jc_sample *sample, jc_error *err)
{
    do {
        bool got = true;
        jc_status st = s->at == JC_NO_TEXT ? next_text(s, &got, err) : JC_OK;
        if (st == JC_OK && got)
            st = next_window(s, err);
        if (st)
            return st;
        if (!got) {
            end(s);
            return JC_OK;
        }
    } while (s->positions.n == 0 && !s->p.keep_empty);
    *sample = (jc_sample){.text = s->n_texts - 1,
                          .ids = s->window.n ? s->window.id : &s->mask,
                          .n_ids = s->window.n,
                          .positions = s->positions.id,
                          .n_positions = s->positions.n,
                          .split = s->split};
    return JC_OK;
}
