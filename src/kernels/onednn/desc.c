/* SPDX-License-Identifier: MIT */
/* desc.c: the calls in which oneDNN 2 and 3 differ. */
#include "kernels/onednn/desc.h"

#if DNNL_VERSION_MAJOR >= 3

dnnl_status_t jc_desc_matrix(jc_desc *out, size_t rows, size_t cols, dnnl_data_type_t type,
                             dnnl_format_tag_t tag)
{
    const dnnl_dims_t dims = {(dnnl_dim_t)rows, (dnnl_dim_t)cols};

    return dnnl_memory_desc_create_with_tag(&out->md, 2, dims, type, tag);
}

dnnl_status_t jc_desc_strided(jc_desc *out, size_t rows, size_t cols, size_t stride)
{
    const dnnl_dims_t dims = {(dnnl_dim_t)rows, (dnnl_dim_t)cols};
    const dnnl_dims_t strides = {(dnnl_dim_t)stride, 1};

    return dnnl_memory_desc_create_with_strides(&out->md, 2, dims, dnnl_f32, strides);
}

jc_desc_ref jc_desc_get(const jc_desc *desc)
{
    return desc->md;
}

void jc_desc_free(jc_desc *desc)
{
    if (desc->md)
        dnnl_memory_desc_destroy(desc->md);
    desc->md = NULL;
}

dnnl_status_t jc_desc_product(dnnl_primitive_desc_t *out, jc_desc_ref src,
                              jc_desc_ref weight, jc_desc_ref bias, jc_desc_ref dst,
                              const_dnnl_primitive_attr_t attr, dnnl_engine_t engine)
{
    return dnnl_matmul_primitive_desc_create(out, engine, src, weight, bias, dst, attr);
}

dnnl_status_t jc_desc_append_sum(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_sum(ops, 1.0f, 0, dnnl_data_type_undef);
}

#else

dnnl_status_t jc_desc_matrix(jc_desc *out, size_t rows, size_t cols, dnnl_data_type_t type,
                             dnnl_format_tag_t tag)
{
    const dnnl_dims_t dims = {(dnnl_dim_t)rows, (dnnl_dim_t)cols};

    return dnnl_memory_desc_init_by_tag(&out->md, 2, dims, type, tag);
}

dnnl_status_t jc_desc_strided(jc_desc *out, size_t rows, size_t cols, size_t stride)
{
    const dnnl_dims_t dims = {(dnnl_dim_t)rows, (dnnl_dim_t)cols};
    const dnnl_dims_t strides = {(dnnl_dim_t)stride, 1};

    return dnnl_memory_desc_init_by_strides(&out->md, 2, dims, dnnl_f32, strides);
}

jc_desc_ref jc_desc_get(const jc_desc *desc)
{
    return &desc->md;
}

void jc_desc_free(jc_desc *desc)
{
    (void)desc;
}

dnnl_status_t jc_desc_product(dnnl_primitive_desc_t *out, jc_desc_ref src,
                              jc_desc_ref weight, jc_desc_ref bias, jc_desc_ref dst,
                              const_dnnl_primitive_attr_t attr, dnnl_engine_t engine)
{
    dnnl_matmul_desc_t op;
    dnnl_status_t st = dnnl_matmul_desc_init(&op, src, weight, bias, dst);

    return st == dnnl_success ? dnnl_primitive_desc_create(out, &op, attr, engine, NULL)
                              : st;
}

dnnl_status_t jc_desc_append_sum(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_sum(ops, 1.0f);
}

#endif
