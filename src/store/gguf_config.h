/* SPDX-License-Identifier: MIT */
/* gguf_config.h: a configuration that is being made from the metadata of a GGUF file. */
#ifndef JC_GGUF_CONFIG_H
#define JC_GGUF_CONFIG_H

#include "store/store_impl.h"

enum {
    JC_MADE_KEY = 96, /* bytes of a key */
    JC_MADE_NAME = 40 /* of an architecture's name */
};

typedef struct jc_made {
    const jc_gguf *file; /* has the metadata */
    jc_gguf *const *files;
    size_t n_files;
    json_t *root;
    char arch[JC_MADE_NAME];
    size_t pairs; /* of a head, that are turned */
    jc_error *err;
} jc_made;

/* Put `value` (stolen; NULL: out of memory) at each of the keys "a|b.c". */
jc_status jc_made_put(jc_made *m, const char *keys, json_t *value) JC_NODISCARD;
jc_status jc_made_real(jc_made *m, const char *keys, double x) JC_NODISCARD;
/* The same of the number or boolean at <architecture>.<suffix>, if there is one. */
jc_status jc_made_row(jc_made *m, const char *suffix, const char *keys) JC_NODISCARD;
jc_status jc_made_fail(jc_made *m, const char *key, const char *why);

/* The value at <architecture>.<suffix>, or NULL; `full` is [JC_MADE_KEY] for the key. */
const jc_gguf_value *jc_made_get(const jc_made *m, const char *suffix, char *full);
/* Number i as it was written: a float32 is taken for its shortest decimal, so that 1e-5f is
 * the 1e-5 of a configuration. */
double jc_made_written(const jc_gguf_value *value, size_t i);
const jc_tensor *jc_made_find(const jc_made *m, const char *name);

/* Whether a row reads <architecture>.<suffix>. */
bool jc_made_reads(const char *suffix);

/* gguf_kind.c: E_UNSUPPORTED for what is no language model; a note of keys that nothing
 * reads. */
jc_status jc_made_check(jc_made *m) JC_NODISCARD;
jc_status jc_made_note_keys(jc_made *m, jc_notes *notes) JC_NODISCARD;

/* gguf_latent.c: what models of latent attention have beside others. */
jc_status jc_made_latent(jc_made *m) JC_NODISCARD;
bool jc_made_latent_reads(const jc_made *m, const char *suffix);

/* gguf_mixers.c: what models have that are not of attention alone; whether heads of keys
 * and values are a list, which is read there. */
jc_status jc_made_mixers(jc_made *m) JC_NODISCARD;
bool jc_made_mixed(const jc_made *m);
bool jc_made_mixers_reads(const jc_made *m, const char *suffix);

/* gguf_scaling.c: rope_scaling. */
jc_status jc_made_scaling(jc_made *m) JC_NODISCARD;

#endif
