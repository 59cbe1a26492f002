/* SPDX-License-Identifier: MIT */
/* attention.c: what the kernels of attention are told. */
#include <string.h>

#include "kernels/cuda/cuda.h"
#include "kernels/fallback.h"

enum { WIDEST = 768 }; /* a head that the kernels take */

/* What each row of a tree sees of the rows, on the GPU: `line` and `depth` of a span. */
static jc_status bring_tree(jc_cuda_span *to, const jc_attention *attention,
                            const jc_attended *span, void **memory, jc_error *err)
{
    size_t n = span->n, bytes = (n * n + n) * sizeof(int32_t), first, past;
    int32_t *lines = jc_matrix_new(n * n + n, 1, sizeof *lines);
    size_t *line = jc_alloc_array(n, sizeof *line);
    jc_attention all = *attention;
    jc_status st = lines && line ? jc_cuda_memory(memory, bytes, "a tree", err)
                                 : jc_fail_nomem(err, "a tree");

    all.window = 0; /* the kernel sees to it */
    for (size_t r = 0; r < n && st == JC_OK; r++) {
        size_t depth = jc_attended_line(&all, span, r, &first, &past, line);
        lines[n * n + r] = (int32_t)depth;
        for (size_t i = 0; i < depth; i++)
            lines[r * n + i] = (int32_t)line[i];
    }
    if (st == JC_OK)
        st = jc_cuda_send(*memory, bytes, lines, bytes, 1, err);
    to->line = *memory;
    to->depth = to->line + n * n;
    jc_free(lines);
    jc_free(line);
    return st;
}

static jc_cuda_span place(const jc_attended *span, jc_mat q, jc_mat out)
{
    return (jc_cuda_span){.q = (float *)jc_cuda_view(q).data + span->row * q.stride,
                          .out = (float *)jc_cuda_view(out).data + span->row * out.stride,
                          .k = jc_cuda_view(span->keys).data,
                          .v = jc_cuda_view(span->values).data,
                          .n = (uint32_t)span->n,
                          .past = (uint32_t)span->past,
                          .stride_k = (uint32_t)span->keys.stride,
                          .stride_v = (uint32_t)span->values.stride};
}

/* A vector of n floats, at *to. */
static jc_status floats(const float **to, const float *from, size_t n, jc_error *err)
{
    const void *data;
    jc_status st = jc_cuda_vector(&data, from, n * sizeof(float), err);

    *to = data;
    return st;
}

static jc_status tables(jc_cuda_attention *to, const jc_attention *a, jc_error *err)
{
    const jc_relative *r = a->relative;
    jc_status st = floats(&to->sinks, a->sinks, a->heads, err);
    const void *which = NULL;

    if (st == JC_OK)
        st = floats(&to->slopes, a->slopes, a->heads, err);
    if (st || !r)
        return st;
    st = jc_cuda_vector(&which, r->which, (2 * r->reach + 1) * sizeof *r->which, err);
    to->which = which;
    to->n_relative = (uint32_t)r->n;
    to->reach = (uint32_t)r->reach;
    if (st == JC_OK)
        st = floats(&to->relative, r->bias, a->heads * r->n, err);
    if (st == JC_OK)
        st = floats(&to->rel_keys, r->keys, r->n * a->heads * a->width, err);
    if (st == JC_OK)
        st = floats(&to->rel_queries, r->queries, r->n * a->heads * a->width, err);
    return st;
}

/* The queue is this thread's. */
static jc_status run(const jc_attention *attention, jc_plan plan, const jc_cuda_span *spans,
                     size_t n, jc_mat q, jc_mat out, bool half, jc_error *err)
{
    jc_cuda_attention a = {.heads = (uint32_t)attention->heads,
                           .kv_heads = (uint32_t)attention->kv_heads,
                           .width = (uint32_t)attention->width,
                           .value_width = (uint32_t)jc_value_width(attention),
                           .window = (uint32_t)attention->window,
                           .stride_q = (uint32_t)q.stride,
                           .stride_out = (uint32_t)out.stride,
                           .scale = attention->scale,
                           .softcap = attention->softcap,
                           .causal = attention->causal,
                           .chunked = attention->chunked,
                           .half = half};
    jc_status st = tables(&a, attention, err);
    void *room;

    if (st)
        return st;
    if (plan == JC_PLAN_TEXTS)
        return jc_cuda_check(jc_cuda_attend_texts(&a, spans, n), err);
    st = jc_cuda_scratch(&room, jc_cuda_few_room(&a, spans, n), err);
    return st ? st : jc_cuda_check(jc_cuda_attend_few(&a, spans, n, room), err);
}

jc_status jc_cuda_attention_run(const jc_attention *attention, jc_plan plan,
                                const jc_attended *spans, size_t n_spans, jc_mat q,
                                jc_mat out, jc_error *err)
{
    jc_cuda_span *on_gpu = jc_alloc_array(n_spans, sizeof *on_gpu);
    void **trees = jc_alloc_array(n_spans, sizeof *trees);
    jc_status st = on_gpu && trees ? JC_OK : jc_fail_nomem(err, "attention");

    if (n_spans == 0 || attention->width > WIDEST || jc_value_width(attention) > WIDEST) {
        jc_free(on_gpu);
        jc_free(trees);
        return n_spans ? jc_fallback_attention(attention, plan, spans, n_spans, q, out, err)
                       : JC_OK;
    }
    for (size_t s = 0; s < n_spans && st == JC_OK; s++) {
        on_gpu[s] = place(&spans[s], q, out);
        if (spans[s].parents && plan == JC_PLAN_GENERATION)
            st = bring_tree(&on_gpu[s], attention, &spans[s], &trees[s], err);
    }
    if (st == JC_OK) {
        jc_cuda_begin();
        st = run(attention, plan, on_gpu, n_spans, q, out, spans[0].keys.half, err);
        jc_cuda_end();
    }
    for (size_t s = 0; trees && s < n_spans; s++)
        jc_cuda_free(trees[s]);
    jc_free(on_gpu);
    jc_free(trees);
    return st;
}
