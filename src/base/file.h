/* SPDX-License-Identifier: MIT */
/* file.h: reading a file by mapping it, and writing one whole or not at all. */
#ifndef JC_FILE_H
#define JC_FILE_H

#include <stdio.h>

#include "base/base.h"
#include "base/held.h"

typedef struct jc_mapped {
    const unsigned char *data; /* [size]; not NULL even when size is 0 */
    size_t size;
    char *path; /* owned, for messages */
    jc_held *held;
} jc_mapped;

/* Map a regular file read-only. */
jc_status jc_map_open(jc_mapped *map, const char *path, jc_error *err) JC_NODISCARD;
void jc_map_close(jc_mapped *map); /* takes a zeroed map */

/* The pages of data[0..bytes) will not be read soon: give their memory back. They are read
 * from the file again when touched. `data` lies inside some mapping. */
void jc_map_release(const void *data, size_t bytes);

/* dir + "/" + name, or NULL; jc_free(). */
char *jc_path_join(const char *dir, const char *name) JC_NODISCARD;
bool jc_file_exists(const char *path); /* a regular file */
bool jc_dir_exists(const char *path);
/* The same of dir + "/" + name; they take no memory. */
bool jc_file_in(const char *dir, const char *name);
bool jc_dir_in(const char *dir, const char *name);

/* ---- outfile.c ---- */

/* A file being written under a temporary name in the folder of its own;
 * jc_outfile_commit() gives it its name. Nothing is ever left under the final name, or
 * under the temporary one, unless commit succeeds. Where `path` is a symbolic link, the
 * file that it names is replaced; an older file's permissions are kept. */
typedef struct jc_outfile {
    FILE *f;    /* write here; check errors at commit */
    char *path; /* as it was given, for messages */
    char *real, *temp;
    jc_held *held;
} jc_outfile;

/* E_IO, saying why, when no file of this name can be made or written: it is a folder, has
 * no permission for it, is mapped now, or its folder cannot be written. */
jc_status jc_outfile_check(const char *path, jc_error *err) JC_NODISCARD;

/* The same checks. Temporary files that killed processes left in the folder are removed. */
jc_status jc_outfile_open(jc_outfile *out, const char *path, jc_error *err) JC_NODISCARD;
/* Flush, sync, rename. On failure the file is discarded and the message says why
 * ("cannot write 'x': No space left on device"). Either way *out is released. */
jc_status jc_outfile_commit(jc_outfile *out, jc_error *err) JC_NODISCARD;
void jc_outfile_discard(jc_outfile *out); /* takes a zeroed or committed one */

/* `path` with symbolic links at its end followed, whether or not the file is there; NULL
 * when memory is short; jc_free(). */
char *jc_path_follow(const char *path) JC_NODISCARD;

#endif
