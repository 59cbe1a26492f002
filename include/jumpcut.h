/* SPDX-License-Identifier: MIT */
#ifndef JUMPCUT_H
#define JUMPCUT_H

/**
 * @file jumpcut.h
 * Linear shortcuts between the layers of a transformer language model: all of the API.
 *
 *     #include <jumpcut.h>
 *
 *     jc_model *model = NULL;
 *     jc_tokenizer *tokenizer = NULL;
 *     jc_samples *samples = NULL;
 *     jc_stats *stats = NULL;
 *     jc_shortcut *shortcut = NULL;
 *     jc_samples_params sp;
 *     jc_error err;
 *     const char *path = "corpus.txt";
 *
 *     jc_samples_params_init(&sp);
 *     if (jc_model_open(&model, "gpt2", NULL, &err) ||
 *         jc_tokenizer_open(&tokenizer, "gpt2", &err))
 *         goto failed;
 *     sp.context = jc_model_get_info(model)->context;
 *     sp.vocab = jc_model_get_info(model)->vocab;
 *     if (jc_samples_from_text(&samples, tokenizer, &path, 1, &sp, &err) ||
 *         jc_stats_gather(&stats, model, samples, NULL, &err) ||
 *         jc_fit(&shortcut, stats, NULL, &err) ||
 *         jc_shortcut_save(shortcut, "gpt2.shortcuts.safetensors", &err))
 *         goto failed;
 *
 * Ownership: what comes through `**out` is yours, and is NULL after a failure; getters
 * borrow from their object; inputs are borrowed for the call. Close and free functions
 * take NULL.
 * Threads: models, tokenizers and opened shortcuts are read-only and shared; a session, a
 * samples stream and a params struct belong to one thread; stats merge.
 * Signals: products of oneDNN keep data below the stack pointer, so a program that catches
 * signals gives its handlers a stack of their own (sigaltstack, SA_ONSTACK).
 * Errors: a jc_status, zero for success, and a sentence in an optional jc_error. The
 * library never prints, aborts or exits.
 */

#include "jumpcut/contents.h"
#include "jumpcut/context.h"
#include "jumpcut/convert.h"
#include "jumpcut/eval.h"
#include "jumpcut/fit.h"
#include "jumpcut/generate.h"
#include "jumpcut/hooks.h"
#include "jumpcut/lens.h"
#include "jumpcut/model.h"
#include "jumpcut/options.h"
#include "jumpcut/policy.h"
#include "jumpcut/report.h"
#include "jumpcut/samples.h"
#include "jumpcut/sequence.h"
#include "jumpcut/shortcut.h"
#include "jumpcut/stats.h"
#include "jumpcut/status.h"
#include "jumpcut/study.h"
#include "jumpcut/tokenizer.h"
#include "jumpcut/train.h"
#include "jumpcut/version.h"

#endif
