/* SPDX-License-Identifier: MIT */
/*
 * members.h: objects of results.json as lists of rows {name, kind}. Members that no row
 * names are ignored: a newer program may have written them.
 */
#ifndef JC_REPORT_MEMBERS_H
#define JC_REPORT_MEMBERS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/base.h"

typedef enum jc_report_kind {
    TEXT,
    TEXTS,
    COUNT,
    NUMBER,
    MAYBE,
    SHARE,
    MAYBE_SHARE,
    RANGE,
    PERHAPS,  /* a number or null, or missing */
    INTERVAL, /* a range, or missing */
    RANGES,
    FLAG
} jc_report_kind;

typedef struct jc_report_member {
    const char *name;
    jc_report_kind kind;
} jc_report_member;

typedef struct jc_report_at {
    const char *file; /* for messages */
    jc_error *err;
    size_t layers;
    bool head; /* the model has one; otherwise there is nothing that was read out */
    const char *method;
} jc_report_at;

/* Is the value of this kind; is it a list of such values. */
bool jc_report_is(const json_t *value, jc_report_kind wants);
bool jc_report_all(const json_t *list, jc_report_kind of);

/* "cannot read results 'x.json': " and fmt. */
jc_status jc_report_wrong(const jc_report_at *at, const char *fmt, ...) JC_PRINTF(2, 3);

/* An object with these members; `path` is its name in messages. */
jc_status jc_report_object(const jc_report_at *at, const char *path, const json_t *object,
                           const jc_report_member *rows, size_t n_rows);

/* The sections that results may lack. */
jc_status jc_report_check_sections(const jc_report_at *at, const json_t *root);

#endif
