/* SPDX-License-Identifier: MIT */
/* fallback.h: each operation that a backend may leave NULL, by `ref` in host memory. */
#ifndef JC_FALLBACK_H
#define JC_FALLBACK_H

#include "kernels/backend.h"

jc_status jc_fallback_linear(const jc_linear *linear, jc_plan plan, jc_mat x, jc_mat y,
                             jc_error *err);
jc_status jc_fallback_norm(const jc_norm *norm, jc_mat x, jc_mat y, jc_error *err);
jc_status jc_fallback_rotate(const jc_rotation *rotation, jc_mat turns, jc_mat x,
                             jc_error *err);
jc_status jc_fallback_gate(jc_act act, jc_mat x, jc_mat y, jc_error *err);
jc_status jc_fallback_gate_clamped(float limit, jc_mat x, jc_mat y, jc_error *err);
jc_status jc_fallback_scatter(jc_mat x, const size_t *rows, const float *shares, jc_mat y,
                              jc_error *err);
jc_status jc_fallback_scale(float by, jc_mat x, jc_error *err);
jc_status jc_fallback_scale_rows(const float *by, jc_mat x, jc_error *err);
jc_status jc_fallback_softcap(float cap, jc_mat x, jc_error *err);
jc_status jc_fallback_clamp(float limit, jc_mat x, jc_error *err);
jc_status jc_fallback_accumulate(jc_mat x, jc_mat y, jc_error *err);
jc_status jc_fallback_zero(jc_mat x, jc_error *err);
jc_status jc_fallback_all_finite(jc_mat x, bool *finite, jc_error *err);
jc_status jc_fallback_attention(const jc_attention *attention, jc_plan plan,
                                const jc_attended *spans, size_t n_spans, jc_mat q,
                                jc_mat out, jc_error *err);

#endif
