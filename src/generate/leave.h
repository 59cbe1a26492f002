/* SPDX-License-Identifier: MIT */
/* leave.h: steps of a writer in which tokens leave the model early. */
#ifndef JC_LEAVE_H
#define JC_LEAVE_H

#include "generate/exits.h"
#include "generate/writer.h"

typedef struct jc_leaving jc_leaving;

/* For the texts of a writer; both are borrowed. */
jc_status jc_leaving_new(jc_leaving **out, jc_writer *writer, const jc_exits *exits,
                         jc_generate_stats *stats, jc_error *err) JC_NODISCARD;
void jc_leaving_free(jc_leaving *leaving); /* takes NULL */

/* As jc_writer_step(). */
jc_status jc_leaving_step(jc_leaving *leaving, size_t *left, jc_error *err) JC_NODISCARD;

#endif
