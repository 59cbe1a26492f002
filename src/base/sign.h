/* SPDX-License-Identifier: MIT */
/* sign.h: what a file is that is not what its name says, by its first bytes. */
#ifndef JC_SIGN_H
#define JC_SIGN_H

#include "base/base.h"

/* "it is a web page (HTML), not the file; ...", what it is and what to do; NULL where its
 * bytes tell nothing. Ask only after a reader has refused the file: data is its whole
 * contents. */
const char *jc_sign_of(const void *data, size_t size);

#endif
