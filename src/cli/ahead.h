/* SPDX-License-Identifier: MIT */
/* ahead.h: what work takes, by counts alone, and the line that says so before much of it.
 */
#ifndef JC_CLI_AHEAD_H
#define JC_CLI_AHEAD_H

#include "cli/work.h"

enum { JC_LINE_TOKENS = 25 }; /* a line of text has about so many */

/* Bytes of sums and maps that fit and study keep in memory: beyond that maps go to files as
 * they are solved, and in a study sums do, too. */
enum { JC_MAPS_IN_MEMORY = 1 << 30, JC_SUMS_IN_MEMORY = 64 << 20 };

/* Flops of a token's pass through the blocks, and of reading a state out; 0: no head. */
double jc_ahead_pass(const jc_model_info *info);
double jc_ahead_readout(const jc_model_info *info);
/* About how many tokens the samples have; 0: they do not say, as standard input. */
double jc_ahead_tokens(const jc_cli *cli, const jc_samples *samples);
/* Tokens, or those of them that are scored. */
double jc_ahead_vectors(const jc_cli *cli, double tokens);
/* Flops of a training by the method on so many vectors of texts, or as many as --tokens
 * says: docs/methods.md has the counts. */
double jc_ahead_training(const jc_cli *cli, const jc_model_info *info, const char *method,
                         double vectors);
/* Flops to write so many tokens of --self-text; 0 where texts are read. */
double jc_ahead_writing(const jc_cli *cli, const jc_model_info *info, double tokens);
/* Tokens that are read before and written after prompts, at most `tokens` each, 0: as many
 * as the context has. Sequences are written side by side: each has a token in a step. */
typedef struct jc_ahead_text {
    double read, written, steps;
} jc_ahead_text;
jc_ahead_text jc_ahead_text_of(const jc_model *model, const jc_prompt *prompts, size_t n,
                               uint32_t tokens);
/* Flops that take as long as so many steps of writing wait for the weights. */
double jc_ahead_steps(const jc_cli *cli, const jc_model_info *info, double steps);
/* Maps to the last layer, or between all pairs. */
double jc_ahead_maps(const jc_cli *cli, const jc_model_info *info);
/* Bytes of the sums, with those of the parts, and of the maps while they are fitted. */
double jc_ahead_sums(const jc_cli *cli, const jc_model_info *info);

/* Where that is over 2 GB or 10 minutes, say so: `bytes` beside the model's weights, of
 * which most may lie in files of TMPDIR, and the time that such flops commonly take. */
void jc_ahead_say(jc_cli *cli, const jc_model *model, double bytes, double flops,
                  bool in_files);

/* What programs may still take, in bytes; JUMPCUT_MEMORY says otherwise. */
double jc_ahead_memory(void);

#endif
