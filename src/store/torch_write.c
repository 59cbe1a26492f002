/* SPDX-License-Identifier: MIT */
/*
 * torch_write.c: tensors as torch.save() writes a state dict: a zip file, nothing in it
 * compressed, of a pickle and the numbers of each tensor.
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "store/torch.h"

/* Bytes that grow. */
typedef struct bytes {
    unsigned char *at; /* [n] */
    size_t n, capacity;
    bool failed; /* out of memory */
} bytes;

static void put(bytes *b, const void *data, size_t n)
{
    if (b->failed || !jc_grow(&b->at, &b->capacity, b->n + n, 1)) {
        b->failed = true;
        return;
    }
    memcpy(b->at + b->n, data, n);
    b->n += n;
}

/* A literal without its zero. */
#define PUT(b, text) put(b, text, sizeof(text) - 1)

static void put_number(bytes *b, uint64_t value, unsigned size)
{
    unsigned char little[8];

    for (unsigned i = 0; i < size; i++)
        little[i] = (unsigned char)(value >> 8 * i);
    put(b, little, size);
}

static void put_text(bytes *b, const char *text)
{
    PUT(b, "X");
    put_number(b, strlen(text), 4);
    put(b, text, strlen(text));
}

static void put_int(bytes *b, size_t value)
{
    PUT(b, "J");
    put_number(b, value, 4);
}

/* ---- the pickle ---- */

static void put_tensor(bytes *b, const jc_torch_entry *e, size_t key)
{
    size_t count = e->shape[0] * (e->n_dims == 2 ? e->shape[1] : 1);
    char number[24];

    if (e->name)
        put_text(b, e->name);
    else
        put_int(b, e->layer);
    PUT(b, "ctorch._utils\n_rebuild_tensor_v2\n((");
    put_text(b, "storage");
    PUT(b, "ctorch\nFloatStorage\n");
    snprintf(number, sizeof number, "%zu", key);
    put_text(b, number);
    put_text(b, "cpu");
    put_int(b, count);
    PUT(b, "tQ");
    put_int(b, 0);
    put_int(b, e->shape[0]);
    if (e->n_dims == 2)
        put_int(b, e->shape[1]);
    put(b, e->n_dims == 2 ? "\x86" : "\x85", 1);
    put_int(b, e->n_dims == 2 ? e->shape[1] : 1);
    if (e->n_dims == 2)
        put_int(b, 1);
    put(b, e->n_dims == 2 ? "\x86" : "\x85", 1);
    put(b,
        "\x89"
        "ccollections\nOrderedDict\n)RtR",
        30);
}

static void put_pickle(bytes *b, const jc_torch_entry *entries, size_t n)
{
    PUT(b, "\x80\2ccollections\nOrderedDict\n)R(");
    for (size_t i = 0; i < n; i++)
        put_tensor(b, &entries[i], i);
    PUT(b, "u.");
}

static void put_j_lens(bytes *b, const jc_torch_entry *entries, size_t n, uint64_t texts)
{
    PUT(b, "\x80\2}(");
    put_text(b, "J");
    PUT(b, "}(");
    for (size_t i = 0; i < n; i++)
        put_tensor(b, &entries[i], i);
    PUT(b, "u");
    put_text(b, "n_prompts");
    put_int(b, texts < INT32_MAX ? (size_t)texts : INT32_MAX);
    put_text(b, "source_layers");
    PUT(b, "](");
    for (size_t i = 0; i < n; i++)
        put_int(b, entries[i].layer);
    PUT(b, "e");
    put_text(b, "d_model");
    put_int(b, n ? entries[0].shape[0] : 0);
    PUT(b, "u.");
}

/* ---- the zip file ---- */

static uint32_t crc32_of(const void *data, size_t n)
{
    const unsigned char *p = data;
    uint32_t table[256], crc = UINT32_MAX;

    for (uint32_t i = 0; i < 256; i++) {
        table[i] = i;
        for (int k = 0; k < 8; k++)
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
    }
    for (size_t i = 0; i < n; i++)
        crc = crc >> 8 ^ table[(crc ^ p[i]) & 0xff];
    return ~crc;
}

typedef struct zip {
    jc_outfile out;
    size_t at; /* bytes written */
    bytes directory;
    size_t entries;
} zip;

static void out(zip *z, const void *data, size_t n)
{
    fwrite(data, 1, n, z->out.f); /* errors are seen at commit */
    z->at += n;
}

/* Version, flags, method, time, date, checksum, sizes, and of the name. */
static void put_header(bytes *b, const char *name, uint32_t crc, size_t n, size_t extra)
{
    put_number(b, 20, 2);
    put_number(b, 0, 2);
    put_number(b, 0, 2);
    put_number(b, 0, 2);
    put_number(b, 0x21, 2); /* the first of January 1980 */
    put_number(b, crc, 4);
    put_number(b, n, 4);
    put_number(b, n, 4);
    put_number(b, strlen(name), 2);
    put_number(b, extra, 2);
}

/* Data begins at a multiple of 64 bytes, as torch has it. */
static void add_entry(zip *z, const char *name, const void *data, size_t n)
{
    static const unsigned char zeros[68];
    uint32_t crc = crc32_of(data, n);
    size_t start = z->at, end = start + 30 + strlen(name) + 4;
    size_t padding = (64 - end % 64) % 64;
    bytes local = {0};

    put(&local, "PK\3\4", 4);
    put_header(&local, name, crc, n, 4 + padding);
    put(&local, name, strlen(name));
    put(&local, "FB", 2); /* the kind of the padding */
    put_number(&local, padding, 2);
    put(&local, zeros, padding);
    out(z, local.at, local.n);
    out(z, data, n);
    put(&z->directory, "PK\1\2", 4);
    put_number(&z->directory, 20, 2);
    put_header(&z->directory, name, crc, n, 0);
    put_number(&z->directory, 0, 2); /* comment */
    put_number(&z->directory, 0, 2);
    put_number(&z->directory, 0, 2);
    put_number(&z->directory, 0, 4);
    put_number(&z->directory, start, 4);
    put(&z->directory, name, strlen(name));
    z->directory.failed |= local.failed;
    z->entries++;
    jc_free(local.at);
}

static void end_zip(zip *z)
{
    size_t start = z->at, n = z->directory.n;

    put(&z->directory, "PK\5\6\0\0\0\0", 8);
    put_number(&z->directory, z->entries, 2);
    put_number(&z->directory, z->entries, 2);
    put_number(&z->directory, n, 4);
    put_number(&z->directory, start, 4);
    put_number(&z->directory, 0, 2);
    if (!z->directory.failed)
        out(z, z->directory.at, z->directory.n);
}

/* The pickle, which is freed, and the numbers of its tensors. */
static jc_status write_file(const char *path, bytes pickle, const jc_torch_entry *entries,
                            size_t n, jc_error *err)
{
    zip z = {.at = 0};
    char name[64];
    double all = 0;

    for (size_t i = 0; i < n; i++)
        all += 4.0 * (double)entries[i].shape[0] *
               (double)(entries[i].n_dims == 2 ? entries[i].shape[1] : 1);
    jc_status st = pickle.failed ? jc_fail_nomem(err, path) : JC_OK;
    if (st == JC_OK && (all > 4e9 || n > 60000))
        st = jc_fail(err, JC_E_UNSUPPORTED,
                     "cannot write '%s': a zip file larger than 4 GB is not written", path);
    if (st == JC_OK)
        st = jc_outfile_open(&z.out, path, err);
    if (st == JC_OK) {
        add_entry(&z, "params/data.pkl", pickle.at, pickle.n);
        add_entry(&z, "params/byteorder", "little", 6);
        for (size_t i = 0; i < n; i++) {
            snprintf(name, sizeof name, "params/data/%zu", i);
            add_entry(&z, name, entries[i].data,
                      4 * entries[i].shape[0] *
                          (entries[i].n_dims == 2 ? entries[i].shape[1] : 1));
        }
        add_entry(&z, "params/version", "3\n", 2);
        end_zip(&z);
        if (z.directory.failed)
            st = jc_fail_nomem(err, path);
        if (st == JC_OK)
            st = jc_outfile_commit(&z.out, err);
        else
            jc_outfile_discard(&z.out);
    }
    jc_free(pickle.at);
    jc_free(z.directory.at);
    return st;
}

jc_status jc_torch_write(const char *path, const jc_torch_entry *entries, size_t n,
                         jc_error *err)
{
    bytes pickle = {0};

    put_pickle(&pickle, entries, n);
    return write_file(path, pickle, entries, n, err);
}

jc_status jc_torch_write_j_lens(const char *path, const jc_torch_entry *entries, size_t n,
                                uint64_t texts, jc_error *err)
{
    bytes pickle = {0};

    put_j_lens(&pickle, entries, n, texts);
    return write_file(path, pickle, entries, n, err);
}
