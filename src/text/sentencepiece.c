/* SPDX-License-Identifier: MIT */
/* sentencepiece.c: the steps before and after the algorithm, as sentencepiece does them,
 * for the sources that hold its models: tokenizer.model and GGUF. */
#include <string.h>

#include "text/tokenizer.h"

#define SPACE "\xe2\x96\x81" /* U+2581 */

jc_status jc_tokenizer_sentencepiece(jc_tokenizer *t, jc_sentencepiece *how, jc_error *err)
{
    jc_normal_step step = {.run = jc_normal_sentencepiece,
                           .dummy_prefix = how->dummy_prefix && !how->prefix_once,
                           .remove_extra = how->remove_extra,
                           .escape = how->escape,
                           .map = how->map,
                           .added = &t->added};
    jc_undo_step undo = {.kind = JC_UNDO_SENTENCEPIECE,
                         .n_text = strlen(SPACE),
                         .first = how->dummy_prefix || how->remove_extra,
                         .extra = how->remove_extra};
    jc_cut_step prefix = {
        .kind = JC_CUT_SPACES, .sign = SPACE, .prepend = JC_PREPEND_FIRST};
    jc_status st = jc_normal_add(&t->normal, &step, err);

    t->fuse_unknown = true;
    if (st == JC_OK && how->dummy_prefix && how->prefix_once)
        st = jc_cut_add(&t->cut, &prefix, err);
    if (st)
        return st;
    undo.text = jc_strdup(SPACE);
    undo.unknown = jc_strdup(how->unknown);
    if (undo.text && undo.unknown)
        return jc_undo_add(&t->undo, &undo, err);
    jc_free(undo.text);
    jc_free(undo.unknown);
    return jc_fail_nomem(err, "a tokenizer");
}
