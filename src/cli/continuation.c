/* SPDX-License-Identifier: MIT */
#include "cli/continuation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/utf8.h"
#include "cli/exits.h"
#include "cli/json_text.h"
#include "cli/output.h"

static jc_status no_memory(jc_error *err)
{
    return jc_cli_fail(err, JC_E_NOMEM, "out of memory for what is written");
}

/* ---- begin, end ---- */

/* The stream goes on behind the prompt. What of the prompt's text it has held back, it
 * gives later, and that is skipped; but for half a character, which what follows completes.
 */
static jc_status read_prompt(jc_continuation *one, const jc_tokenizer *tokenizer,
                             const jc_prompt *prompt, jc_error *err)
{
    size_t given = 0, n;
    const char *piece;
    char *text;
    jc_status st = jc_text_stream_new(&one->stream, tokenizer, err);

    for (size_t i = 0; i < prompt->n && st == JC_OK; i++) {
        st = jc_text_stream_push(one->stream, prompt->ids[i], &piece, &n, err);
        given += n;
    }
    if (st == JC_OK)
        st = jc_tokenizer_decode(tokenizer, prompt->ids, prompt->n, &text, &n, err);
    if (st)
        return st;
    n -= jc_utf8_half(text, n);
    one->skip = n > given ? n - given : 0;
    free(text);
    return JC_OK;
}

jc_status jc_continuations_init(jc_continuations *c, const jc_cli *cli,
                                const jc_prompt *prompts, size_t n, jc_error *err)
{
    const jc_list *stop = &cli->args.own.stop;
    jc_status st = JC_OK;

    c->prompts = prompts;
    c->n = n;
    c->err = err;
    c->json = strcmp(cli->args.own.format, "json") == 0;
    c->logprobs = cli->args.generate.logprobs;
    c->speed = cli->args.own.speed;
    c->of = calloc(n, sizeof *c->of);
    if (!c->of)
        return no_memory(err);
    for (size_t i = 0; i < n && st == JC_OK; i++) {
        st = jc_stopper_new(&c->of[i].stopper, stop->item, stop->n, err);
        if (st == JC_OK)
            st = read_prompt(&c->of[i], c->tokenizer, &prompts[i], err);
    }
    return st;
}

void jc_continuations_free(jc_continuations *c)
{
    for (size_t i = 0; c->of && i < c->n; i++) {
        jc_text_stream_free(c->of[i].stream);
        jc_stopper_free(c->of[i].stopper);
        free(c->of[i].ids);
        free(c->of[i].logprobs);
        free(c->of[i].layers);
        free(c->of[i].text);
    }
    free(c->of);
    c->of = NULL;
}

void jc_continuations_start(jc_continuations *c)
{
    c->start = c->first = c->last = jc_seconds();
}

/* ---- text out ---- */

static jc_status hold(jc_continuation *one, const char *text, size_t n, jc_error *err)
{
    if (one->n_text + n > one->text_capacity) {
        size_t more = 2 * (one->n_text + n) + 64;
        char *grown = realloc(one->text, more);
        if (!grown)
            return no_memory(err);
        one->text = grown;
        one->text_capacity = more;
    }
    memcpy(one->text + one->n_text, text, n);
    one->n_text += n;
    return JC_OK;
}

static jc_status show(jc_continuations *c, jc_continuation *one, const char *text, size_t n)
{
    if (n == 0)
        return JC_OK;
    if (c->json || one != &c->of[c->printing])
        return hold(one, text, n, c->err);
    jc_ui_clear(c->ui);
    fwrite(text, 1, n, stdout);
    jc_status st = jc_output_flush(c->err);
    jc_signals_line(text[n - 1] != '\n');
    return st;
}

/* A line before each of several. */
static void print_head(const jc_continuations *c)
{
    if (c->n > 1 && c->printing < c->n)
        printf("%s==> %zu of %zu <==\n", c->printing ? "\n" : "", c->printing + 1, c->n);
}

/* Print what waited for those that have ended. */
static jc_status take_turns(jc_continuations *c)
{
    while (!c->json && c->printing < c->n && c->of[c->printing].end) {
        putchar('\n');
        jc_signals_line(false);
        c->printing++;
        print_head(c);
        if (c->printing < c->n) {
            fwrite(c->of[c->printing].text, 1, c->of[c->printing].n_text, stdout);
            c->of[c->printing].n_text = 0;
        }
    }
    return jc_output_flush(c->err);
}

/* Text of the stream, through the stop strings; true where one is complete. */
static bool pass_on(jc_continuations *c, jc_continuation *one, const char *text, size_t n)
{
    bool stopped = false;
    size_t skipped = n < one->skip ? n : one->skip;

    one->skip -= skipped;
    c->status = jc_stopper_push(one->stopper, text + skipped, n - skipped, &text, &n,
                                &stopped, c->err);
    if (c->status == JC_OK)
        c->status = show(c, one, text, n);
    return stopped;
}

/* What is held back comes out. */
static void end(jc_continuations *c, jc_continuation *one, const char *why)
{
    const char *text;
    size_t n;

    one->end = why;
    c->status = jc_text_stream_end(one->stream, &text, &n, c->err);
    if (c->status == JC_OK && pass_on(c, one, text, n))
        one->end = "stop";
    if (c->status)
        return;
    jc_stopper_end(one->stopper, &text, &n);
    c->status = show(c, one, text, n);
    if (c->status == JC_OK)
        c->status = take_turns(c);
}

/* ---- tokens in ---- */

static jc_status keep_token(jc_continuation *one, const jc_token *token, jc_error *err)
{
    if (one->n == one->capacity) {
        size_t more = 2 * one->capacity + 64;
        uint32_t *ids = realloc(one->ids, more * sizeof *ids);
        if (!ids)
            return no_memory(err);
        one->ids = ids;
        double *logprobs = realloc(one->logprobs, more * sizeof *logprobs);
        if (!logprobs)
            return no_memory(err);
        one->logprobs = logprobs;
        uint32_t *layers = realloc(one->layers, more * sizeof *layers);
        if (!layers)
            return no_memory(err);
        one->layers = layers;
        one->capacity = more;
    }
    one->ids[one->n] = token->id;
    one->layers[one->n] = token->layer;
    one->logprobs[one->n++] = token->logprob;
    return JC_OK;
}

bool jc_continuations_take(void *arg, const jc_token *token)
{
    static const char *const ends[] = {NULL, "token", "tokens", "context"};
    jc_continuations *c = arg;
    jc_continuation *one = &c->of[token->sequence];
    const char *text;
    size_t n;

    if (c->status)
        return false;
    c->last = jc_seconds();
    if (c->tokens++ == 0) {
        c->first = c->last;
        jc_ui_clear(c->ui);
        if (!c->json)
            print_head(c);
    }
    c->status = keep_token(one, token, c->err);
    if (c->status == JC_OK && token->end != JC_END_TOKEN) {
        c->status = jc_text_stream_push(one->stream, token->id, &text, &n, c->err);
        if (c->status == JC_E_ARG) /* a row of the embedding that no token has */
            c->status = JC_OK;
        if (c->status == JC_OK && pass_on(c, one, text, n)) {
            one->end = "stop";
            if (c->status == JC_OK)
                c->status = take_turns(c);
            return false;
        }
    }
    if (c->status == JC_OK && token->end)
        end(c, one, ends[token->end]);
    return c->status == JC_OK;
}

/* ---- the end ---- */

struct speed {
    size_t prompt, decoded;         /* tokens */
    double prompt_time, time;       /* seconds until the first token, after it */
    double step_bytes, memory_rate; /* of weights for each token; bytes a second, or 0 */
};

static struct speed measure(const jc_continuations *c)
{
    struct speed s = {.prompt_time = c->first - c->start, .time = c->last - c->first};

    for (size_t i = 0; i < c->n; i++) {
        s.prompt += c->prompts[i].n;
        s.decoded += c->of[i].n > 0 ? c->of[i].n - 1 : 0; /* the first is the prompt's */
    }
    if (s.decoded > 0)
        s.step_bytes = c->exits ? jc_exit_bytes(&c->stats) / (double)c->stats.tokens
                                : (double)jc_model_get_info(c->model)->step_bytes *
                                      (double)(c->stats.passes - 1) / (double)s.decoded;
    s.memory_rate = c->speed ? jc_memory_rate() : 0;
    return s;
}

static double rate(size_t n, double seconds)
{
    return seconds > 0 ? (double)n / seconds : 0;
}

static void print_speed(const struct speed *s)
{
    double bytes = s->step_bytes * rate(s->decoded, s->time);

    fprintf(stderr, "prompt   %zu tokens, %.1f tokens/s, %.1f ms to the first token\n",
            s->prompt, rate(s->prompt, s->prompt_time), 1e3 * s->prompt_time);
    fprintf(stderr, "decode   %zu tokens, %.1f tokens/s\n", s->decoded,
            rate(s->decoded, s->time));
    if (s->decoded > 0)
        fprintf(stderr, "weights  %.1f MB read a token, %.2f GB/s", 1e-6 * s->step_bytes,
                1e-9 * bytes);
    if (s->decoded > 0 && s->memory_rate > 0)
        fprintf(stderr, ": %.0f%% of the %.1f GB/s that memory gives",
                100 * bytes / s->memory_rate, 1e-9 * s->memory_rate);
    if (s->decoded > 0)
        fputc('\n', stderr);
}

/* What drafts gain over the steps without them; 0: there was none. */
static double gain_of(const jc_generate_stats *s)
{
    double with = (double)s->with_tokens * s->without_seconds;
    double without = (double)s->without_tokens * s->with_seconds;

    return with > 0 && without > 0 ? with / without : 0;
}

/* How well drafts have served. */
static void print_drafts(const jc_generate_stats *s)
{
    double plain = (double)s->without_tokens, turns = (double)s->turns - plain;

    turns = turns > 0 ? turns : 1;
    fprintf(stderr, "drafts   %.2f tokens a pass, of %.1f drafts a pass %.2f were right;",
            ((double)s->tokens - plain) / turns, (double)s->drafted / turns,
            (double)s->accepted / turns);
    fputs(" the next one after", stderr);
    for (size_t k = 0; k < JC_DRAFT_DEPTHS && s->reached[k]; k++)
        fprintf(stderr, "%s %zu: %.0f%%", k ? "," : "", k,
                100 * (double)s->foreseen[k] / (double)s->reached[k]);
    fprintf(stderr,
            "\ntime     %.3f s drafts, %.3f s passes, %.3f s read-outs, %.3f s draws\n",
            s->draft_seconds, s->pass_seconds, s->readout_seconds, s->draw_seconds);
    if (gain_of(s) > 0)
        fprintf(stderr,
                "gain     %.2f times the tokens a second of steps without drafts, of which "
                "%" PRIu64 " were run in between\n",
                gain_of(s), s->without_tokens);
}

static void print_drafts_json(const jc_generate_stats *s)
{
    printf(",\n\"drafts\":{\"passes\":%" PRIu64 ",\"turns\":%" PRIu64 ",\"tokens\":%" PRIu64
           ",\"tokens_per_pass\":%.4f,\"drafted\":%" PRIu64 ",\"accepted\":%" PRIu64
           ",\"by_depth\":[",
           s->passes, s->turns, s->tokens,
           s->turns ? (double)s->tokens / (double)s->turns : 0, s->drafted, s->accepted);
    for (size_t k = 0; k < JC_DRAFT_DEPTHS && s->reached[k]; k++)
        printf("%s{\"reached\":%" PRIu64 ",\"right\":%" PRIu64 "}", k ? "," : "",
               s->reached[k], s->foreseen[k]);
    printf("],");
    if (gain_of(s) > 0)
        printf("\"measured_speedup\":%.4f,\"plain_tokens\":%" PRIu64 ",", gain_of(s),
               s->without_tokens);
    printf("\"draft_seconds\":%.6f,\"pass_seconds\":%.6f,\"readout_seconds\":%.6f,"
           "\"draw_seconds\":%.6f}",
           s->draft_seconds, s->pass_seconds, s->readout_seconds, s->draw_seconds);
}

static void print_ids(const char *name, const uint32_t *ids, size_t n)
{
    printf("\"%s\":[", name);
    for (size_t i = 0; i < n; i++)
        printf("%s%" PRIu32, i ? "," : "", ids[i]);
    putchar(']');
}

static void print_one(const jc_continuations *c, size_t i)
{
    const jc_continuation *one = &c->of[i];

    printf("%s\n {", i ? "," : "");
    print_ids("prompt", c->prompts[i].ids, c->prompts[i].n);
    fputs(",\n  ", stdout);
    print_ids("ids", one->ids, one->n);
    fputs(",\n  \"text\":", stdout);
    jc_json_string(stdout, one->text, one->n_text);
    fputs(",\n  \"logprobs\":[", stdout);
    for (size_t k = 0; k < one->n; k++)
        printf("%s%.7g", k ? "," : "", one->logprobs[k]);
    putchar(']');
    if (c->exits) {
        fputs(",\n  ", stdout);
        print_ids("layers", one->layers, one->n);
    }
    printf(",\n  \"end\":\"%s\"}", one->end ? one->end : "interrupted");
}

/* The text beside the full model's, where that is wanted. */
static jc_status compare(const jc_continuations *c, jc_comparison *out, jc_error *err)
{
    jc_compared *texts = calloc(c->n + 1, sizeof *texts); /* never of nothing */
    jc_status st = JC_OK;

    if (!texts)
        return no_memory(err);
    for (size_t i = 0; i < c->n && st == JC_OK; i++) {
        size_t n_prompt = c->prompts[i].n, n = n_prompt + c->of[i].n;
        uint32_t *ids = malloc(n * sizeof *ids);
        texts[i] = (jc_compared){ids, n_prompt, n};
        if (!ids) {
            st = no_memory(err);
            break;
        }
        memcpy(ids, c->prompts[i].ids, n_prompt * sizeof *ids);
        if (c->of[i].n)
            memcpy(ids + n_prompt, c->of[i].ids, c->of[i].n * sizeof *ids);
    }
    if (st == JC_OK)
        st = jc_generate_compare(out, c->model, texts, c->n, c->compare, err);
    for (size_t i = 0; i < c->n; i++) {
        union {
            const uint32_t *borrowed;
            void *own;
        } ids = {texts[i].ids};
        free(ids.own);
    }
    free(texts);
    return st;
}

static jc_exit_report exits_of(const jc_continuations *c, const struct speed *s,
                               const jc_comparison *comparison)
{
    return (jc_exit_report){.stats = &c->stats,
                            .comparison = c->compare ? comparison : NULL,
                            .layers = jc_model_get_info(c->model)->layers,
                            .rate = rate(s->decoded, s->time),
                            .memory_rate = s->memory_rate};
}

static void print_json(const jc_continuations *c, const struct speed *s,
                       const jc_exit_report *exits)
{
    fputs("{\"format\":\"jumpcut-generate/1\",\n\"model\":", stdout);
    const char *path = jc_model_get_info(c->model)->path;
    jc_json_string(stdout, path, strlen(path));
    fputs(",\n\"sequences\":[", stdout);
    for (size_t i = 0; i < c->n; i++)
        print_one(c, i);
    printf("],\n\"timings\":{\"prompt_tokens\":%zu,\"first_token_seconds\":%.6f,"
           "\"decoded_tokens\":%zu,\"decode_seconds\":%.6f",
           s->prompt, s->prompt_time, s->decoded, s->time);
    if (s->memory_rate > 0)
        printf(",\"weight_bytes_per_token\":%.0f,\"memory_bytes_per_second\":%.0f",
               s->step_bytes, s->memory_rate);
    putchar('}');
    if (c->drafts)
        print_drafts_json(&c->stats);
    if (c->exits)
        jc_exit_report_json(exits);
    fputs("}\n", stdout);
}

jc_status jc_continuations_finish(jc_continuations *c, jc_error *err)
{
    jc_error *before = c->err;

    jc_ui_clear(c->ui);
    c->err = err;
    for (size_t i = 0; i < c->n && c->status == JC_OK && !c->json && c->tokens; i++)
        if (!c->of[i].end)
            end(c, &c->of[i], "interrupted");
    if (c->status)
        return c->status;
    jc_comparison comparison = {.size = sizeof comparison};
    jc_status st = c->compare ? compare(c, &comparison, err) : JC_OK;
    if (st)
        return st;
    const struct speed s = measure(c);
    const jc_exit_report exits = exits_of(c, &s, &comparison);
    if (c->json)
        print_json(c, &s, &exits);
    st = jc_output_flush(err);
    if (st == JC_OK && c->speed && !c->json)
        print_speed(&s);
    if (st == JC_OK && c->speed && !c->json && c->drafts)
        print_drafts(&c->stats);
    if (st == JC_OK && c->exits && (c->speed || c->compare) && !c->json)
        jc_exit_report_print(&exits);
    c->err = before;
    return st;
}
