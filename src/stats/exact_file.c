/* SPDX-License-Identifier: MIT */
/*
 * exact_file.c: sums that are not finished, in a file.
 *
 * In the place of `mean` and `square` such a file has `center` (float32) and `per`
 * (float64) [nodes, d], and `sum` and `square` (int64) [2 nodes, d]; its products are
 * int64. See exact.h. The metadata says which shares of the texts are in: `shares` "1 4",
 * of `shares.of`, made by `work` of texts whose hash is `texts.hash`.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats/exact.h"
#include "stats/sums_file.h"

#define MOST ((int64_t)1 << 61) /* what exact.c lets numbers become */

/* The four tensors, in the order of the file. */
static const struct part {
    const char *name;
    jc_dtype dtype;
    size_t times, bytes; /* rows for each node; of a number */
} parts[] = {{"center", JC_F32, 1, 4},
             {"per", JC_F64, 1, 8},
             {"sum", JC_I64, 2, 8},
             {"square", JC_I64, 2, 8}};

static void *part_of(const jc_exact *e, size_t i)
{
    void *all[] = {e->center, e->per, e->sum, e->square};

    return all[i];
}

jc_status jc_exact_put(jc_st_writer *w, const jc_stats *s, const char *prefix, bool declare,
                       jc_error *err)
{
    char name[JC_CROSS_NAME];
    jc_status st = JC_OK;

    for (size_t i = 0; i < JC_COUNT(parts) && st == JC_OK; i++) {
        size_t shape[2] = {parts[i].times * s->nodes, s->width};
        snprintf(name, sizeof name, "%s%s", prefix, parts[i].name);
        st = declare ? jc_st_writer_declare(w, name, parts[i].dtype, shape, 2, err)
                     : jc_st_writer_data(w, part_of(s->exact, i),
                                         shape[0] * shape[1] * parts[i].bytes, err);
    }
    return st;
}

jc_status jc_sums_whole(const jc_tensor *t, jc_error *err)
{
    for (size_t i = 0; i < t->count; i++) {
        int64_t x;
        memcpy(&x, t->data + i * sizeof x, sizeof x);
        if (x > MOST || x < -MOST)
            return jc_fail(err, JC_E_FORMAT,
                           "cannot read tensor '%s' of '%s': element %zu is too large",
                           t->name, t->file, i);
    }
    return JC_OK;
}

/* Units are powers of two, or all 0 where nothing was added; centers are finite. */
static jc_status check_frame(jc_exact *e, size_t n, const char *path, jc_error *err)
{
    e->framed = n > 0 && e->per[0] > 0;
    for (size_t k = 0; k < n; k++) {
        int exponent;
        bool power = frexp(e->per[k], &exponent) == 0.5 && abs(exponent) < 400;
        if (!isfinite(e->center[k]) ||
            (e->framed ? !power : e->per[k] < 0 || e->per[k] > 0))
            return jc_fail(err, JC_E_FORMAT,
                           "cannot read sums of '%s': 'center' and 'per' are not finite "
                           "numbers and powers of two",
                           path);
    }
    return JC_OK;
}

jc_status jc_exact_take(jc_stats *s, const jc_safetensors *file, const char *path,
                        const char *prefix, jc_error *err)
{
    char name[JC_CROSS_NAME];
    jc_status st = jc_exact_new(s, err);

    for (size_t i = 0; i < JC_COUNT(parts) && st == JC_OK; i++) {
        const jc_tensor *t;
        snprintf(name, sizeof name, "%s%s", prefix, parts[i].name);
        st = jc_sums_find(file, path, name, parts[i].dtype, parts[i].times * s->nodes,
                          s->width, &t, err);
        if (st == JC_OK && parts[i].dtype == JC_I64)
            st = jc_sums_whole(t, err);
        if (st == JC_OK)
            memcpy(part_of(s->exact, i), t->data, t->bytes);
    }
    return st ? st : check_frame(s->exact, (size_t)s->nodes * s->width, path, err);
}

/* ---- shares ---- */

jc_status jc_shares_put_meta(jc_st_writer *w, const jc_shares *shares, jc_error *err)
{
    char of[24], hash[24], chunks[24];
    char *has = jc_alloc_array((size_t)shares->of + 1, 8);
    size_t n = 0;

    if (!has)
        return jc_fail_nomem(err, "metadata");
    for (uint32_t i = 0; i < shares->of; i++)
        if (shares->has[i])
            n += (size_t)snprintf(has + n, 8, n ? " %u" : "%u", i + 1);
    snprintf(of, sizeof of, "%u", shares->of);
    snprintf(hash, sizeof hash, "%016" PRIx64, shares->hash);
    snprintf(chunks, sizeof chunks, "%" PRIu64, shares->chunks);
    const char *const meta[][2] = {{"shares", has},
                                   {"shares.of", of},
                                   {"shares.chunks", chunks},
                                   {"texts.hash", hash},
                                   {"work", shares->work}};
    jc_status st = JC_OK;
    for (size_t i = 0; i < JC_COUNT(meta) && st == JC_OK; i++)
        st = jc_st_writer_meta(w, meta[i][0], meta[i][1], err);
    jc_free(has);
    return st;
}

static bool read_number(const char *text, int base, uint64_t most, uint64_t *n, char **end)
{
    if (!text || !((*text >= '0' && *text <= '9') || (*text >= 'a' && *text <= 'f')))
        return false;
    *n = strtoull(text, end, base);
    return *n <= most;
}

jc_status jc_shares_take_meta(jc_shares *shares, const jc_safetensors *file,
                              const char *path, jc_error *err)
{
    const char *work = jc_safetensors_meta(file, "work");
    const char *has = jc_safetensors_meta(file, "shares");
    uint64_t of, at;
    char *end = NULL;

    if (!read_number(jc_safetensors_meta(file, "shares.of"), 10, JC_SHARES_MAX, &of,
                     &end) ||
        *end || of < 1 || !work ||
        !read_number(jc_safetensors_meta(file, "texts.hash"), 16, UINT64_MAX, &shares->hash,
                     &end) ||
        *end ||
        !read_number(jc_safetensors_meta(file, "shares.chunks"), 10, UINT64_MAX,
                     &shares->chunks, &end) ||
        *end)
        goto wrong;
    shares->of = (uint32_t)of;
    shares->work = jc_strdup(work);
    shares->has = jc_alloc_array(of, 1);
    if (!shares->work || !shares->has)
        return jc_fail_nomem(err, "shares of the texts");
    while (has && *has) {
        if (!read_number(has, 10, of, &at, &end) || at < 1 || (*end && *end != ' '))
            goto wrong;
        shares->has[at - 1] = 1;
        has = end + (*end == ' ');
    }
    return JC_OK;

wrong:
    return jc_fail(err, JC_E_FORMAT,
                   "cannot read sums of '%s': the metadata does not say which shares they "
                   "are of",
                   path);
}
