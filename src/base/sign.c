/* SPDX-License-Identifier: MIT */
#include "base/sign.h"

#include <string.h>
#include <strings.h>

enum { ZEROS = 4096 }; /* a file that begins with so many was never filled */

#define PICKLE                                                                             \
    "it is a pickle, as PyTorch writes them; convert it to safetensors, for pickles can "  \
    "run code"
#define PAGE                                                                               \
    "it is a web page (HTML), not the file; a model behind a log-in needs the token of "   \
    "an "                                                                                  \
    "account that may have it"
#define SERVER "it is the message of a server, not the file; the download failed"
#define UTF16  "it is UTF-16 text; save it as UTF-8"

/* Bytes that files of a kind begin with; those of text in any case, after spaces. */
static const struct {
    const char *bytes;
    size_t n;
    bool text;
    const char *what;
} signs[] = {
#define BYTES(bytes, what)                                                                 \
    {                                                                                      \
        bytes, sizeof(bytes) - 1, false, what                                              \
    }
#define TEXT(bytes, what)                                                                  \
    {                                                                                      \
        bytes, sizeof(bytes) - 1, true, what                                               \
    }
    TEXT("version https://git-lfs",
         "it is a git-lfs pointer, not the file; 'git lfs pull' fetches the file"),
    TEXT("/annex/objects/",
         "it is a git-annex pointer, not the file; 'git annex get' fetches the file"),
    TEXT("# xet version",
         "it is a git-xet pointer, not the file; download the file itself"),
    TEXT("<!doctype html", PAGE),
    TEXT("<html", PAGE),
    TEXT("<head", PAGE),
    TEXT("<?xml", SERVER),
    TEXT("{\"error\"", SERVER),
    TEXT("Entry not found", SERVER),
    TEXT("Repository not found", SERVER),
    TEXT("Invalid username or password", SERVER),
    TEXT("Invalid credentials", SERVER),
    TEXT("Access to model", SERVER),
    TEXT("Access denied", SERVER),
    TEXT("Not found", SERVER),
    BYTES("GGUF", "it is a GGUF file; its name should end in '.gguf'"),
    BYTES("lmgg", "it is a GGML file from before GGUF; convert the model to GGUF"),
    BYTES("fmgg", "it is a GGML file from before GGUF; convert the model to GGUF"),
    BYTES("tjgg", "it is a GGML file from before GGUF; convert the model to GGUF"),
    BYTES("algg", "it is an adapter (LoRA) in an old format; merge it into its model"),
    BYTES("PK\3\4", "it is a zip archive, or a PyTorch file, which is one; unpack it, or "
                    "convert it to safetensors"),
    BYTES("\x80\2", PICKLE),
    BYTES("\x80\3", PICKLE),
    BYTES("\x80\4", PICKLE),
    BYTES("\x80\5", PICKLE),
    BYTES("\x89HDF", "it is an HDF5 file, as Keras writes them; convert it to safetensors"),
    BYTES("\x1f\x8b", "it is compressed by gzip; decompress it first"),
    BYTES("\x28\xb5\x2f\xfd", "it is compressed by zstd; decompress it first"),
    BYTES("\xfd"
          "7zXZ",
          "it is compressed by xz; decompress it first"),
    BYTES("BZh", "it is compressed by bzip2; decompress it first"),
    BYTES("PAR1", "it is a Parquet file, a table of data"),
    BYTES("\xff\xfe", UTF16),
    BYTES("\xfe\xff", UTF16),
};

static bool begins(const char *data, size_t size, size_t i)
{
    size_t n = signs[i].n;

    if (signs[i].text)
        while (size > 0 && strchr(" \t\r\n", data[0]) && data[0]) {
            data++;
            size--;
        }
    return size >= n && (signs[i].text ? strncasecmp(data, signs[i].bytes, n)
                                       : memcmp(data, signs[i].bytes, n)) == 0;
}

static bool all_zero(const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i])
            return false;
    return true;
}

const char *jc_sign_of(const void *data, size_t size)
{
    const char *bytes = data;

    if (size == 0)
        return "it is empty (0 bytes)";
    for (size_t i = 0; i < JC_COUNT(signs); i++)
        if (begins(bytes, size, i))
            return signs[i].what;
    if (all_zero(bytes, size < ZEROS ? size : ZEROS))
        return "it begins with zeros: the download was not finished; download it again";
    return NULL;
}
