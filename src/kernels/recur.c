/* SPDX-License-Identifier: MIT */
/* recur.c: a token of a recurrence: Mamba 2's (Dao and Gu 2024), and the gated delta rule
 * (Yang et al. 2024), which writes only what the state does not have for the key yet. */
#include <string.h>

#include "kernels/vector.h"

void jc_recur(const jc_recurrence *token, float *state, float *y, float *spare)
{
    const jc_vector *vector = jc_vector_get();
    size_t n = token->n, width = token->width;

    memset(spare, 0, width * sizeof *spare);
    if (token->delta)
        vector->mix(n, width, width, state, token->key, spare);
    for (size_t i = 0; i < width; i++)
        spare[i] = token->write * (token->value[i] - token->keep * spare[i]);
    vector->renew(n, width, token->keep, token->key, spare, state);
    if (!y)
        return;
    memset(y, 0, width * sizeof *y);
    vector->mix(n, width, width, state, token->query, y);
}
