/* SPDX-License-Identifier: MIT */
/* normal.h: how a text is written anew before words are looked for in it: steps, one after
 * the other. Bytes that are not UTF-8 pass through each. */
#ifndef JC_NORMAL_H
#define JC_NORMAL_H

#include "text/added.h"
#include "text/bert_normal.h"
#include "text/charsmap.h"
#include "text/pattern.h"

/* Unicode's normalization forms. */
typedef enum jc_unicode_form {
    JC_FORM_NFC,
    JC_FORM_NFD,
    JC_FORM_NFKC,
    JC_FORM_NFKD
} jc_unicode_form;

typedef struct jc_normal_step {
    /* Append text[0..n), n > 0, as this step writes it. */
    bool (*run)(const struct jc_normal_step *step, const char *text, size_t n,
                jc_bytes *out);
    jc_unicode_form form;
    bool left, right; /* of strip */
    char *text;       /* [n_text], owned: the replacement */
    size_t n_text;
    jc_pattern *pattern; /* owned: what it is put in place of */
    jc_charsmap map;     /* owned */
    jc_bert_normal bert;
    /* of sentencepiece */
    bool dummy_prefix, remove_extra, escape;
    const jc_added *added; /* borrowed: those of the second pass stay as they are */
} jc_normal_step;

typedef struct jc_normal {
    jc_normal_step *step; /* [n] */
    size_t n, capacity;
} jc_normal;

/* The step joins the list, which owns what it holds; on failure it is released. */
jc_status jc_normal_add(jc_normal *normal, jc_normal_step *step,
                        jc_error *err) JC_NODISCARD;
void jc_normal_free(jc_normal *normal);

jc_status jc_normal_run(const jc_normal *normal, const char *text, size_t n, jc_bytes *out,
                        jc_error *err) JC_NODISCARD;

/* The steps. */
bool jc_normal_prepend(const jc_normal_step *s, const char *text, size_t n, jc_bytes *out);
bool jc_normal_replace(const jc_normal_step *s, const char *text, size_t n, jc_bytes *out);
bool jc_normal_form(const jc_normal_step *s, const char *text, size_t n, jc_bytes *out);
bool jc_normal_lower(const jc_normal_step *s, const char *text, size_t n, jc_bytes *out);
bool jc_normal_strip(const jc_normal_step *s, const char *text, size_t n, jc_bytes *out);
bool jc_normal_no_marks(const jc_normal_step *s, const char *text, size_t n, jc_bytes *out);
/* Without control characters, and other kinds of white space as spaces. */
bool jc_normal_nmt(const jc_normal_step *s, const char *text, size_t n, jc_bytes *out);
bool jc_normal_charsmap(const jc_normal_step *s, const char *text, size_t n, jc_bytes *out);
bool jc_normal_bert(const jc_normal_step *s, const char *text, size_t n, jc_bytes *out);
/* As the sentencepiece package: charsmap, spaces as U+2581, one before the text. */
bool jc_normal_sentencepiece(const jc_normal_step *s, const char *text, size_t n,
                             jc_bytes *out);

/* "normalizer" of tokenizer.json, or null. */
jc_status jc_normal_read(jc_normal *normal, const json_t *object, const char *path,
                         jc_error *err) JC_NODISCARD;

#endif
