/* SPDX-License-Identifier: MIT */
/* scan_state.c: the states that recurrent blocks have of a sequence; see scan.h. */
#include "model/scan.h"

#include <string.h>

size_t jc_scan_size(const jc_hparams *hp)
{
    return hp->scan ? (size_t)hp->scan_heads * hp->scan_keys * hp->scan_width : 0;
}

jc_status jc_scan_states_new(jc_scan_state **out, const jc_model *model, jc_error *err)
{
    size_t size = jc_scan_size(&model->hp);

    *out = NULL;
    if (size == 0)
        return JC_OK;
    jc_scan_state *states = *out = jc_alloc_array(model->hp.layers, sizeof *states);
    for (uint32_t l = 0; states && l < model->hp.layers; l++) {
        if (!jc_hparams_conv(&model->hp, l))
            continue;
        states[l].base = jc_alloc_array(size, sizeof *states[l].base);
        states[l].tip = jc_alloc_array(size, sizeof *states[l].tip);
        if (!states[l].base || !states[l].tip)
            return jc_fail_nomem(err, "the states of a sequence");
    }
    return states ? JC_OK : jc_fail_nomem(err, "the states of a sequence");
}

void jc_scan_states_free(jc_scan_state *states, uint32_t layers)
{
    for (uint32_t l = 0; states && l < layers; l++) {
        jc_free(states[l].base);
        jc_free(states[l].tip);
    }
    jc_free(states);
}

void jc_scan_states_copy(jc_scan_state *to, const jc_scan_state *from,
                         const jc_model *model)
{
    size_t bytes = jc_scan_size(&model->hp) * sizeof(float);

    for (uint32_t l = 0; from && l < model->hp.layers; l++) {
        if (!from[l].base)
            continue;
        memcpy(to[l].base, from[l].base, bytes);
        memcpy(to[l].tip, from[l].tip, bytes);
        to[l].base_at = from[l].base_at;
        to[l].tip_at = from[l].tip_at;
        to[l].holds = from[l].holds;
    }
}

void jc_scan_settle(jc_scan_state *state, size_t past, size_t size)
{
    if (state->holds && state->tip_at == past) {
        float *base = state->base;
        state->base = state->tip;
        state->tip = base;
        state->base_at = past;
    }
    state->holds = false;
    if (state->base_at <= past)
        return;
    memset(state->base, 0, size * sizeof *state->base);
    state->base_at = 0;
}

void jc_scan_forget(jc_scan_state *state, size_t length)
{
    state->holds = state->holds && state->tip_at <= length;
    if (state->base_at > length || length == 0)
        state->base_at = SIZE_MAX; /* settled from the beginning */
}
