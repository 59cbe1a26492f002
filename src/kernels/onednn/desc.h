/* SPDX-License-Identifier: MIT */
/*
 * desc.h: what oneDNN 2 (Debian 12) and oneDNN 3 (Debian 13, Ubuntu 24.04) have
 * differently. Descriptors of memory are values in the one and objects in the other, and a
 * product has a descriptor of its own in the one only.
 */
#ifndef JC_ONEDNN_DESC_H
#define JC_ONEDNN_DESC_H

#include <oneapi/dnnl/dnnl.h>
#include <stddef.h>

#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t jc_desc_ref; /* borrowed */
#else
typedef const dnnl_memory_desc_t *jc_desc_ref;
#endif

/* Owned; zeroed it is none. */
typedef struct jc_desc {
    dnnl_memory_desc_t md;
} jc_desc;

/* A matrix [rows, cols] of the layout `tag`, or with rows `stride` apart. */
dnnl_status_t jc_desc_matrix(jc_desc *out, size_t rows, size_t cols, dnnl_data_type_t type,
                             dnnl_format_tag_t tag);
dnnl_status_t jc_desc_strided(jc_desc *out, size_t rows, size_t cols, size_t stride);
jc_desc_ref jc_desc_get(const jc_desc *desc);
void jc_desc_free(jc_desc *desc);

/* dst = src weight + bias. */
dnnl_status_t jc_desc_product(dnnl_primitive_desc_t *out, jc_desc_ref src,
                              jc_desc_ref weight, jc_desc_ref bias, jc_desc_ref dst,
                              const_dnnl_primitive_attr_t attr, dnnl_engine_t engine);

/* Whether results are to be added to what is there by the product itself: oneDNN 3.7 adds
 * wrongly where there are many inputs, 1537 for instance. */
#if DNNL_VERSION_MAJOR >= 3
#define JC_DESC_SUMS false
#else
#define JC_DESC_SUMS true
#endif
dnnl_status_t jc_desc_append_sum(dnnl_post_ops_t ops);

#endif
