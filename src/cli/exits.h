/* SPDX-License-Identifier: MIT */
/* exits.h: what `jumpcut generate --exit` tells: where tokens left, what that saved and
 * cost, and how the text compares with the full model's. */
#ifndef JC_CLI_EXITS_H
#define JC_CLI_EXITS_H

#include <jumpcut.h>

typedef struct jc_exit_report {
    const jc_generate_stats *stats;
    const jc_comparison *comparison; /* NULL: it was not asked for */
    uint32_t layers;
    double rate;        /* tokens a second that were measured */
    double memory_rate; /* bytes a second; 0: not known */
} jc_exit_report;

/* Bytes that all the work has read. */
double jc_exit_bytes(const jc_generate_stats *stats);
void jc_exit_report_print(const jc_exit_report *report); /* to standard error */
/* A member "exits" after others, to standard output. */
void jc_exit_report_json(const jc_exit_report *report);

#endif
