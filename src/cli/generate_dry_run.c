/* SPDX-License-Identifier: MIT */
/* generate_dry_run.c: `jumpcut generate --dry-run`: some seconds of reading the prompts and
 * of writing. Where reading alone takes longer, writing is measured after short prompts. */
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cli/ahead.h"
#include "cli/dry_run.h"

struct measure {
    double begun, last;        /* seconds: the start, and the last report */
    double read, read_first;   /* of the last and first report of reading */
    double part, part_first;   /* of the prompts that was read by then */
    double first;              /* of the first report of writing */
    uint64_t tokens, at_first; /* written, in all and by then */
    bool reading, writing, enough;
};

static void note_reading(struct measure *m, double part)
{
    if (!m->reading) {
        m->read_first = m->last;
        m->part_first = part;
    }
    m->reading = true;
    m->read = m->last;
    m->part = part;
    m->enough =
        part < 1 && part > m->part_first && m->last - m->read_first > JC_DRY_SECONDS;
}

static void note_writing(struct measure *m, uint64_t tokens)
{
    if (!m->writing) {
        m->first = m->last;
        m->at_first = tokens;
    }
    m->writing = true;
    m->tokens = tokens;
    m->enough = tokens > m->at_first && m->last - m->first > JC_DRY_SECONDS;
}

static bool on_progress(void *arg, const jc_progress *p)
{
    struct measure *m = arg;

    m->last = jc_seconds();
    if (strcmp(p->stage, "reading") == 0)
        note_reading(m, (double)p->done / (double)p->total);
    else
        note_writing(m, p->done);
    return !m->enough && !jc_signals_stopped();
}

static bool take(void *arg, const jc_token *token)
{
    (void)arg;
    (void)token;
    return true;
}

/* It may end by itself, all being written. */
static jc_status measure(struct measure *m, const jc_model *model, const jc_prompt *prompts,
                         size_t n, const jc_generate_params *given, jc_error *err)
{
    const jc_hooks hooks = {.progress = on_progress, .arg = m};
    jc_generate_params params = *given;
    jc_generate_stats stats;

    jc_generate_stats_init(&stats);
    params.hooks = &hooks;
    params.stats = &stats;
    params.measure = false;
    *m = (struct measure){.begun = jc_seconds()};
    m->read = m->begun;
    jc_status st = jc_generate(model, prompts, n, &params, take, NULL, err);
    if (st == JC_OK) {
        m->last = jc_seconds();
        m->tokens = stats.tokens;
        m->part = 1;
    }
    return st == JC_E_CANCELLED && m->enough && !jc_signals_stopped() ? JC_OK : st;
}

/* The same after prompts of their first token alone, of which at most `most` tokens are
 * written to each. */
static jc_status measure_short(struct measure *m, const jc_model *model,
                               const jc_prompt *prompts, size_t n, uint32_t most,
                               const jc_generate_params *given, jc_error *err)
{
    jc_generate_params params = *given;
    jc_prompt *cut = calloc(n, sizeof *cut);

    if (!cut)
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for the prompts");
    for (size_t i = 0; i < n; i++)
        cut[i] = (jc_prompt){prompts[i].ids, 1};
    if (most)
        params.tokens = most;
    jc_status st = measure(m, model, cut, n, &params, err);
    free(cut);
    return st;
}

/* Seconds of reading all prompts, and of writing so many tokens. */
static double reading(const struct measure *m)
{
    double more = m->part - m->part_first;

    return m->read - m->begun +
           (more > 0 ? (1 - m->part) / more : 0) * (m->read - m->read_first);
}

static double writing(const struct measure *m, double tokens)
{
    if (!m->writing || m->tokens == m->at_first)
        return m->last - m->read;
    return (m->last - m->first) * tokens / (double)(m->tokens - m->at_first);
}

jc_status jc_generate_dry_run(const jc_model *model, const jc_prompt *prompts, size_t n,
                              const jc_generate_params *params, jc_error *err)
{
    jc_ahead_text text = jc_ahead_text_of(model, prompts, n, params->tokens);
    double room = (double)jc_generate_bytes(model, prompts, n, params);
    struct measure all = {.begun = 0}, some;
    /* a token or two: what the weights take, to which come keys and values */
    jc_status st = measure_short(&some, model, prompts, 1, 2, params, err);
    double memory = jc_dry_memory() + room;

    if (st == JC_OK)
        st = measure(&all, model, prompts, n, params, err);
    some = all;
    if (st == JC_OK && all.part < 1)
        st = measure_short(&some, model, prompts, n, 0, params, err);
    if (st)
        return st;
    memory = jc_dry_memory() > memory ? jc_dry_memory() : memory;
    const jc_dry_step steps[] = {{"reading prompts", reading(&all), memory, 0},
                                 {"writing", writing(&some, text.written), memory, 0}};
    printf("texts    %zu\ntokens   %.0f read, at most %.0f written\n", n, text.read,
           text.written);
    jc_dry_print_steps(steps, JC_COUNT_OF(steps));
    return JC_OK;
}
