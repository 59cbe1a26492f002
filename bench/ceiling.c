/* SPDX-License-Identifier: MIT */
#include "ceiling.h"

#include <oneapi/dnnl/dnnl.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "gpu.h"
#include "jumpcut.h"
#include "kernels/onednn/desc.h"

enum { N = 2048, REPEATS = 3 };

typedef struct product {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_t primitive;
    dnnl_memory_t memory[3]; /* source, weights, destination */
} product;

static void check(dnnl_status_t status)
{
    if (status != dnnl_success)
        bench_die("a oneDNN product of 2048^3", NULL);
}

static void make(product *p, dnnl_data_type_t type)
{
    jc_desc any = {0}, plain = {0};
    dnnl_primitive_desc_t desc;
    static const dnnl_query_t queries[] = {dnnl_query_src_md, dnnl_query_weights_md,
                                           dnnl_query_dst_md};

    check(dnnl_engine_create(&p->engine, dnnl_cpu, 0));
    check(dnnl_stream_create(&p->stream, p->engine, dnnl_stream_default_flags));
    check(jc_desc_matrix(&any, N, N, type, dnnl_format_tag_any));
    check(jc_desc_matrix(&plain, N, N, dnnl_f32, dnnl_ab));
    check(jc_desc_product(&desc, jc_desc_get(&any), jc_desc_get(&any), NULL,
                          jc_desc_get(&plain), NULL, p->engine));
    check(dnnl_primitive_create(&p->primitive, desc));
    for (int i = 0; i < 3; i++) {
        jc_desc_ref md = dnnl_primitive_desc_query_md(desc, queries[i], 0);
        void *data;
        check(dnnl_memory_create(&p->memory[i], md, p->engine, DNNL_MEMORY_ALLOCATE));
        check(dnnl_memory_get_data_handle(p->memory[i], &data));
        memset(data, 0, dnnl_memory_desc_get_size(md)); /* zeros cost what numbers do */
    }
    check(dnnl_primitive_desc_destroy(desc));
    jc_desc_free(&any);
    jc_desc_free(&plain);
}

const char *bench_backend;

static bool on_gpu(void)
{
    return bench_backend && strcmp(bench_backend, "cuda") == 0;
}

#ifndef JC_CUDA
double bench_gpu_memory(void)
{
    return 0;
}

double bench_gpu_product(int bf16)
{
    (void)bf16;
    return 0;
}

const char *bench_gpu_name(void)
{
    return "none";
}
#endif

double bench_memory_rate(void)
{
    return on_gpu() ? bench_gpu_memory() : jc_memory_rate();
}

double bench_ceiling(bool bf16)
{
    if (on_gpu())
        return bench_gpu_product(bf16);
    static product products[2];
    product *p = &products[bf16];

    if (!p->primitive)
        make(p, bf16 ? dnnl_bf16 : dnnl_f32);
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, p->memory[0]},
                                    {DNNL_ARG_WEIGHTS, p->memory[1]},
                                    {DNNL_ARG_DST, p->memory[2]}};
    double start = bench_seconds();
    for (int i = 0; i < REPEATS; i++)
        check(dnnl_primitive_execute(p->primitive, p->stream, 3, args));
    check(dnnl_stream_wait(p->stream));
    return REPEATS * 2.0 * N * N * N / (bench_seconds() - start);
}
