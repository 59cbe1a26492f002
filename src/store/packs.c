/* SPDX-License-Identifier: MIT */
/*
 * packs.c: folders of quantised weights: a weight is made of several tensors, and stands in
 * the index in their place, under the name that it has in the model that was quantised.
 */
#include "store/packs.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

extern const jc_pack jc_pack_compressed, jc_pack_int8, jc_pack_fp8, jc_pack_gptq,
    jc_pack_awq, jc_pack_mxfp4;

/* A method may have several. */
static const jc_pack *const table[] = {&jc_pack_compressed, &jc_pack_int8, &jc_pack_fp8,
                                       &jc_pack_gptq,       &jc_pack_awq,  &jc_pack_mxfp4};

enum { NAME = 512, PART = 64 };

/* A weight, and what it is read from. */
struct jc_packed_weight {
    jc_tensor tensor;
    jc_packing packing;
    uint32_t *order; /* owned; packing's */
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

bool jc_pack_listed(const char *list, const char *text)
{
    for (const char *at = list; *at; at += *at == '|') {
        size_t n = strcspn(at, "|");
        if (strlen(text) == n && strncasecmp(at, text, n) == 0)
            return true;
        at += n;
    }
    return false;
}

bool jc_pack_says(const jc_config *config, const char *section, const char *key,
                  const char *list)
{
    char path[PART];
    const char *found;

    snprintf(path, sizeof path, "%s.%s", section, key);
    return !jc_config_has(config, path) ||
           (jc_config_text(config, path, &found, NULL) == JC_OK &&
            jc_pack_listed(list, found));
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

unsigned jc_pack_whole(const jc_tensor *t, size_t word, size_t stride, size_t i,
                       unsigned wide)
{
    size_t bit = i * wide;
    unsigned at = (unsigned)(bit % 32);
    uint32_t x = jc_pack_word(t, word + bit / 32 * stride) >> at;

    if (at + wide > 32) /* the rest is in the next word */
        x |= jc_pack_word(t, word + (bit / 32 + 1) * stride) << (32 - at);
    return x & ((1u << wide) - 1);
}

/* ---- the index ---- */

/* The tensor whose name is that of `bits` with one of other ends; NULL: none. */
static const jc_tensor *beside(const jc_store *store, const jc_pack *pack,
                               const jc_tensor *bits, const char *ends)
{
    size_t stem = strlen(bits->name) - strlen(pack->bits);
    const jc_tensor *found = NULL;

    for (const char *at = ends; at && *at && !found; at += *at == '|') {
        char name[NAME];
        size_t n_end = strcspn(at, "|");
        int n =
            snprintf(name, sizeof name, "%.*s%.*s", (int)stem, bits->name, (int)n_end, at);
        if (n > 0 && n < NAME)
            found = jc_tensors_find(store->stored, store->n_stored, name);
        at += n_end;
    }
    return found;
}

/* Shape, order and type of blocks. */
static jc_status fill(struct jc_packed_weight *w, const jc_pack *pack, jc_error *err)
{
    jc_packing *p = &w->packing;
    jc_status st = pack->shape(p, &w->tensor, err);

    if (st == JC_OK)
        st = jc_pack_order(&w->order, p, err);
    p->order = w->order;
    if (st == JC_OK && pack->blocks)
        p->blocks = pack->blocks(p);
    if (p->blocks != JC_OTHER)
        p->regroup = pack->regroup;
    return st;
}

static void drop(struct jc_packed_weight *w)
{
    if (w)
        jc_free(w->order);
    jc_free(w);
}

/* Whether the tensor is of a weight of this format, whose parts are then in `p`. */
static bool gather(jc_packing *p, const jc_store *store, const jc_pack *pack,
                   const jc_tensor *bits)
{
    size_t n = strlen(bits->name), n_end = strlen(pack->bits);

    if (n < n_end || strcmp(bits->name + n - n_end, pack->bits) != 0 ||
        (pack->dtypes && !jc_pack_listed(pack->dtypes, jc_tensor_type(bits))))
        return false;
    p->bits = bits;
    p->scales = beside(store, pack, bits, pack->scales);
    p->zeros = beside(store, pack, bits, pack->zeros);
    p->groups = beside(store, pack, bits, pack->groups);
    p->sizes = beside(store, pack, bits, pack->sizes);
    p->wholes = pack->wholes;
    p->read = pack->read;
    /* who needs a weight that lacks a part says so */
    return p->scales && (p->zeros || !pack->zeros || pack->any_zeros) &&
           (p->sizes || !pack->sizes);
}

/* *out stays NULL where the tensor is of no packed weight. */
static jc_status make(struct jc_packed_weight **out, const jc_store *store,
                      const jc_pack *pack, const jc_packing *settled, const jc_tensor *bits,
                      jc_error *err)
{
    jc_packing p = *settled;

    *out = NULL;
    if (!gather(&p, store, pack, bits))
        return JC_OK;
    struct jc_packed_weight *w = jc_alloc_array(1, sizeof *w);
    if (!w)
        return jc_fail_nomem(err, bits->name);
    w->tensor = *bits;
    w->packing = p;
    jc_status st = fill(w, pack, err);
    if (st) {
        drop(w);
        return st;
    }
    snprintf(w->name, sizeof w->name, "%.*s%s",
             (int)(strlen(bits->name) - strlen(pack->bits)), bits->name, pack->weight);
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
        const jc_tensor *const parts[] = {p->bits, p->scales, p->zeros, p->groups,
                                          p->sizes};
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

bool jc_store_unpacks(const char *method)
{
    for (size_t i = 0; i < JC_COUNT(table); i++)
        if (jc_pack_listed(table[i]->methods, method))
            return true;
    return false;
}

/* The weights of one format. */
static jc_status unpack(jc_store *store, const jc_pack *pack, const jc_packing *settled,
                        jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t i = 0; i < store->n_stored && st == JC_OK; i++) {
        struct jc_packed_weight *w;
        st = make(&w, store, pack, settled, store->stored[i], err);
        if (st || !w)
            continue;
        if (!jc_grow(&store->packed, &store->packed_capacity, store->n_packed + 1,
                     sizeof(struct jc_packed_weight *))) {
            drop(w);
            return jc_fail_nomem(err, store->path);
        }
        store->packed[store->n_packed++] = w;
    }
    return st;
}

/* E_UNSUPPORTED, with what the configuration calls the format, if it does. */
static jc_status refuse(const jc_store *store, const char *method, const char *section,
                        const char *why, jc_error *err)
{
    char path[PART];
    const char *format = NULL;

    snprintf(path, sizeof path, "%s.format", section);
    if (jc_config_text(store->config, path, &format, NULL) != JC_OK)
        format = NULL;
    return jc_fail(err, JC_E_UNSUPPORTED,
                   "'%s': its weights are quantised by %s%s%.60s%s in a way that is not "
                   "supported: %s; take the model that was quantised",
                   jc_config_path(store->config), method, format ? " ('" : "",
                   format ? format : "", format ? "')" : "", why);
}

jc_status jc_store_unpack(jc_store *store, const char *method, const char *section,
                          jc_error *err)
{
    jc_status st = JC_OK;

    for (size_t i = 0; i < JC_COUNT(table) && st == JC_OK; i++) {
        jc_packing settled = {.rows = 1, .blocks = JC_OTHER};
        if (!jc_pack_listed(table[i]->methods, method))
            continue;
        const char *why = table[i]->settle(&settled, store->config, section);
        st = why ? refuse(store, method, section, why, err)
                 : unpack(store, table[i], &settled, err);
    }
    return st ? st : index_again(store, err);
}

void jc_packs_free(jc_store *store)
{
    for (size_t i = 0; i < store->n_packed; i++)
        drop(store->packed[i]);
    jc_free(store->packed);
}
