/* SPDX-License-Identifier: MIT */
/* fingerprint.c: a name for the contents of a model, for shortcuts to be checked against.
 */
#include "store/store_impl.h"

#include <string.h>
#include <xxhash.h>

#define WHOLE (1u << 20) /* bytes: a tensor up to this is hashed whole */
#define PAGE  4096
#define PAGES 64

static void add_number(XXH3_state_t *hash, uint64_t n)
{
    unsigned char bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(n >> 8 * i);
    XXH3_128bits_update(hash, bytes, sizeof bytes);
}

static void add_text(XXH3_state_t *hash, const char *text)
{
    XXH3_128bits_update(hash, text, strlen(text) + 1);
}

static void add_tensor(XXH3_state_t *hash, const jc_tensor *t)
{
    add_text(hash, t->name);
    add_text(hash, jc_tensor_type(t));
    add_number(hash, t->n_dims);
    for (uint32_t i = 0; i < t->n_dims; i++)
        add_number(hash, t->shape[i]);
    if (t->bytes <= WHOLE) {
        XXH3_128bits_update(hash, t->data, t->bytes);
        return;
    }
    size_t last =
        t->bytes - PAGE; /* page i starts at last * i / (PAGES - 1), no overflow */
    for (size_t i = 0; i < PAGES; i++) {
        size_t at = last / (PAGES - 1) * i + last % (PAGES - 1) * i / (PAGES - 1);
        XXH3_128bits_update(hash, t->data + at, PAGE);
    }
    jc_tensor_release(t); /* with each page came its neighbours */
}

jc_status jc_store_fingerprint(const jc_store *store, char out[33], jc_error *err)
{
    return jc_tensors_fingerprint(store->stored, store->n_stored, out, err);
}

jc_status jc_tensors_fingerprint(const jc_tensor *const *tensors, size_t n, char out[33],
                                 jc_error *err)
{
    static const char digits[] = "0123456789abcdef";
    XXH128_canonical_t canonical;
    XXH3_state_t *hash = XXH3_createState();

    if (!hash)
        return jc_fail_nomem(err, "fingerprint");
    XXH3_128bits_reset(hash);
    for (size_t i = 0; i < n; i++)
        add_tensor(hash, tensors[i]);
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(hash));
    XXH3_freeState(hash);
    for (size_t i = 0; i < sizeof canonical.digest; i++) {
        out[2 * i] = digits[canonical.digest[i] >> 4];
        out[2 * i + 1] = digits[canonical.digest[i] & 15];
    }
    out[32] = '\0';
    return JC_OK;
}
