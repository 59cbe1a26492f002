/* SPDX-License-Identifier: MIT */
/*
 * packs.c: folders of quantised weights: a weight is made of several tensors, and stands in
 * the index in their place, under the name that it has in the model that was quantised.
 */
#include "store/packs.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

extern const jc_pack jc_pack_fp8, jc_pack_gptq, jc_pack_awq, jc_pack_mxfp4;

static const jc_pack *const table[] = {&jc_pack_fp8, &jc_pack_gptq, &jc_pack_awq,
                                       &jc_pack_mxfp4};

enum { NAME = 512, PART = 64 };

/* A weight, and what it is read from. */
struct jc_packed_weight {
    jc_tensor tensor;
    jc_packing packing;
    char name[NAME];
};

/* ---- what formats share ---- */

jc_status jc_pack_part(const jc_packing *p, const jc_tensor *part, jc_dtype dtype,
                       size_t rows, size_t columns, jc_error *err)
{
    bool fits = dtype == JC_OTHER ? jc_dtype_real(part->dtype) : part->dtype == dtype;

    if (fits && part->n_dims == (columns ? 2 : 1) && part->shape[0] == rows &&
        (!columns || part->shape[1] == columns))
        return JC_OK;
    return jc_fail(err, JC_E_FORMAT,
                   "tensor '%.160s' of '%s' is [%zu, %zu] of %s, and '%.160s' beside it "
                   "wants [%zu, %zu] of %s",
                   part->name, part->file, part->shape[0], part->shape[1],
                   jc_tensor_type(part), p->bits->name, rows, columns ? columns : 1,
                   dtype == JC_OTHER ? "real numbers" : jc_dtype_name(dtype));
}

bool jc_pack_number(const jc_config *config, const char *section, const char *keys,
                    uint32_t *out)
{
    char path[PART];
    double x;

    for (const char *at = keys; *at;) {
        size_t n = strcspn(at, "|");
        snprintf(path, sizeof path, "%s.%.*s", section, (int)n, at);
        if (jc_config_has(config, path)) {
            if (jc_config_real(config, path, &x, NULL) == JC_OK && x == -1) {
                *out = 0;
                return true;
            }
            return jc_config_u32(config, path, out, NULL) == JC_OK;
        }
        at += n + (at[n] == '|');
    }
    return true;
}

bool jc_pack_says(const jc_config *config, const char *section, const char *key,
                  const char *text)
{
    char path[PART];
    const char *found;

    snprintf(path, sizeof path, "%s.%s", section, key);
    return !jc_config_has(config, path) ||
           (jc_config_text(config, path, &found, NULL) == JC_OK &&
            strcasecmp(found, text) == 0);
}

void jc_pack_rows(const jc_packing *p, size_t first, size_t n,
                  void (*read_row)(const jc_packing *p, size_t row, size_t column, size_t n,
                                   float *out),
                  float *out)
{
    while (n > 0) {
        size_t row = first / p->width, column = first % p->width;
        size_t count = p->width - column < n ? p->width - column : n;
        read_row(p, row, column, count, out);
        first += count;
        out += count;
        n -= count;
    }
}

float jc_pack_real(const jc_tensor *t, size_t i)
{
    float x;

    jc_tensor_read(t, i, 1, &x);
    return x;
}

uint32_t jc_pack_word(const jc_tensor *t, size_t i)
{
    uint32_t x;

    memcpy(&x, t->data + 4 * i, sizeof x);
    return x;
}

/* ---- blocks ---- */

enum { RUN = 32, BLOCK = 20 }; /* numbers and bytes of Q4_Z's */

size_t jc_pack_group(const jc_packing *p, size_t input)
{
    return p->groups ? jc_pack_word(p->groups, input) : input / p->columns;
}

bool jc_pack_fits_q4_z(const jc_packing *p)
{
    bool fits = p->wide <= 4 && p->scales->dtype == JC_F16 && p->width % RUN == 0;

    for (size_t i = 1; i < p->width && fits; i++)
        fits = i % RUN == 0 || jc_pack_group(p, i) == jc_pack_group(p, i - 1);
    return fits;
}

/* The halves of 16 bytes: the low ones, then the high ones. */
static void put_block(const unsigned char *scale, unsigned zero, const unsigned char *q,
                      unsigned char *out)
{
    memcpy(out, scale, 2);
    out[2] = (unsigned char)zero;
    out[3] = (unsigned char)(zero >> 8);
    for (int i = 0; i < RUN / 2; i++)
        out[4 + i] = (unsigned char)(q[i] | q[RUN / 2 + i] << 4);
}

/* Rows within runs: the words of neighbouring outputs lie side by side. */
void jc_pack_q4_z(const jc_packing *p, const jc_pack_wholes *wholes, size_t first, size_t n,
                  unsigned char *out)
{
    size_t n_out = p->scales->shape[1], runs = p->width / RUN;

    for (size_t r = 0; r < runs; r++) {
        size_t group = jc_pack_group(p, r * RUN);
        for (size_t o = first; o < first + n; o++) {
            unsigned char q[RUN];
            wholes->run(p, o, r * RUN, q);
            put_block(p->scales->data + 2 * (group * n_out + o), wholes->zero(p, group, o),
                      q, out + ((o - first) * runs + r) * BLOCK);
        }
    }
}

/* ---- the index ---- */

/* The tensor whose name is that of `bits` with another end; NULL: none. */
static const jc_tensor *beside(const jc_store *store, const jc_pack *pack,
                               const jc_tensor *bits, const char *end)
{
    char name[NAME];
    size_t stem = strlen(bits->name) - strlen(pack->bits);

    if (!end)
        return NULL;
    int n = snprintf(name, sizeof name, "%.*s%s", (int)stem, bits->name, end);
    return n > 0 && n < NAME ? jc_tensors_find(store->stored, store->n_stored, name) : NULL;
}

/* *out stays NULL where the tensor is of no packed weight. */
static jc_status make(struct jc_packed_weight **out, const jc_store *store,
                      const jc_pack *pack, const jc_packing *settled, const jc_tensor *bits,
                      jc_error *err)
{
    size_t n = strlen(bits->name), n_end = strlen(pack->bits);
    jc_packing p = *settled;

    *out = NULL;
    if (n < n_end || strcmp(bits->name + n - n_end, pack->bits) != 0)
        return JC_OK;
    p.bits = bits;
    p.scales = beside(store, pack, bits, pack->scales);
    p.zeros = beside(store, pack, bits, pack->zeros);
    p.groups = beside(store, pack, bits, pack->groups);
    p.read = pack->read;
    if (!p.scales || (pack->zeros && !p.zeros)) /* who needs the weight says so */
        return JC_OK;
    struct jc_packed_weight *w = jc_alloc_array(1, sizeof *w);
    if (!w)
        return jc_fail_nomem(err, bits->name);
    w->tensor = *bits;
    jc_status st = pack->shape(&p, &w->tensor, err);
    if (st) {
        jc_free(w);
        return st;
    }
    p.regroup = p.blocks == JC_OTHER ? NULL : pack->regroup;
    snprintf(w->name, sizeof w->name, "%.*s%s", (int)(n - n_end), bits->name, pack->weight);
    w->packing = p;
    w->tensor.name = w->name;
    w->tensor.packing = &w->packing;
    w->tensor.count = w->tensor.shape[0] * w->tensor.shape[1] * w->tensor.shape[2];
    if (pack->type) {
        w->tensor.dtype = JC_OTHER;
        w->tensor.type = pack->type;
    }
    const jc_tensor *parts[] = {p.scales, p.zeros, p.groups};
    for (size_t i = 0; i < JC_COUNT(parts); i++)
        w->tensor.bytes += parts[i] ? parts[i]->bytes : 0;
    *out = w;
    return JC_OK;
}

/* used [n_stored] = which tensors packed weights are made of. */
static void mark(const jc_store *store, bool *used)
{
    for (size_t i = 0; i < store->n_packed; i++) {
        const jc_packing *p = &store->packed[i]->packing;
        const jc_tensor *const parts[] = {p->bits, p->scales, p->zeros, p->groups};
        for (size_t k = 0; k < JC_COUNT(parts); k++)
            if (parts[k])
                used[jc_tensors_place(store->stored, store->n_stored, parts[k]->name)] =
                    true;
    }
}

/* The index once more, of packed weights and of all tensors that these are not made of. */
static jc_status index_again(jc_store *store, jc_error *err)
{
    size_t most = store->n_stored + store->n_packed, n = 0;
    const jc_tensor **list = jc_alloc_array(most, sizeof(const jc_tensor *));
    bool *used = jc_alloc_array(store->n_stored, sizeof *used);

    if (!list || !used) {
        jc_free(list);
        jc_free(used);
        return jc_fail_nomem(err, store->path);
    }
    mark(store, used);
    for (size_t i = 0; i < store->n_packed; i++)
        list[n++] = &store->packed[i]->tensor;
    for (size_t i = 0; i < store->n_stored; i++)
        if (!used[i])
            list[n++] = store->stored[i];
    jc_free(used);
    jc_tensors_sort(list, n);
    jc_free(store->by_name);
    store->by_name = list;
    store->count = n;
    for (size_t i = 1; i < n; i++)
        if (strcmp(list[i - 1]->name, list[i]->name) == 0)
            return jc_fail(err, JC_E_FORMAT,
                           "cannot open model '%s': it has '%s' both quantised and not",
                           store->path, list[i]->name);
    return JC_OK;
}

static const jc_pack *find(const char *method)
{
    for (size_t i = 0; i < JC_COUNT(table); i++)
        if (strcmp(table[i]->method, method) == 0)
            return table[i];
    return NULL;
}

bool jc_store_unpacks(const char *method)
{
    return find(method) != NULL;
}

jc_status jc_store_unpack(jc_store *store, const char *method, const char *section,
                          jc_error *err)
{
    const jc_pack *pack = find(method);
    jc_packing settled = {.rows = 1, .blocks = JC_OTHER};
    const char *why = pack->settle(&settled, store->config, section);
    jc_status st = JC_OK;

    if (why)
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "'%s': its weights are quantised by %s in a way that is not "
                       "supported: %s; take the model that was quantised",
                       jc_config_path(store->config), method, why);
    for (size_t i = 0; i < store->n_stored && st == JC_OK; i++) {
        struct jc_packed_weight *w;
        st = make(&w, store, pack, &settled, store->stored[i], err);
        if (st || !w)
            continue;
        if (!jc_grow(&store->packed, &store->packed_capacity, store->n_packed + 1,
                     sizeof(struct jc_packed_weight *))) {
            jc_free(w);
            return jc_fail_nomem(err, store->path);
        }
        store->packed[store->n_packed++] = w;
    }
    return st ? st : index_again(store, err);
}

void jc_packs_free(jc_store *store)
{
    for (size_t i = 0; i < store->n_packed; i++)
        jc_free(store->packed[i]);
    jc_free(store->packed);
}
