/* SPDX-License-Identifier: MIT */
/* session_impl.h: what a session holds, for the files that run texts. */
#ifndef JC_SESSION_IMPL_H
#define JC_SESSION_IMPL_H

#include "model/pass.h"

/* A cut of the batch: whole texts, run through all blocks by one thread. Nothing is shared
 * between slices, so threads meet once per batch and not once per product. */
typedef struct jc_slice {
    const jc_session *session;
    jc_pass pass;
    size_t text, n_texts; /* the first, and how many */
    size_t pick, n_picks;
    size_t base, rows; /* the first row in the batch, and how many */
} jc_slice;

struct jc_session {
    const jc_model *model;
    const jc_text *texts; /* of the run */
    jc_slice *slices;     /* [n_slices] */
    size_t n_slices, slices_capacity;
    jc_span *spans; /* [n_texts]: rows within the slice */
    size_t spans_capacity;
    size_t *picks; /* [n_picks]: the rows where states are taken, within the slice */
    size_t n_picks, picks_capacity;
    size_t rows;  /* of the batch */
    jc_tap *want; /* [n_want] */
    size_t n_want, want_capacity;
    bool want_added;     /* some are of what a half of a block adds */
    float *const *given; /* [layers + 1, then n_want]: where a caller wants states */
    float **to;          /* where they go: [n_picks, width] each; NULL: nowhere */
    size_t to_capacity;
    float *states; /* where no caller does: [layers + 1 + n_want, n_picks, width] */
    size_t states_capacity; /* in floats */
    uint32_t *mixtures;     /* [n_mixtures]: blocks whose experts are wanted, and */
    size_t n_mixtures;
    float *shares; /* [n_mixtures, n_picks, experts] */
    bool keep;
    float *kept; /* [layers, rows, width]: every row's, from which routes begin */
    size_t kept_capacity;
    float *ends; /* [n_picks, width], of a route; [rows, width], of sequences */
    size_t ends_capacity;
    size_t n_ends;       /* rows of the last jc_session_extend() */
    jc_pass_kind extend; /* its arithmetic */
};

/* Slice i, made when it is not there; NULL when memory is short. */
jc_slice *jc_session_slice(jc_session *session, size_t i);

/* Room for [n, m, width] floats in *array; its previous contents are lost. */
jc_status jc_session_room(const jc_session *session, float **array, size_t *capacity,
                          size_t n, size_t m, jc_error *err) JC_NODISCARD;

/* Run task(arg, i) for every slice i. */
jc_status jc_session_slices(jc_session *session, jc_task_fn *task, void *arg,
                            jc_error *err) JC_NODISCARD;

#endif
