/* SPDX-License-Identifier: MIT */
/* keep.h: maps kept in fewer bits, and what that takes from them. */
#ifndef JC_KEEP_H
#define JC_KEEP_H

#include "jumpcut/train.h"
#include "shortcut/shortcut.h"

/* Keep all maps as `type`, "f32" to leave them, and note in the metadata `store.error`, the
 * largest change of a map. With a model that has a head and texts, the first of them are
 * read out through the maps of layers to the last before and after: `store.p1` is precision
 * at 1 of what is kept, the mean over these maps, `store.p1-loss` what it was more before,
 * `store.vectors` how many vectors were looked at. */
jc_status jc_keep(jc_shortcut *shortcut, const char *type, const jc_model *model,
                  const jc_texts *texts, const jc_hooks *hooks, jc_error *err) JC_NODISCARD;

#endif
