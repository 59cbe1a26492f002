/* SPDX-License-Identifier: MIT */
/* pickle_impl.h: what the machine of pickles (pickle.c) and what pickles name
 * (pickle_torch.c, pickle_numpy.c) know of each other. */
#ifndef JC_PICKLE_IMPL_H
#define JC_PICKLE_IMPL_H

#include "store/pickle.h"

/* "cannot read 'x.pt': its pickle " and what. */
jc_status jc_pickle_broken(const jc_pickle *p, const char *what, jc_error *err);

/* A new value, or one that is there, on top of the stack. */
jc_status jc_pickle_push(jc_pickle *p, jc_pickle_value value, jc_error *err) JC_NODISCARD;
jc_status jc_pickle_push_index(jc_pickle *p, uint32_t index, jc_error *err) JC_NODISCARD;
/* The value `below` the top; NULL: there is none, or a mark is in between. */
jc_pickle_value *jc_pickle_top(const jc_pickle *p, size_t below);

/* Member i of a list; NULL where there is none. */
jc_pickle_value *jc_pickle_member(const jc_pickle *p, const jc_pickle_value *list,
                                  uint32_t i);

/* Push the global of that name. E_UNSUPPORTED, naming it, where it is not known. */
jc_status jc_pickle_global(jc_pickle *p, const unsigned char *module, size_t n,
                           const unsigned char *name, size_t m, jc_error *err) JC_NODISCARD;
/* Opcode BINPERSID: the tuple on top becomes a storage. */
jc_status jc_pickle_storage(jc_pickle *p, jc_error *err) JC_NODISCARD;
/* Opcode REDUCE: a global and its arguments become what it makes. */
jc_status jc_pickle_reduce(jc_pickle *p, jc_error *err) JC_NODISCARD;

/* ---- pickle_numpy.c ---- */

/* What numpy's functions make of the list of their arguments is pushed: a type, bytes, an
 * array without its state, an array. */
jc_status jc_pickle_numpy_type(jc_pickle *p, const jc_pickle_value *args,
                               jc_error *err) JC_NODISCARD;
jc_status jc_pickle_numpy_bytes(jc_pickle *p, const jc_pickle_value *args,
                                jc_error *err) JC_NODISCARD;
jc_status jc_pickle_numpy_empty(jc_pickle *p, const jc_pickle_value *args,
                                jc_error *err) JC_NODISCARD;
jc_status jc_pickle_numpy_whole(jc_pickle *p, const jc_pickle_value *args,
                                jc_error *err) JC_NODISCARD;
/* Opcode BUILD: a type or an array is given its state. */
jc_status jc_pickle_numpy_build(jc_pickle *p, uint32_t value, uint32_t state,
                                jc_error *err) JC_NODISCARD;

#endif
