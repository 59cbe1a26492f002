/* SPDX-License-Identifier: MIT */
/* check_hparams.h: what must hold of the sizes that any configuration gives. */
#ifndef JC_FUZZ_CHECK_HPARAMS_H
#define JC_FUZZ_CHECK_HPARAMS_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

static inline void check(bool ok)
{
    if (!ok)
        abort();
}

static inline void check_failure(jc_status st, const jc_error *err)
{
    check(st == err->status && err->message[0] && !strchr(err->message, '\n'));
}

static inline void check_rotary(const jc_hparams *hp)
{
    jc_rotary rotary;
    jc_error err = {JC_OK, ""};
    float turns[512];

    check(hp->rotary.dims <= hp->head_width && hp->rotary.dims % 2 == 0);
    if (hp->rotary.dims > JC_COUNT(turns))
        return;
    check(jc_rotary_init(&rotary, &hp->rotary, hp->positions, &err) == JC_OK);
    if (rotary.half)
        jc_rotary_turns(&rotary, hp->context - 1, hp->context, turns);
    jc_rotary_release(&rotary);
}

static inline void check_hparams(const jc_arch *arch, const jc_config *config)
{
    enum { MOST = 1 << 24 };
    jc_hparams hp;
    jc_error err = {JC_OK, ""};
    jc_status st = jc_hparams_read(&hp, arch, config, &err);

    if (st) {
        check_failure(st, &err);
        jc_hparams_release(&hp);
        return;
    }
    check(hp.layers > 0 && hp.layers <= MOST && hp.width > 0 && hp.width <= MOST);
    check(hp.heads > 0 && hp.heads <= MOST && hp.head_width > 0 && hp.head_width <= MOST);
    check(hp.kv_heads > 0 && hp.heads % hp.kv_heads == 0);
    check(hp.ff_width > 0 && hp.ff_width <= MOST && hp.vocab > 1 && hp.vocab <= MOST);
    check(hp.q_width == (size_t)hp.heads * hp.head_width);
    check(hp.kv_width == (size_t)hp.kv_heads * hp.head_width);
    check(hp.context > 0 && hp.first_position + hp.context == hp.positions);
    check(hp.eps >= 0 && isfinite(hp.eps));
    check(hp.windowed.n == 0 || hp.windowed.n == hp.layers);
    for (uint32_t l = 0; l < hp.layers && l < 100; l++)
        jc_hparams_windowed(&hp, l);
    jc_hparams_windowed(&hp, hp.layers - 1);
    check_rotary(&hp);
    jc_hparams_release(&hp);
}

#endif
