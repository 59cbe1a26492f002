/* SPDX-License-Identifier: MIT */
/*
 * torch.c: the tensors of a file of torch.
 *
 * A zip file has `<name>/data.pkl`, a pickle (pickle.h), and `<name>/data/<key>`, the
 * numbers of each storage, not compressed. Tensors whose numbers lie one after another are
 * used where they lie; others, as a transposed matrix, are copied.
 */
#include "store/torch.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "store/pickle_impl.h"

enum { NAME_MAX_BYTES = 255, DEPTH = 8, MOST_VALUES = 1 << 20 };

struct jc_torch {
    jc_mapped map; /* zeroed when the bytes are borrowed */
    const unsigned char *data;
    size_t size;
    char *path;
    jc_pickle pickle;
    jc_tensor *tensors; /* [n] */
    char (*names)[NAME_MAX_BYTES + 1];
    void **copies; /* [n]: of those that had to be copied */
    size_t n, capacity, names_capacity, copies_capacity;
    size_t seen; /* values, as often as they are mentioned */
    size_t room; /* bytes that copies may still take */
    /* of a zip file */
    size_t directory, entries;
    const unsigned char *prefix; /* "<name>/" of its entries */
    size_t prefix_size;
};

static uint32_t u16(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t u32(const unsigned char *p)
{
    return u16(p) | u16(p + 2) << 16;
}

static jc_status bad_zip(const jc_torch *t, const char *what, jc_error *err)
{
    return jc_fail(err, JC_E_FORMAT, "cannot read '%s': as a zip file, %s", t->path, what);
}

/* ---- zip ---- */

static bool is_zip(const unsigned char *data, size_t size)
{
    return size >= 4 && memcmp(data, "PK\3\4", 4) == 0;
}

static jc_status find_directory(jc_torch *t, jc_error *err)
{
    size_t at = t->size < 22 ? 0 : t->size - 22;

    while (at > 0 && t->size - at < 22 + 65536 && memcmp(t->data + at, "PK\5\6", 4) != 0)
        at--;
    if (t->size < 22 || memcmp(t->data + at, "PK\5\6", 4) != 0)
        return bad_zip(t, "it is cut short: it has no directory", err);
    t->entries = u16(t->data + at + 10);
    t->directory = u32(t->data + at + 16);
    if (t->entries == 0xffff || t->directory == UINT32_MAX)
        return bad_zip(t, "it is larger than 4 GB, which is not read", err);
    return t->directory <= at ? JC_OK : bad_zip(t, "its directory lies outside", err);
}

/* The entry whose name ends with `end` [n] and, once it is known, begins with the prefix.
 */
static jc_status find_entry(const jc_torch *t, const unsigned char *end, size_t n,
                            const unsigned char **data, size_t *size,
                            const unsigned char **name, size_t *name_size, jc_error *err)
{
    size_t at = t->directory;

    *data = NULL;
    for (size_t i = 0; i < t->entries; i++) {
        if (t->size - at < 46 || memcmp(t->data + at, "PK\1\2", 4) != 0)
            return bad_zip(t, "its directory is damaged", err);
        const unsigned char *e = t->data + at;
        size_t length = u16(e + 28), all = 46 + length + u16(e + 30) + u16(e + 32);
        if (t->size - at < all)
            return bad_zip(t, "its directory is damaged", err);
        at += all;
        if (length < n || memcmp(e + 46 + length - n, end, n) != 0 ||
            (t->prefix && (length != t->prefix_size + n ||
                           memcmp(e + 46, t->prefix, t->prefix_size) != 0)))
            continue;
        size_t header = u32(e + 42), bytes = u32(e + 20);
        if (u16(e + 10) != 0 || bytes != u32(e + 24))
            return bad_zip(t, "its entries are compressed, which torch does not do", err);
        if (t->size < 30 || header > t->size - 30 ||
            memcmp(t->data + header, "PK\3\4", 4) != 0)
            return bad_zip(t, "an entry lies outside", err);
        size_t start =
            header + 30 + u16(t->data + header + 26) + u16(t->data + header + 28);
        if (start > t->size || bytes > t->size - start)
            return bad_zip(t, "an entry lies outside", err);
        *data = t->data + start;
        *size = bytes;
        *name = e + 46;
        *name_size = length;
        return JC_OK;
    }
    return JC_OK;
}

static jc_status read_zip(jc_torch *t, uint32_t *root, jc_error *err)
{
    static const unsigned char pickle[] = "/data.pkl";
    const unsigned char *data, *name;
    size_t size, length;
    jc_status st = find_directory(t, err);

    if (st == JC_OK)
        st = find_entry(t, pickle, 9, &data, &size, &name, &length, err);
    if (st)
        return st;
    if (!data)
        return bad_zip(t, "it has no data.pkl, so torch did not write it", err);
    t->prefix = name;
    t->prefix_size = length - 8;
    jc_cursor c = {.data = data, .size = size};
    return jc_pickle_read(&t->pickle, &c, root, err);
}

/* Where the numbers of a storage lie. */
static jc_status find_storage(jc_torch *t, jc_pickle_value *storage, jc_error *err)
{
    unsigned char end[64] = "data/";
    const unsigned char *name;
    size_t size = 0, length;

    if (storage->data)
        return JC_OK;
    if (!t->prefix || storage->size > sizeof end - 5)
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': a storage is missing", t->path);
    memcpy(end + 5, storage->text, storage->size);
    jc_status st =
        find_entry(t, end, 5 + storage->size, &storage->data, &size, &name, &length, err);
    if (st)
        return st;
    if (!storage->data || storage->count > size / jc_dtype_bytes(storage->dtype))
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': storage '%.*s' is missing or cut", t->path,
                       (int)storage->size, (const char *)storage->text);
    return JC_OK;
}

/* ---- tensors ---- */

/* The numbers of a strided tensor, one after another. */
static jc_status copy_strided(const jc_pickle_value *v, const unsigned char *from,
                              size_t count, void **out, jc_error *err)
{
    size_t bytes = jc_dtype_bytes(v->dtype), index[JC_TENSOR_DIMS] = {0};

    *out = jc_matrix_new(count, 1, bytes);
    if (!*out)
        return jc_fail_nomem(err, "a tensor");
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        for (uint32_t k = 0; k < v->dims; k++)
            at += index[k] * (size_t)v->stride[k];
        memcpy((unsigned char *)*out + i * bytes, from + at * bytes, bytes);
        for (uint32_t k = v->dims; k-- > 0 && ++index[k] == v->shape[k];)
            index[k] = 0;
    }
    return JC_OK;
}

static jc_status add_tensor(jc_torch *t, const jc_pickle_value *v, const char *name,
                            jc_error *err)
{
    jc_pickle_value *storage = &t->pickle.value[v->storage];
    uint64_t count = 1, last = 0, next = 1;
    bool packed = true;
    jc_status st = find_storage(t, storage, err);

    for (uint32_t k = v->dims; k-- > 0 && st == JC_OK;) {
        if (v->shape[k] > storage->count ||
            (v->shape[k] && count > (1u << 31) / v->shape[k]))
            return jc_fail(err, JC_E_FORMAT,
                           "cannot read '%s': tensor '%.100s' leaves its storage", t->path,
                           name);
        packed &= v->shape[k] == 1 || v->stride[k] == next;
        next *= v->shape[k];
        count *= v->shape[k];
        if (v->stride[k] > storage->count && v->shape[k] > 1)
            last = UINT64_MAX / 2;
        else if (v->shape[k])
            last += (v->shape[k] - 1) * v->stride[k];
    }
    if (st == JC_OK && count &&
        (v->offset >= storage->count || last >= storage->count - v->offset))
        st = jc_fail(err, JC_E_FORMAT,
                     "cannot read '%s': tensor '%.100s' leaves its storage", t->path, name);
    if (st == JC_OK &&
        !(jc_grow(&t->tensors, &t->capacity, t->n + 1, sizeof *t->tensors) &&
          jc_grow(&t->names, &t->names_capacity, t->n + 1, sizeof *t->names) &&
          jc_grow(&t->copies, &t->copies_capacity, t->n + 1, sizeof(void *))))
        st = jc_fail_nomem(err, "tensors");
    if (st)
        return st;
    jc_tensor *made = &t->tensors[t->n];
    *made = (jc_tensor){.dtype = v->dtype,
                        .n_dims = v->dims,
                        .shape = {1, 1, 1, 1},
                        .count = (size_t)count,
                        .bytes = (size_t)count * jc_dtype_bytes(v->dtype),
                        .file = t->path};
    for (uint32_t k = 0; k < v->dims; k++)
        made->shape[k] = (size_t)v->shape[k];
    made->data = storage->data + (count ? v->offset * jc_dtype_bytes(v->dtype) : 0);
    snprintf(t->names[t->n], sizeof *t->names, "%s", name);
    t->copies[t->n] = NULL;
    if (!packed && count) {
        if (count > storage->count || made->bytes > t->room)
            return jc_fail(err, JC_E_UNSUPPORTED,
                           "cannot read '%s': tensor '%.100s' repeats its numbers; save a "
                           "copy of it (contiguous())",
                           t->path, name);
        t->room -= made->bytes;
        st = copy_strided(v, made->data, (size_t)count, &t->copies[t->n], err);
        made->data = t->copies[t->n];
    }
    t->n++;
    return st;
}

/* "outer.inner"; false where it would be too long. */
static bool join(char name[NAME_MAX_BYTES + 1], const char *outer, const char *inner,
                 size_t n)
{
    int size = snprintf(name, NAME_MAX_BYTES + 1, "%s%s%.*s", outer, *outer ? "." : "",
                        (int)(n < NAME_MAX_BYTES ? n : NAME_MAX_BYTES), inner);
    return size >= 0 && size <= NAME_MAX_BYTES && n <= NAME_MAX_BYTES;
}

static jc_status add_all(jc_torch *t, uint32_t value, const char *name, unsigned depth,
                         jc_error *err)
{
    const jc_pickle *p = &t->pickle;
    const jc_pickle_value *v = &p->value[value];
    bool dict = v->kind == JC_PICKLE_DICT;
    size_t i = 0;
    jc_status st = JC_OK;

    if (++t->seen > MOST_VALUES)
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "cannot read '%s': it holds more than %d values", t->path,
                       MOST_VALUES);
    if (v->kind == JC_PICKLE_TENSOR)
        return add_tensor(t, v, name, err);
    if (v->kind == JC_PICKLE_ARRAY)
        return jc_pickle_broken(p, "has an array of numpy without numbers", err);
    if (!dict && v->kind != JC_PICKLE_LIST)
        return JC_OK; /* a number or a text beside the tensors */
    if (depth == DEPTH)
        return jc_fail(err, JC_E_UNSUPPORTED, "cannot read '%s': dicts lie %d deep",
                       t->path, DEPTH);
    for (uint32_t cell = v->first; cell != JC_PICKLE_NO && st == JC_OK;
         cell = p->cell[cell].next, i++) {
        char inner[NAME_MAX_BYTES + 1], number[24];
        const jc_pickle_value *key = &p->value[p->cell[cell].value];
        snprintf(number, sizeof number, "%lld",
                 dict && key->kind == JC_PICKLE_INT ? (long long)key->number
                                                    : (long long)i);
        bool text = dict && key->kind == JC_PICKLE_TEXT;
        if (!join(inner, name, text ? (const char *)key->text : number,
                  text ? key->size : strlen(number)))
            return jc_fail(err, JC_E_UNSUPPORTED, "cannot read '%s': a name is too long",
                           t->path);
        if (dict)
            cell = p->cell[cell].next; /* there are as many values as keys */
        st = add_all(t, p->cell[cell].value, inner, depth + 1, err);
    }
    return st;
}

jc_status jc_torch_parse(jc_torch **out, const unsigned char *data, size_t size,
                         const char *path, jc_error *err)
{
    jc_torch *t = jc_alloc_array(1, sizeof *t);
    jc_cursor c = {.data = data, .size = size};
    uint32_t root = 0;

    *out = NULL;
    if (!t)
        return jc_fail_nomem(err, path);
    t->data = data;
    t->size = size;
    t->path = jc_strdup(path);
    t->pickle.path = t->path;
    t->pickle.room = size;
    t->room = size < SIZE_MAX / 4 ? 4 * size : size; /* of few tensors that lie twice */
    jc_status st = !t->path             ? jc_fail_nomem(err, path)
                   : is_zip(data, size) ? read_zip(t, &root, err)
                   : jc_pickle_is_legacy(data, size)
                       ? jc_pickle_legacy(&t->pickle, &c, &root, err)
                       : jc_pickle_read(&t->pickle, &c, &root, err);
    if (st == JC_OK)
        st = add_all(t, root, "", 0, err);
    for (size_t i = 0; i < t->n; i++)
        t->tensors[i].name = t->names[i]; /* they may have moved */
    if (st == JC_OK && t->n == 0)
        st = jc_fail(err, JC_E_FORMAT, "cannot read '%s': it holds no tensor", path);
    if (st) {
        jc_torch_close(t);
        return st;
    }
    *out = t;
    return JC_OK;
}

jc_status jc_torch_open(jc_torch **out, const char *path, jc_error *err)
{
    jc_mapped map = {0};
    jc_status st = jc_map_open(&map, path, err);

    *out = NULL;
    if (st == JC_OK)
        st = jc_torch_parse(out, map.data, map.size, path, err);
    if (st)
        jc_map_close(&map);
    else
        (*out)->map = map;
    return st;
}

void jc_torch_close(jc_torch *file)
{
    if (!file)
        return;
    for (size_t i = 0; i < file->n; i++)
        jc_free(file->copies[i]);
    jc_pickle_release(&file->pickle);
    jc_free(file->tensors);
    jc_free(file->names);
    jc_free(file->copies);
    jc_free(file->path);
    jc_map_close(&file->map);
    jc_free(file);
}

size_t jc_torch_count(const jc_torch *file)
{
    return file->n;
}

const jc_tensor *jc_torch_at(const jc_torch *file, size_t i)
{
    return i < file->n ? &file->tensors[i] : NULL;
}
