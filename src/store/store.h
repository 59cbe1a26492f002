/* SPDX-License-Identifier: MIT */
/*
 * store.h: the files of a model as one index of named tensors, and its configuration.
 *
 * A model is a GGUF file, or a folder that has `config.json` and either `model.safetensors`
 * or shards, listed by `model.safetensors.index.json`. Files are mapped; a tensor's data
 * points into a mapping (unaligned: copy or convert through jc_tensor_read()). Everything
 * is checked at open: after that, each tensor's bytes are inside its file and match dtype
 * and shape.
 */
#ifndef JC_STORE_H
#define JC_STORE_H

#include "base/base.h"
#include "tensor/tensor.h"

/* ---- one safetensors file ---- */
typedef struct jc_safetensors jc_safetensors;

jc_status jc_safetensors_open(jc_safetensors **out, const char *path,
                              jc_error *err) JC_NODISCARD;
/* The same over bytes already in memory, borrowed; `path` is for messages. */
jc_status jc_safetensors_parse(jc_safetensors **out, const unsigned char *data, size_t size,
                               const char *path, jc_error *err) JC_NODISCARD;
void jc_safetensors_close(jc_safetensors *file);
size_t jc_safetensors_count(const jc_safetensors *file);
const jc_tensor *jc_safetensors_at(const jc_safetensors *file,
                                   size_t i); /* in file order */
const jc_tensor *jc_safetensors_find(const jc_safetensors *file, const char *name);
/* __metadata__: value of a key, NULL when absent; and the i-th key, NULL past the end. */
const char *jc_safetensors_meta(const jc_safetensors *file, const char *key);
const char *jc_safetensors_meta_key(const jc_safetensors *file, size_t i);

/* Writing: declare everything, then give the data in the order of declaration, in pieces of
 * any size. The header is padded so that data starts 64-byte aligned. */
typedef struct jc_st_writer jc_st_writer;

jc_status jc_st_writer_new(jc_st_writer **out, const char *path,
                           jc_error *err) JC_NODISCARD;
jc_status jc_st_writer_meta(jc_st_writer *w, const char *key, const char *value,
                            jc_error *err) JC_NODISCARD;
jc_status jc_st_writer_declare(jc_st_writer *w, const char *name, jc_dtype dtype,
                               const size_t *shape, uint32_t n_dims,
                               jc_error *err) JC_NODISCARD;
jc_status jc_st_writer_data(jc_st_writer *w, const void *data, size_t bytes,
                            jc_error *err) JC_NODISCARD;
/* E_ARG when more or fewer bytes were given than declared. Releases w either way. */
jc_status jc_st_writer_commit(jc_st_writer *w, jc_error *err) JC_NODISCARD;
void jc_st_writer_discard(jc_st_writer *w); /* takes NULL */

/* ---- config.json ---- */
typedef struct jc_config jc_config;

jc_status jc_config_open(jc_config **out, const char *path, jc_error *err) JC_NODISCARD;
jc_status jc_config_parse(jc_config **out, const char *text, size_t length,
                          const char *path, jc_error *err) JC_NODISCARD;
/* The object at the first of the keys "a|b" that has one, as a configuration of its own; or
 * all of it where none has. */
jc_status jc_config_part(jc_config **out, const jc_config *config, const char *keys,
                         jc_error *err) JC_NODISCARD;
void jc_config_close(jc_config *config);
const char *jc_config_path(const jc_config *config);
bool jc_config_has(const jc_config *config, const char *key);  /* present and not null */
bool jc_config_null(const jc_config *config, const char *key); /* present and null */
/* The top-level key after `key`, in the order of the file; NULL: the first; NULL at the
 * end. */
const char *jc_config_next(const jc_config *config, const char *key);
bool jc_config_is_object(const jc_config *config, const char *key);
size_t jc_config_length(const jc_config *config, const char *key); /* of a list, else 0 */
bool jc_config_is_list(const jc_config *config, const char *key);
/* E_FORMAT naming file and key when it is absent or of another type or range. Keys may be
 * dotted: "rope_scaling.factor", "attention_types.0.1". */
jc_status jc_config_u32(const jc_config *config, const char *key, uint32_t *out,
                        jc_error *err) JC_NODISCARD;
jc_status jc_config_real(const jc_config *config, const char *key, double *out,
                         jc_error *err) JC_NODISCARD;
jc_status jc_config_text(const jc_config *config, const char *key, const char **out,
                         jc_error *err) JC_NODISCARD; /* borrowed */
jc_status jc_config_bool(const jc_config *config, const char *key, bool *out,
                         jc_error *err) JC_NODISCARD;

/* ---- a model: a folder, or a GGUF file ---- */
typedef struct jc_store jc_store;

jc_status jc_store_open(jc_store **out, const char *path, jc_error *err) JC_NODISCARD;
void jc_store_close(jc_store *store);
/* The folder or file that was opened; `path` may have been one that only leads to it, such
 * as a folder of the hub's cache. */
const char *jc_store_path(const jc_store *store);
/* What is odd about the files, and yet no error: note i, NULL past the last. */
const char *jc_store_note(const jc_store *store, size_t i);
const jc_config *jc_store_config(const jc_store *store);
/* The GGUF file, the first part of a split one; NULL of a folder. See gguf.h. */
const struct jc_gguf *jc_store_gguf(const jc_store *store);
size_t jc_store_count(const jc_store *store);
const jc_tensor *jc_store_at(const jc_store *store, size_t i); /* in order of name */
const jc_tensor *jc_store_find(const jc_store *store, const char *name);
/* Its place in the order of name; jc_store_count() where there is none. */
size_t jc_store_place(const jc_store *store, const char *name);

/* The same as the files have them, where quantised weights are of several tensors. */
size_t jc_store_stored(const jc_store *store);
const jc_tensor *jc_store_stored_at(const jc_store *store, size_t i);

/* Whether folders of weights quantised so are read, by the name that config.json gives it;
 * then put weights in the place of what they are made of. `section` of the configuration
 * says how it was done. E_FORMAT, E_UNSUPPORTED. */
bool jc_store_unpacks(const char *method);
jc_status jc_store_unpack(jc_store *store, const char *method, const char *section,
                          jc_error *err) JC_NODISCARD;

/* A name for the contents: 32 lower-case hexadecimal digits (XXH3, 128 bits) over every
 * tensor's name, dtype, shape and contents, in order of name, so that shards do not
 * matter. A tensor over 1 MiB is sampled: 64 pages of 4 KiB, evenly spread, with both
 * ends. */
jc_status jc_store_fingerprint(const jc_store *store, char out[33],
                               jc_error *err) JC_NODISCARD;
/* The same of some tensors, in this order. */
jc_status jc_tensors_fingerprint(const jc_tensor *const *tensors, size_t n, char out[33],
                                 jc_error *err) JC_NODISCARD;

#endif
