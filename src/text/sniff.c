/* SPDX-License-Identifier: MIT */
/* sniff.c: encodings by their mark or by where their zero bytes are, and file formats by
 * their first bytes. */
#include "text/sniff.h"

#include <string.h>

enum { LOOKED_AT = 4096 };

/* ---- other encodings of text ---- */

/* Of text without a mark. Nearly every character of most files is below U+0100: in UTF-16
 * every second byte is zero, in UTF-32 three of four. */
static const char *by_zeros(const unsigned char *b, size_t n)
{
    size_t zeros[4] = {0}, groups;

    n = n < LOOKED_AT ? n : LOOKED_AT;
    groups = n / 4;
    for (size_t i = 0; i < 4 * groups; i++)
        zeros[i % 4] += b[i] == 0;
    size_t most = groups - groups / 8, few = groups / 8;
    if (groups < 2)
        return NULL;
    if (zeros[0] <= few && zeros[2] == groups && zeros[3] == groups)
        return "UTF-32LE";
    if (zeros[3] <= few && zeros[0] == groups && zeros[1] == groups)
        return "UTF-32BE";
    if (zeros[0] <= few && zeros[2] <= few && zeros[1] >= most && zeros[3] >= most)
        return "UTF-16LE";
    if (zeros[1] <= few && zeros[3] <= few && zeros[0] >= most && zeros[2] >= most)
        return "UTF-16BE";
    return NULL;
}

static const char *encoding(const unsigned char *b, size_t n)
{
    static const struct {
        char mark[5];
        size_t n;
        const char *name;
    } marks[] = {
        {"\xff\xfe\0\0", 4, "UTF-32"},
        {"\0\0\xfe\xff", 4, "UTF-32"},
        {"\xff\xfe", 2, "UTF-16"},
        {"\xfe\xff", 2, "UTF-16"},
    };

    for (size_t i = 0; i < JC_COUNT(marks); i++)
        if (n >= marks[i].n && memcmp(b, marks[i].mark, marks[i].n) == 0)
            return marks[i].name;
    return by_zeros(b, n);
}

/* ---- formats ---- */

static const struct {
    size_t at, n;
    const char *bytes, *what, *todo;
} formats[] = {
#define TABLE   "write its column of texts as lines, or as JSON Lines"
#define ARCHIVE "unpack it"
#define NO_TEXT "it holds no text"
    {0, 4, "PAR1", "a Parquet file", TABLE},
    {0, 6, "ARROW1", "an Arrow file", TABLE},
    {0, 4, "\xff\xff\xff\xff", "an Arrow stream", TABLE},
    {0, 4, "Obj\x01", "an Avro file", TABLE},
    {0, 16, "SQLite format 3\0", "an SQLite database", TABLE},
    {0, 8, "\x89HDF\r\n\x1a\n", "an HDF5 file", TABLE},
    {0, 6, "\x93NUMPY", "a NumPy array", TABLE},
    {0, 4, "PK\x03\x04", "a ZIP archive (or a document in one)", ARCHIVE},
    {0, 6, "7z\xbc\xaf\x27\x1c", "a 7-Zip archive", ARCHIVE},
    {0, 6, "Rar!\x1a\x07", "a RAR archive", ARCHIVE},
    {257, 5, "ustar", "a tar archive", ARCHIVE},
    {0, 6,
     "\xfd"
     "7zXZ\0",
     "xz data", ARCHIVE},
    {4, 6, "1AY&SY", "bzip2 data", ARCHIVE},
    {0, 4, "\x04\x22\x4d\x18", "LZ4 data", ARCHIVE},
    {0, 3, "\x1f\x8b\x08", "gzip data in compressed data", ARCHIVE},
    {0, 4, "\x28\xb5\x2f\xfd", "zstd data in compressed data", ARCHIVE},
    {0, 2, "\x80\2", "a pickle", TABLE},
    {0, 2, "\x80\3", "a pickle", TABLE},
    {0, 2, "\x80\4", "a pickle", TABLE},
    {0, 2, "\x80\5", "a pickle", TABLE},
    {0, 8, "MMIDIDX\0", "an index of Megatron's data",
     "give the texts that it was made of"},
    {0, 5, "%PDF-", "a PDF", "convert it to text"},
    {0, 5, "{\\rtf", "an RTF document", "convert it to text"},
    {0, 4, "\xd0\xcf\x11\xe0", "an Office document", "convert it to text"},
    {0, 40, "version https://git-lfs.github.com/spec/", "a git-lfs pointer",
     "'git lfs pull' gets the file itself"},
    {0, 8, "GGUF\x02\0\0\0", "a GGUF model", NO_TEXT},
    {0, 8, "GGUF\x03\0\0\0", "a GGUF model", NO_TEXT},
    {0, 4,
     "\x7f"
     "ELF",
     "a program", NO_TEXT},
    {0, 8, "\x89PNG\r\n\x1a\n", "a PNG image", NO_TEXT},
    {0, 3, "\xff\xd8\xff", "a JPEG image", NO_TEXT},
    {0, 4, "OggS", "a recording (Ogg)", NO_TEXT},
    {8, 8, "WAVEfmt ", "a recording (WAV)", NO_TEXT},
    {0, 4, "ID3\3", "a recording (MP3)", NO_TEXT},
    {0, 4, "ID3\4", "a recording (MP3)", NO_TEXT},
    {0, 4, "\0asm", "a program", NO_TEXT},
};

jc_status jc_sniff(const char *data, size_t n, const char *path, jc_error *err)
{
    for (size_t i = 0; i < JC_COUNT(formats); i++)
        if (n >= formats[i].at + formats[i].n &&
            memcmp(data + formats[i].at, formats[i].bytes, formats[i].n) == 0)
            return jc_fail(err, JC_E_FORMAT, "cannot read '%s': it is %s, not text; %s",
                           path, formats[i].what, formats[i].todo);
    const char *other = encoding((const unsigned char *)data, n);
    if (!other)
        return JC_OK;
    return jc_fail(err, JC_E_FORMAT,
                   "cannot read '%s': it is %s, and texts must be UTF-8; 'iconv -f %s -t "
                   "UTF-8' converts it",
                   path, other, other);
}
