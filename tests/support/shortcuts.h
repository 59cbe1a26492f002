/* SPDX-License-Identifier: MIT */
/* shortcuts.h: shortcuts of a model, for tests to put maps into. */
#ifndef JC_TESTS_SHORTCUTS_H
#define JC_TESTS_SHORTCUTS_H

#include "support/check.h"

#include "shortcut/shortcut.h"

/* Without maps yet; of the form "identity" it has them all. */
static inline jc_shortcut *shortcut_of(const jc_model *model, const jc_form *form)
{
    const jc_model_info *info = jc_model_get_info(model);
    jc_shortcut *shortcut;
    jc_error err;

    if (jc_shortcut_new(&shortcut, form, info->layers, info->width, &err) ||
        jc_shortcut_set_meta(shortcut, "method", "made", &err) ||
        jc_shortcut_set_meta(shortcut, "model.fingerprint", info->fingerprint, &err))
        fail_msg("%s", err.message);
    return shortcut;
}

#endif
