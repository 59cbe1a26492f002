/* SPDX-License-Identifier: MIT */
/*
 * pickle_torch.c: what pickles name: functions of torch, numpy and Python, which are known
 * by their names alone and make values here, and storages of numbers. Any other name is
 * refused. Also the files that torch wrote before it wrote zip files.
 */
#include "store/pickle_impl.h"

#include <string.h>

jc_pickle_value *jc_pickle_member(const jc_pickle *p, const jc_pickle_value *list,
                                  uint32_t i)
{
    uint32_t at = list->first;

    while (i-- && at != JC_PICKLE_NO)
        at = p->cell[at].next;
    return at == JC_PICKLE_NO ? NULL : &p->value[p->cell[at].value];
}

/* ---- globals and what they make ---- */

/* (storage, offset, shape, stride, ...) */
static jc_status rebuild_tensor(jc_pickle *p, const jc_pickle_value *args, jc_error *err)
{
    const jc_pickle_value *storage = jc_pickle_member(p, args, 0),
                          *offset = jc_pickle_member(p, args, 1);
    const jc_pickle_value *shape = jc_pickle_member(p, args, 2),
                          *stride = jc_pickle_member(p, args, 3);

    if (!stride || storage->kind != JC_PICKLE_STORAGE || offset->kind != JC_PICKLE_INT ||
        offset->number < 0 || shape->kind != JC_PICKLE_LIST ||
        stride->kind != JC_PICKLE_LIST || shape->n != stride->n ||
        shape->n > JC_TENSOR_DIMS)
        return jc_pickle_broken(p, "describes no tensor of at most 4 dimensions", err);
    jc_pickle_value made = {.kind = JC_PICKLE_TENSOR,
                            .dtype = storage->dtype,
                            .storage = (uint32_t)(storage - p->value),
                            .offset = (uint64_t)offset->number,
                            .dims = shape->n};
    for (uint32_t i = 0; i < shape->n; i++) {
        const jc_pickle_value *n = jc_pickle_member(p, shape, i),
                              *by = jc_pickle_member(p, stride, i);
        if (n->kind != JC_PICKLE_INT || by->kind != JC_PICKLE_INT || n->number < 0 ||
            by->number < 0)
            return jc_pickle_broken(p, "describes a tensor of no shape", err);
        made.shape[i] = (uint64_t)n->number;
        made.stride[i] = (uint64_t)by->number;
    }
    return jc_pickle_push(p, made, err);
}

static jc_status load_bytes(jc_pickle *p, const jc_pickle_value *args, jc_error *err)
{
    const jc_pickle_value *bytes = jc_pickle_member(p, args, 0);
    uint32_t root = 0;

    if (!bytes || bytes->kind != JC_PICKLE_TEXT)
        return jc_pickle_broken(p, "loads from something else than bytes", err);
    if (p->nested)
        return jc_pickle_broken(p, "holds pickles within pickles", err);
    jc_cursor c = {.data = bytes->text, .size = bytes->size};
    p->nested++;
    jc_status st = jc_pickle_legacy(p, &c, &root, err);
    p->nested--;
    return st ? st : jc_pickle_push_index(p, root, err);
}

/* (tensor, ...) */
static jc_status rebuild_parameter(jc_pickle *p, const jc_pickle_value *args, jc_error *err)
{
    const jc_pickle_value *tensor = jc_pickle_member(p, args, 0);

    return tensor ? jc_pickle_push_index(p, (uint32_t)(tensor - p->value), err)
                  : jc_pickle_broken(p, "describes a parameter without a tensor", err);
}

static jc_status make_dict(jc_pickle *p, const jc_pickle_value *args, jc_error *err)
{
    return args->n ? jc_pickle_broken(p, "makes an OrderedDict of a list", err)
                   : jc_pickle_push(p, (jc_pickle_value){.kind = JC_PICKLE_DICT}, err);
}

/* ---- globals that are known ---- */

static const struct {
    const char *name;
    /* of a function: push what it makes of its arguments; of others NULL */
    jc_status (*make)(jc_pickle *p, const jc_pickle_value *args, jc_error *err);
    bool storage; /* of numbers of that type */
    jc_dtype dtype;
} globals[] = {
    {"torch._utils _rebuild_tensor_v2", rebuild_tensor, false, JC_F32},
    {"torch._utils _rebuild_parameter", rebuild_parameter, false, JC_F32},
    {"torch.storage _load_from_bytes", load_bytes, false, JC_F32},
    {"collections OrderedDict", make_dict, false, JC_F32},
    {"torch FloatStorage", NULL, true, JC_F32},
    {"torch DoubleStorage", NULL, true, JC_F64},
    {"torch HalfStorage", NULL, true, JC_F16},
    {"torch BFloat16Storage", NULL, true, JC_BF16},
    {"torch LongStorage", NULL, true, JC_I64},
    {"torch IntStorage", NULL, true, JC_I32},
    {"torch ShortStorage", NULL, true, JC_I16},
    {"torch CharStorage", NULL, true, JC_I8},
    {"torch ByteStorage", NULL, true, JC_U8},
    {"torch BoolStorage", NULL, true, JC_BOOL},
    {"numpy ndarray", NULL, false, JC_F32},
    {"numpy dtype", jc_pickle_numpy_type, false, JC_F32},
    {"numpy.core.multiarray _reconstruct", jc_pickle_numpy_empty, false, JC_F32},
    {"numpy._core.multiarray _reconstruct", jc_pickle_numpy_empty, false, JC_F32},
    {"numpy.core.numeric _frombuffer", jc_pickle_numpy_whole, false, JC_F32},
    {"numpy._core.numeric _frombuffer", jc_pickle_numpy_whole, false, JC_F32},
    {"_codecs encode", jc_pickle_numpy_bytes, false, JC_F32},
};

jc_status jc_pickle_global(jc_pickle *p, const unsigned char *module, size_t n,
                           const unsigned char *name, size_t m, jc_error *err)
{
    for (size_t i = 0; i < JC_COUNT(globals); i++) {
        const char *own = globals[i].name;
        if (strlen(own) == n + m + 1 && memcmp(own, module, n) == 0 && own[n] == ' ' &&
            memcmp(own + n + 1, name, m) == 0)
            return jc_pickle_push(
                p, (jc_pickle_value){.kind = JC_PICKLE_GLOBAL, .number = (int64_t)i}, err);
    }
    return jc_fail(err, JC_E_UNSUPPORTED,
                   "cannot read '%s': its pickle wants '%.*s.%.*s', which is not run; only "
                   "tensors in dicts and lists are read",
                   p->path, (int)(n < 60 ? n : 60), (const char *)module,
                   (int)(m < 60 ? m : 60), (const char *)name);
}

/* ('storage', FloatStorage, key, location, count, ...) */
jc_status jc_pickle_storage(jc_pickle *p, jc_error *err)
{
    const jc_pickle_value *id = jc_pickle_top(p, 0);
    const jc_pickle_value *type =
        id && id->kind == JC_PICKLE_LIST ? jc_pickle_member(p, id, 1) : NULL;
    const jc_pickle_value *key = type ? jc_pickle_member(p, id, 2) : NULL;
    const jc_pickle_value *count = type ? jc_pickle_member(p, id, 4) : NULL;

    if (!count || type->kind != JC_PICKLE_GLOBAL || !globals[type->number].storage ||
        key->kind != JC_PICKLE_TEXT || count->kind != JC_PICKLE_INT || count->number < 0)
        return jc_pickle_broken(p, "refers to something else than a storage of torch", err);
    const jc_pickle_value made = {.kind = JC_PICKLE_STORAGE,
                                  .dtype = globals[type->number].dtype,
                                  .text = key->text,
                                  .size = key->size,
                                  .count = (uint64_t)count->number};
    p->depth--;
    return jc_pickle_push(p, made, err);
}

jc_status jc_pickle_reduce(jc_pickle *p, jc_error *err)
{
    const jc_pickle_value *args = jc_pickle_top(p, 0), *f = jc_pickle_top(p, 1);

    if (!f || f->kind != JC_PICKLE_GLOBAL || args->kind != JC_PICKLE_LIST ||
        !globals[f->number].make)
        return jc_pickle_broken(p, "calls something else than a function of torch", err);
    p->depth -= 2;
    return globals[f->number].make(p, args, err);
}

/* ---- torch's older files ---- */

static const unsigned char magic[] = {0x80, 2,    0x8a, 10,   0x6c, 0xfc, 0x9c, 0x46,
                                      0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};

bool jc_pickle_is_legacy(const unsigned char *data, size_t size)
{
    return size >= sizeof magic && memcmp(data, magic, sizeof magic) == 0;
}

/* The numbers of each storage, in the order of the list of keys. */
static jc_status take_storages(jc_pickle *p, jc_cursor *c, size_t first, uint32_t keys,
                               jc_error *err)
{
    if ((double)p->value[keys].n * (double)p->n_values > 1e9)
        return jc_pickle_broken(p, "has too many storages", err);
    for (uint32_t cell = p->value[keys].first; cell != JC_PICKLE_NO;
         cell = p->cell[cell].next) {
        const jc_pickle_value *key = &p->value[p->cell[cell].value];
        const unsigned char *data;
        jc_pickle_value *storage = NULL;
        uint64_t count;
        for (size_t i = first; i < p->n_values && key->kind == JC_PICKLE_TEXT; i++) {
            jc_pickle_value *v = &p->value[i];
            if (v->kind == JC_PICKLE_STORAGE && v->text && v->size == key->size &&
                memcmp(v->text, key->text, v->size) == 0)
                storage = v;
        }
        if (!storage)
            return jc_pickle_broken(p, "lists a storage that no tensor has", err);
        if (!jc_cursor_u64(c, &count) || count != storage->count ||
            count > c->size / jc_dtype_bytes(storage->dtype) ||
            !jc_cursor_bytes(c, count * jc_dtype_bytes(storage->dtype), &data))
            return jc_pickle_broken(p, "has a storage that is cut short", err);
        for (size_t i = first; i < p->n_values; i++) { /* each mention of it */
            jc_pickle_value *v = &p->value[i];
            if (v->kind == JC_PICKLE_STORAGE && v->text && v->size == key->size &&
                v->dtype == storage->dtype && v->count <= count &&
                memcmp(v->text, key->text, v->size) == 0)
                v->data = data;
        }
    }
    return JC_OK;
}

jc_status jc_pickle_legacy(jc_pickle *p, jc_cursor *c, uint32_t *root, jc_error *err)
{
    uint32_t *memo = p->memo, skip, keys;
    size_t n_memo = p->n_memo, memo_capacity = p->memo_capacity, first = p->n_values;
    jc_status st = JC_OK;

    if (!jc_pickle_is_legacy(c->data + c->at, c->size - c->at))
        return jc_pickle_broken(p, "is none of torch", err);
    p->memo = NULL; /* it has its own */
    p->n_memo = p->memo_capacity = 0;
    for (int i = 0; i < 3 && st == JC_OK; i++) /* magic, version, system */
        st = jc_pickle_read(p, c, &skip, err);
    if (st == JC_OK)
        st = jc_pickle_read(p, c, root, err);
    if (st == JC_OK)
        st = jc_pickle_read(p, c, &keys, err);
    if (st == JC_OK && p->value[keys].kind != JC_PICKLE_LIST)
        st = jc_pickle_broken(p, "has no list of storages", err);
    if (st == JC_OK)
        st = take_storages(p, c, first, keys, err);
    jc_free(p->memo);
    p->memo = memo;
    p->n_memo = n_memo;
    p->memo_capacity = memo_capacity;
    return st;
}
