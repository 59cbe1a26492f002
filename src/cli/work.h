/* SPDX-License-Identifier: MIT */
/* work.h: what a command works on: a model and a stream of samples, found by its words
 * and options. */
#ifndef JC_CLI_WORK_H
#define JC_CLI_WORK_H

#include <jansson.h>

#include "cli/cli.h"

typedef struct jc_work {
    jc_samples *samples;
    jc_tokenizer *tokenizer; /* NULL where none is needed */
    jc_self_text *self;      /* likewise */
    jc_samples *whole;       /* texts that the samples are made of; likewise */
    const char *prompt;      /* that is to come */
} jc_work;

/* The first word; without one, the demo model that comes with the program. *path: free().
 */
jc_status jc_work_model_path(const jc_cli *cli, char **path, jc_error *err) JC_NODISCARD;

/* Where a model is named 'demo', as MODEL, --model or --tokenizer, the name becomes the
 * path of the demo model, cli->demo. */
jc_status jc_work_demo(jc_cli *cli, jc_error *err) JC_NODISCARD;

/* Open the model, or where it need not run only inspect it, and show what is odd about it.
 */
jc_status jc_work_model(jc_model **model, jc_cli *cli, const char *path, bool run,
                        jc_error *err) JC_NODISCARD;

/* Say what scores lack when the model has no head; call it before any work. */
void jc_work_note_head(jc_cli *cli, const jc_model *model);

/* The tokenizer that --tokenizer names, or else that of the model. */
jc_status jc_work_tokenizer(jc_tokenizer **tokenizer, const jc_cli *cli, const char *model,
                            jc_error *err) JC_NODISCARD;

/* Say so where --tokenizer names one of another vocabulary than the model's. */
void jc_work_note_vocab(jc_cli *cli, const jc_model *model, const jc_tokenizer *tokenizer);

/* Wrong usage unless exactly one of --text, --samples and --self-text was given. Where
 * texts are split and --split does not say which are meant, it is `split`. */
jc_status jc_work_check(jc_cli *cli, const char *split, jc_error *err) JC_NODISCARD;

/* Open what --text or --self-text says, cut and split as the options say. `model` may be
 * one of jc_model_inspect() unless texts are to be written by it. */
jc_status jc_work_texts(jc_work *work, jc_cli *cli, const jc_model *model,
                        jc_error *err) JC_NODISCARD;
/* The one text of --prompt, at all its tokens; of an encoder's none is masked. */
jc_status jc_work_prompt(jc_work *work, jc_cli *cli, const jc_model *model,
                         jc_error *err) JC_NODISCARD;
/* Open one split ("train", "val", "all") of a file of samples. */
jc_status jc_work_samples(jc_work *work, jc_cli *cli, const char *path, const char *split,
                          const jc_model *model, jc_error *err) JC_NODISCARD;
/* The texts of one split of such a file with one position of each, drawn anew, and cut
 * after it. The file must hold whole texts of a decoder. */
jc_status jc_work_choose(jc_work *work, jc_cli *cli, const char *path, const char *split,
                         const jc_model *model, jc_error *err) JC_NODISCARD;
/* Whichever was given. */
jc_status jc_work_open(jc_work *work, jc_cli *cli, const jc_model *model,
                       jc_error *err) JC_NODISCARD;
void jc_work_close(jc_work *work); /* takes a zeroed one */

/* Open the shortcuts that the command names after MODEL, [n_words - 1], all of this model.
 */
jc_status jc_work_shortcuts(jc_shortcut **shortcuts, const jc_cli *cli,
                            const jc_model *model, jc_error *err) JC_NODISCARD;

/* Write all samples as JSON Lines; n[3] counts those of each jc_split. */
jc_status jc_work_copy(jc_work *work, jc_cli *cli, const char *path, uint64_t n[3],
                       jc_error *err) JC_NODISCARD;

/* ---- sums.c ---- */

/* The total of the sums in these files, n of them, finished. */
jc_status jc_work_sums(jc_stats **stats, const char *const *path, size_t n,
                       jc_error *err) JC_NODISCARD;
/* "seed 1, unit line, ...": what the texts are made by; free(). NULL: out of memory. */
char *jc_work_name(const jc_cli *cli);

/* ---- origin.c: what a shortcut was fitted on ---- */

/* Add files, splits and seed of this run to the shortcut's metadata, or, with --sums, what
 * the sums say of these. */
jc_status jc_origin_record(const jc_cli *cli, jc_shortcut *shortcut, const jc_stats *stats,
                           jc_error *err) JC_NODISCARD;
/* The same in sums that this run has gathered. */
jc_status jc_origin_of_sums(const jc_cli *cli, jc_stats *stats, jc_error *err) JC_NODISCARD;
/* The files of both, as JSON; free(). NULL: none of them says. */
jc_status jc_origin_join(char **files, const jc_stats *a, const jc_stats *b,
                         jc_error *err) JC_NODISCARD;
/* Add to the results what only the program knows: files, positions and seed of the texts,
 * and the path and texts of each of the n shortcuts. *json: results.json; free(). */
jc_status jc_origin_complete(const jc_cli *cli, jc_results *results,
                             jc_shortcut *const *shortcuts, const char *const *paths,
                             size_t n, char **json, jc_error *err) JC_NODISCARD;
/* A note when the shortcut was fitted on texts that it is scored on now. */
jc_status jc_origin_compare(jc_cli *cli, const jc_shortcut *shortcut, const char *path,
                            jc_error *err) JC_NODISCARD;

/* Whether JSON could not be read because memory was short; *why was zeroed before. */
bool jc_json_short(const json_error_t *why);

/* ---- ranks.c: several ranks of MPI ---- */

/* Whether they can share the work as it was asked for. */
jc_status jc_ranks_check(jc_cli *cli, jc_error *err) JC_NODISCARD;
/* Before they go apart: texts are opened when their turn comes. */
jc_status jc_ranks_texts(const jc_cli *cli, jc_error *err) JC_NODISCARD;

#endif
