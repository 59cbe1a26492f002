/* SPDX-License-Identifier: MIT */
/* seq.h: a sequence as the runner sees it; jumpcut/sequence.h has its public calls. */
#ifndef JC_SEQ_H
#define JC_SEQ_H

#include "jumpcut/sequence.h"
#include "model/model.h"

/* Keys and values of every block, as long as the text so far and the rows of a pass. */
struct jc_seq {
    const jc_model *model;
    size_t length;  /* tokens that are in */
    size_t pending; /* rows of the last pass behind them, until they are committed */
    size_t room;
    bool half;
    /* [layers, 2, room, kv_width]; of latents [layers, room, kv_width]; a block with a
     * convolution has [room, width], and then all have the room of the larger */
    jc_buffer *buffer;
    struct jc_scan_state *states; /* [layers] of recurrent blocks: scan.h; or NULL */
};

/* Keys (which 0) or values (1) of block l, from 0: the first n rows. Of a convolution, what
 * it reads of each token (0). */
jc_mat jc_seq_cache(const jc_seq *seq, uint32_t l, int which, size_t n);

/* Put keys and values [n, kv_width] of tokens first, first + 1, ... in. */
jc_status jc_seq_put(jc_seq *seq, uint32_t l, size_t first, jc_mat keys, jc_mat values,
                     jc_error *err) JC_NODISCARD;

/* Keys and values of blocks 1 .. `blocks`: of the rows behind the sequence, rows[n],
 * ascending, become the first ones. */
jc_status jc_seq_move(jc_seq *seq, uint32_t blocks, const uint32_t *rows, size_t n,
                      jc_error *err) JC_NODISCARD;

#endif
