/* SPDX-License-Identifier: MIT */
/* foreign_npy.c: a .npy file with the matrix of one pair, or with those of all layers to
 * the last, version 1 or 2, of float16, float32 or float64.
 */
#include "shortcut/foreign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

static bool is(const char *path)
{
    return jc_foreign_ends(path, ".npy") && jc_file_exists(path);
}

/* "'shape': (12, 128, 128)" of the header [n]: two or three numbers. */
static bool read_shape(const char *header, jc_tensor *t)
{
    const char *at = strstr(header, "'shape':");
    char *end = NULL;

    at = at ? strchr(at, '(') : NULL;
    for (t->n_dims = 0; at && t->n_dims < 3; at = *end == ',' ? end : NULL) {
        t->shape[t->n_dims] = strtoul(at + 1, &end, 10);
        if (end == at + 1)
            return false;
        t->n_dims++;
    }
    return t->n_dims >= 2 && *end == ')';
}

static bool read_dtype(const char *header, jc_dtype *dtype)
{
    static const struct {
        const char *text;
        jc_dtype dtype;
    } types[] = {{"'<f2'", JC_F16}, {"'<f4'", JC_F32}, {"'<f8'", JC_F64}};

    for (size_t i = 0; i < JC_COUNT(types); i++)
        if (strstr(header, types[i].text)) {
            *dtype = types[i].dtype;
            return true;
        }
    return false;
}

static jc_status bad(const jc_foreign_job *job, const char *what)
{
    return jc_fail(job->err, JC_E_FORMAT, "cannot read '%s': %s", job->path, what);
}

static jc_status parse(jc_foreign_job *job, const jc_mapped *map)
{
    const unsigned char *p = map->data;
    char header[512];
    jc_tensor t = {.name = "array", .file = job->path};

    if (map->size < 12 || memcmp(p, "\x93NUMPY", 6) != 0 || p[6] < 1 || p[6] > 3)
        return bad(job, "it is no .npy file");
    size_t start = p[6] == 1 ? 10 : 12;
    size_t n = p[8] | (size_t)p[9] << 8;
    if (p[6] > 1)
        n |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
    if (n >= sizeof header || n > map->size - start)
        return bad(job, "its header is cut short");
    memcpy(header, p + start, n);
    header[n] = 0;
    if (!read_dtype(header, &t.dtype))
        return bad(job,
                   "its numbers are not float16, float32 or float64 of a little-endian "
                   "machine; x.astype('<f4') of numpy makes them so");
    if (!read_shape(header, &t))
        return bad(job, "it holds no matrix, nor one for each layer");
    bool turned = strstr(header, "'fortran_order': True") != NULL;
    if (!jc_mul(t.shape[0], t.shape[1], &t.count) ||
        (t.n_dims == 3 && !jc_mul(t.count, t.shape[2], &t.count)) ||
        !jc_mul(t.count, jc_dtype_bytes(t.dtype), &t.bytes) ||
        t.bytes != map->size - start - n)
        return bad(job, "its size is not that of its shape");
    t.data = p + start + n;
    job->transpose ^= turned; /* of a square matrix that is the same */
    jc_status st = JC_OK;
    if (t.n_dims == 2 && !job->has_pair)
        st = jc_fail(job->err, JC_E_ARG,
                     "'%s' does not say which layers its map is of: give '--pair 0:%u'",
                     job->path, job->info->layers);
    else if (t.n_dims == 2)
        st = jc_foreign_add(job, job->from, job->to, &t, NULL, false);
    else if (turned)
        st = bad(job, "its three axes are in Fortran's order: save it in that of C");
    else
        st = jc_foreign_add_stack(job, 0, &t, NULL);
    job->transpose ^= turned;
    return st;
}

static jc_status read(jc_foreign_job *job)
{
    jc_mapped map = {0};

    jc_status st = jc_map_open(&map, job->path, job->err);
    if (st == JC_OK)
        st = parse(job, &map);
    jc_map_close(&map);
    return st;
}

static jc_status write(const jc_foreign_job *job)
{
    const jc_map *map;
    jc_outfile out = {0};
    char header[128];
    jc_status st = jc_foreign_one(job, &map);

    if (st)
        return st;
    size_t in = map->d_in, d = map->d_out;
    float *weight = jc_matrix_new(d + 1, in, sizeof *weight);
    if (!weight)
        return jc_fail_nomem(job->err, job->path);
    st = jc_map_dense(map, weight, weight + d * in, job->err);
    for (size_t i = 0; i < d && st == JC_OK; i++)
        if (weight[d * in + i] != 0)
            st = jc_fail(job->err, JC_E_UNSUPPORTED,
                         "cannot write '%s': the map has a constant, and a .npy file holds "
                         "a matrix alone",
                         job->path);
    if (st == JC_OK)
        st = jc_outfile_open(&out, job->path, job->err);
    if (st == JC_OK) {
        int n = snprintf(header, sizeof header,
                         "{'descr': '<f4', 'fortran_order': False, 'shape': (%zu, %zu), }",
                         d, in);
        while ((n + 11) % 64)
            header[n++] = ' ';
        header[n++] = '\n';
        const unsigned char start[] = {
            0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)n, 0};
        fwrite(start, 1, sizeof start, out.f);
        fwrite(header, 1, (size_t)n, out.f);
        fwrite(weight, sizeof *weight, d * in, out.f);
        st = jc_outfile_commit(&out, job->err);
    }
    jc_free(weight);
    return st;
}

const jc_foreign jc_foreign_npy = {
    .info = {"npy", "the matrix of one pair, for numpy"},
    .is = is,
    .read = read,
    .write = write,
};
