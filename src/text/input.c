/* SPDX-License-Identifier: MIT */
/* input.c: a file's bytes through one of three decoders; the magic bytes choose, and a
 * name that promises others is refused. Members of a gzip file and frames of a zstd file
 * may follow one another. */
#include "text/input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>
#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_createDCtx_advanced(): our own allocator */
#include <zstd.h>
#include <zstd_errors.h>

enum { RAW = 1 << 16 };

typedef jc_status decode_fn(jc_input *in, char *out, size_t room, size_t *n, jc_error *err);

struct jc_input {
    const char *path;
    FILE *f;
    decode_fn *decode;
    unsigned char raw[RAW]; /* [at, n_raw) is not decoded yet */
    size_t at, n_raw;
    uint64_t done; /* bytes of the file up to raw[n_raw] */
    z_stream gzip;
    ZSTD_DCtx *zstd;
    bool gzip_made;
    bool inside; /* a member or frame has begun and not ended */
};

const char *jc_input_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

uint64_t jc_input_size(const char *path)
{
    struct stat info;

    if (strcmp(path, "-") == 0 || stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return 0;
    return (uint64_t)info.st_size;
}

uint64_t jc_input_done(const jc_input *in)
{
    return in->done - (in->n_raw - in->at);
}

/* Read more when all of raw is used; *more is false at the end of the file. */
static jc_status refill(jc_input *in, bool *more, jc_error *err)
{
    *more = in->at < in->n_raw;
    if (*more)
        return JC_OK;
    in->at = 0;
    in->n_raw = fread(in->raw, 1, RAW, in->f);
    in->done += in->n_raw;
    *more = in->n_raw > 0;
    if (in->n_raw < RAW && ferror(in->f))
        return jc_fail(err, JC_E_IO, "cannot read '%s': %s", jc_input_name(in->path),
                       strerror(errno));
    return JC_OK;
}

static jc_status damaged(const jc_input *in, const char *why, jc_error *err)
{
    return jc_fail(err, JC_E_FORMAT, "cannot read '%s': %s", jc_input_name(in->path), why);
}

static jc_status decode_plain(jc_input *in, char *out, size_t room, size_t *n,
                              jc_error *err)
{
    bool more;
    jc_status st = refill(in, &more, err);

    if (st)
        return st;
    *n = in->n_raw - in->at < room ? in->n_raw - in->at : room;
    memcpy(out, in->raw + in->at, *n);
    in->at += *n;
    return JC_OK;
}

/* ---- gzip ---- */

static void *take(void *unused, unsigned n, unsigned size)
{
    (void)unused;
    return jc_alloc_array(n, size);
}

static void *zstd_take(void *unused, size_t bytes)
{
    (void)unused;
    return jc_alloc(bytes);
}

static void give(void *unused, void *p)
{
    (void)unused;
    jc_free(p);
}

static jc_status inflate_some(jc_input *in, char *out, size_t room, size_t *n,
                              jc_error *err)
{
    in->gzip.next_in = in->raw + in->at;
    in->gzip.avail_in = (uInt)(in->n_raw - in->at);
    in->gzip.next_out = (Bytef *)out;
    in->gzip.avail_out = room < UINT32_MAX ? (uInt)room : UINT32_MAX;
    uInt before = in->gzip.avail_out;
    int rc = inflate(&in->gzip, Z_NO_FLUSH);
    *n = before - in->gzip.avail_out;
    in->at = in->n_raw - in->gzip.avail_in;
    in->inside = rc != Z_STREAM_END;
    if (rc == Z_STREAM_END)
        (void)inflateReset(&in->gzip);
    if (rc == Z_MEM_ERROR)
        return jc_fail_nomem(err, in->path);
    return rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR
               ? JC_OK
               : damaged(in, "the gzip data is damaged", err);
}

static jc_status decode_gzip(jc_input *in, char *out, size_t room, size_t *n, jc_error *err)
{
    *n = 0;
    while (*n == 0) {
        bool more;
        jc_status st = refill(in, &more, err);
        if (st)
            return st;
        if (!more)
            return in->inside ? damaged(in, "the gzip data ends too early", err) : JC_OK;
        if (!in->inside && in->raw[in->at] == 0) { /* padding after a member */
            in->at++;
            continue;
        }
        st = inflate_some(in, out, room, n, err);
        if (st)
            return st;
    }
    return JC_OK;
}

/* ---- zstd ---- */

static jc_status decode_zstd(jc_input *in, char *out, size_t room, size_t *n, jc_error *err)
{
    ZSTD_outBuffer to = {out, room, 0};

    while (to.pos == 0) {
        bool more;
        jc_status st = refill(in, &more, err);
        if (st)
            return st;
        ZSTD_inBuffer from = {in->raw, in->n_raw, in->at};
        if (!more && !in->inside)
            break;
        size_t rc = ZSTD_decompressStream(in->zstd, &to, &from);
        in->at = from.pos;
        if (ZSTD_getErrorCode(rc) == ZSTD_error_memory_allocation)
            return jc_fail_nomem(err, in->path);
        if (ZSTD_isError(rc))
            return damaged(in, "the zstd data is damaged", err);
        in->inside = rc != 0;
        if (!more && in->inside && to.pos == 0) /* nothing was held back either */
            return damaged(in, "the zstd data ends too early", err);
    }
    *n = to.pos;
    return JC_OK;
}

/* ---- opening ---- */

static bool named(const jc_input *in, const char *end)
{
    size_t n = strlen(in->path), n_end = strlen(end);

    return n >= n_end && strcmp(in->path + n - n_end, end) == 0;
}

static jc_status choose(jc_input *in, jc_error *err)
{
    bool more;
    jc_status st = refill(in, &more, err);
    const unsigned char *b = in->raw;

    in->decode = decode_plain;
    if (st)
        return st;
    if (in->n_raw >= 2 && b[0] == 0x1f && b[1] == 0x8b) {
        in->decode = decode_gzip;
        in->gzip.zalloc = take;
        in->gzip.zfree = give;
        in->gzip_made = inflateInit2(&in->gzip, 16 + MAX_WBITS) == Z_OK;
        return in->gzip_made ? JC_OK : jc_fail_nomem(err, in->path);
    }
    /* a frame, or one that is to be skipped */
    if (in->n_raw >= 4 &&
        ((b[0] == 0x28 && b[1] == 0xb5 && b[2] == 0x2f && b[3] == 0xfd) ||
         ((b[0] & 0xf0) == 0x50 && b[1] == 0x2a && b[2] == 0x4d && b[3] == 0x18))) {
        in->decode = decode_zstd;
        in->zstd = ZSTD_createDCtx_advanced((ZSTD_customMem){zstd_take, give, NULL});
        return in->zstd ? JC_OK : jc_fail_nomem(err, in->path);
    }
    if (named(in, ".gz"))
        return damaged(in, "it is not gzip data", err);
    if (named(in, ".zst"))
        return damaged(in, "it is not zstd data", err);
    return JC_OK;
}

jc_status jc_input_open(jc_input **out, const char *path, jc_error *err)
{
    jc_input *in = jc_alloc_array(1, sizeof *in);
    jc_status st;

    *out = NULL;
    if (!in)
        return jc_fail_nomem(err, path);
    in->path = path;
    in->f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (!in->f)
        st = jc_fail(err, JC_E_IO, "cannot open '%s': %s", path, strerror(errno));
    else
        st = choose(in, err);
    if (st) {
        jc_input_close(in);
        return st;
    }
    *out = in;
    return JC_OK;
}

void jc_input_close(jc_input *in)
{
    if (!in)
        return;
    if (in->gzip_made)
        (void)inflateEnd(&in->gzip);
    ZSTD_freeDCtx(in->zstd);
    if (in->f && in->f != stdin)
        fclose(in->f);
    jc_free(in);
}

jc_status jc_input_read(jc_input *in, char *out, size_t room, size_t *n, jc_error *err)
{
    return in->decode(in, out, room, n, err);
}
