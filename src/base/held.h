/* SPDX-License-Identifier: MIT */
/* held.h: what this process holds: files that it maps, and files that it writes under a
 * temporary name. A signal handler asks what to name and what to remove, and who opens a
 * file for writing asks whether it is being read. */
#ifndef JC_HELD_H
#define JC_HELD_H

#include <sys/stat.h>

#include "base/base.h"

typedef enum jc_held_kind { JC_HELD_MAP = 2, JC_HELD_TEMP } jc_held_kind;

typedef struct jc_held jc_held;

/* Note a file; `path` is borrowed until jc_held_drop(). NULL when memory is short. */
jc_held *jc_held_add(jc_held_kind kind, const char *path, const struct stat *info,
                     const void *data, size_t size) JC_NODISCARD;
void jc_held_drop(jc_held *held); /* takes NULL */

/* Whether this file is mapped now. */
bool jc_held_is_mapped(const struct stat *info);

/* For signal handlers. The name of the file that is mapped at an address, or NULL. */
const char *jc_held_at(const void *address);
/* Remove all temporary files. The process must end now. */
void jc_held_remove(void);

#endif
