/* SPDX-License-Identifier: MIT */
/* samples.c: opening, options and the end of a stream. See samples_texts.c and
 * samples_file.c for what is in it. */
#include "text/samples_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MEMBER(name)    offsetof(jc_samples_params, name)
#define ROW(name, type) #name, type, MEMBER(name)
#define MANY            1e15

static const jc_option rows[] = {
    {ROW(unit, JC_OPTION_TEXT), 0, 0, "line", "line|document|file",
     "what one text is: a line, a document (between blank lines; cut into windows of the "
     "model's context) or a whole file; in .jsonl it is always an object"},
    {ROW(field, JC_OPTION_TEXT), 0, 0, "text", NULL,
     "the member that holds the text in each object of a .jsonl file; a.b.c is a member of "
     "a member; a list of chat messages is read as their contents, one line per message"},
    {ROW(positions, JC_OPTION_TEXT), 0, 0, "all", "one|all",
     "positions used in each text: all, or one at random, after which the text is cut; for "
     "an encoder, a share of all, or one, is masked and used"},
    {ROW(seed, JC_OPTION_U64), 0, 0x1p64, "1", NULL,
     "seeds the random choice of positions and of the split"},
    {ROW(train, JC_OPTION_U64), 0, MANY, "0", NULL,
     "texts for training, 0: no limit; with --val, that many of each are drawn at random "
     "from "
     "the first texts of the input; without it, the first N texts are taken"},
    {ROW(val, JC_OPTION_U64), 0, MANY, "0", NULL,
     "texts for validation, 0: no limit; none of them is used for training; see --train"},
    {ROW(split, JC_OPTION_TEXT), 0, 0, "all", "train|val|all",
     "which of the texts to use; without --train and --val one in four is for validation"},
    {"mask-rate", JC_OPTION_REAL, MEMBER(mask_rate), 0, 1, "0.15", NULL,
     "share of an encoder's tokens that are masked, at least one in each text"},
    {"mask-specials", JC_OPTION_BOOL, MEMBER(mask_specials), 0, 0, "false", NULL,
     "mask an encoder's special tokens too, such as [CLS] and [SEP]"},
};

const jc_option *jc_samples_options(size_t *n_rows)
{
    if (n_rows)
        *n_rows = JC_COUNT(rows);
    return rows;
}

jc_status jc_samples_new(jc_samples **out, const jc_samples_params *params, jc_error *err)
{
    jc_samples_params p;

    *out = NULL;
    jc_samples_params_init(&p);
    jc_status st = jc_params_take(&p, sizeof p, params, rows, JC_COUNT(rows), err);
    if (st)
        return st;
    jc_samples *s = jc_alloc_array(1, sizeof *s);
    if (!s)
        return jc_fail_nomem(err, "the samples");
    s->p = p;
    s->unit = p.unit[0] == 'l'   ? JC_UNIT_LINE
              : p.unit[0] == 'd' ? JC_UNIT_DOCUMENT
                                 : JC_UNIT_FILE;
    s->one = p.positions[0] == 'o';
    s->want = p.split[0] == 't'   ? JC_SPLIT_TRAIN
              : p.split[0] == 'v' ? JC_SPLIT_VAL
                                  : JC_SPLIT_NONE;
    s->at = JC_NO_TEXT;
    s->splitter = jc_splitter_new(p.seed, p.train, p.val, s->want);
    *out = s;
    return JC_OK;
}

void jc_samples_close(jc_samples *s)
{
    if (!s)
        return;
    if (s->corpus && s->given && !s->ended) /* the caller wanted no more */
        jc_samples_note_texts(s);
    jc_corpus_close(s->corpus);
    jc_lines_close(&s->lines);
    jc_free(s->path);
    jc_ids_free(&s->ids);
    jc_ids_free(&s->window);
    jc_ids_free(&s->positions);
    jc_free(s);
}

void jc_samples_note(const jc_samples *s, uint64_t n, const char *one, const char *many)
{
    if (n > 0)
        jc_note(s->p.hooks, "%" PRIu64 " %s", n, n == 1 ? one : many);
}

/* Nothing but the end: what of it there was not, where, and what there was instead. */
static jc_status nothing(const jc_samples *s, jc_error *err)
{
    static const char *const splits[] = {"", " for training", " for validation"};
    const jc_corpus_counts count =
        s->corpus ? jc_corpus_count(s->corpus) : (jc_corpus_counts){0};
    uint64_t empty = s->n_empty + count.empty;
    char why[96] = "", more[48] = "";
    size_t n = 1;

    if (s->function || s->strings)
        return jc_fail(err, JC_E_FORMAT, "there is no text%s", splits[s->want]);
    const char *name = s->corpus ? jc_corpus_name(s->corpus, &n) : jc_input_name(s->path);
    if (n > 1)
        snprintf(more, sizeof more, " and %zu other file%s", n - 1, n > 2 ? "s" : "");
    if (s->n_unmaskable)
        snprintf(why, sizeof why, ": %" PRIu64 " without a token to mask", s->n_unmaskable);
    else if (empty && count.null)
        snprintf(why, sizeof why, ": %" PRIu64 " empty, %" PRIu64 " null", empty,
                 count.null);
    else if (empty || count.null)
        snprintf(why, sizeof why, ": %" PRIu64 " %s", empty ? empty : count.null,
                 empty ? "empty" : "null");
    return jc_fail(err, JC_E_FORMAT, "there is no text%s in '%s'%s%s", splits[s->want],
                   name, more, why);
}

jc_status jc_samples_next(jc_samples *s, jc_sample *sample, jc_error *err)
{
    if (jc_want(s, "s", err))
        return JC_E_ARG;
    if (jc_want(sample, "sample", err))
        return JC_E_ARG;
    *sample = (jc_sample){0};
    if (s->ended)
        return JC_OK;
    jc_status st = s->next(s, sample, err);
    s->given |= sample->ids != NULL;
    return st || s->given ? st : nothing(s, err);
}

bool jc_samples_more(const jc_samples *s)
{
    if (!s)
        return false;
    return s->corpus && !s->ended && jc_corpus_more(s->corpus);
}

void jc_samples_position(const jc_samples *s, jc_progress *progress)
{
    if (!s || !progress)
        return;
    *progress = (jc_progress){.stage = "reading texts", .unit = "bytes"};
    if (s->corpus) {
        uint64_t texts = jc_splitter_total(&s->splitter);
        jc_corpus_bytes(s->corpus, &progress->done, &progress->total);
        /* whichever ends first: the files, or the texts that are wanted */
        if (texts && (!progress->total || (double)s->n_texts * (double)progress->total >=
                                              (double)progress->done * (double)texts)) {
            progress->unit = "texts";
            progress->done = s->n_texts;
            progress->total = texts;
        }
    } else if (s->function || s->strings) {
        progress->unit = "texts";
        progress->done = s->n_texts;
    } else {
        progress->total = jc_input_size(s->path);
        progress->done = s->lines.input ? jc_lines_done(&s->lines) : progress->total;
    }
}
