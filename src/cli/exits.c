/* SPDX-License-Identifier: MIT */
#include "cli/exits.h"

#include <inttypes.h>
#include <stdio.h>

static jc_exit_work total_of(const jc_generate_stats *s)
{
    const jc_exit_work *of[] = {&s->blocks, &s->maps, &s->readouts, &s->fills};
    jc_exit_work sum = {0};

    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        sum.flops += of[i]->flops;
        sum.bytes += of[i]->bytes;
    }
    return sum;
}

double jc_exit_bytes(const jc_generate_stats *stats)
{
    return total_of(stats).bytes;
}

static double per(double a, double b)
{
    return b > 0 ? a / b : 0;
}

static void print_left(const jc_exit_report *r)
{
    const jc_generate_stats *s = r->stats;
    double tokens = (double)s->tokens;

    fputs("exits    after", stderr);
    for (uint32_t p = 0; p < s->exit_points; p++)
        fprintf(stderr, " %u: %.0f%%,", s->exit_at[p],
                per(100 * (double)s->left[p], tokens));
    fprintf(stderr, " all %u: %.0f%% of the tokens; %.2f blocks a token are not run\n",
            r->layers, per(100 * (double)s->left[s->exit_points], tokens),
            per((double)s->plain.n - (double)s->blocks.n, tokens));
}

static void print_work(const char *name, const jc_exit_work *work,
                       const jc_exit_work *plain)
{
    fprintf(stderr, "  %-9s %5.1f%% of its multiply-adds, %5.1f%% of its bytes\n", name,
            per(100 * work->flops, plain->flops), per(100 * work->bytes, plain->bytes));
}

static void print_speed(const jc_exit_report *r, const jc_exit_work *total)
{
    const jc_generate_stats *s = r->stats;
    const jc_comparison *c = r->comparison;

    if (c && c->plain_tokens > 1 && c->plain_seconds > 0) {
        double plain = (double)(c->plain_tokens - 1) / c->plain_seconds;
        fprintf(
            stderr,
            "speed    %.1f tokens/s, where the full model has %.1f: %.2f times; its bytes "
            "predict %.2f times, its multiply-adds %.2f\n",
            r->rate, plain, r->rate / plain, per(s->plain.bytes, total->bytes),
            per(s->plain.flops, total->flops));
    } else if (r->memory_rate > 0 && total->bytes > 0) {
        fprintf(stderr,
                "speed    %.1f tokens/s; its bytes at the memory's rate allow %.1f, where "
                "the full model's allow %.1f\n",
                r->rate, r->memory_rate * (double)s->tokens / total->bytes,
                r->memory_rate * (double)s->tokens / s->plain.bytes);
    }
}

void jc_exit_report_print(const jc_exit_report *r)
{
    const jc_generate_stats *s = r->stats;
    const jc_comparison *c = r->comparison;
    const jc_exit_work total = total_of(s);

    if (s->tokens == 0)
        return;
    print_left(r);
    fputs("work     beside the full model's\n", stderr);
    print_work("blocks", &s->blocks, &s->plain);
    print_work("maps", &s->maps, &s->plain);
    print_work("read-outs", &s->readouts, &s->plain);
    print_work("fills", &s->fills, &s->plain);
    print_work("all", &total, &s->plain);
    print_speed(r, &total);
    if (c && c->tokens)
        fprintf(stderr,
                "equal    %.1f%% of the tokens to the full model's after the same text, "
                "%.1f%% to its own text in the same place, %.1f%% up to the first that "
                "differs\n",
                100 * (double)c->same_next / (double)c->tokens,
                100 * (double)c->same_place / (double)c->tokens,
                100 * (double)c->same_from_start / (double)c->tokens);
}

static void json_work(const char *name, const jc_exit_work *work)
{
    printf(",\"%s\":{\"n\":%" PRIu64 ",\"flops\":%.0f,\"bytes\":%.0f}", name, work->n,
           work->flops, work->bytes);
}

void jc_exit_report_json(const jc_exit_report *r)
{
    const jc_generate_stats *s = r->stats;
    const jc_comparison *c = r->comparison;
    const jc_exit_work total = total_of(s);

    fputs(",\n\"exits\":{\"at\":[", stdout);
    for (uint32_t p = 0; p < s->exit_points; p++)
        printf("%s%u", p ? "," : "", s->exit_at[p]);
    fputs("],\"left\":[", stdout);
    for (uint32_t p = 0; p <= s->exit_points; p++)
        printf("%s%" PRIu64, p ? "," : "", s->left[p]);
    fputs("]", stdout);
    json_work("blocks", &s->blocks);
    json_work("maps", &s->maps);
    json_work("readouts", &s->readouts);
    json_work("fills", &s->fills);
    json_work("full_model", &s->plain);
    printf(",\"predicted_speedup\":{\"by_bytes\":%.4f,\"by_flops\":%.4f}",
           per(s->plain.bytes, total.bytes), per(s->plain.flops, total.flops));
    printf(",\"tokens_per_second\":%.2f", r->rate);
    if (r->memory_rate > 0)
        printf(",\"predicted_tokens_per_second\":%.2f",
               per(r->memory_rate * (double)s->tokens, total.bytes));
    if (c)
        printf(",\"compare\":{\"tokens\":%" PRIu64 ",\"same_next\":%" PRIu64
               ",\"same_place\":%" PRIu64 ",\"same_from_start\":%" PRIu64
               ",\"full_model_tokens\":%" PRIu64 ",\"full_model_seconds\":%.6f}",
               c->tokens, c->same_next, c->same_place, c->same_from_start, c->plain_tokens,
               c->plain_seconds);
    putchar('}');
}
