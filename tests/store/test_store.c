/* SPDX-License-Identifier: MIT */
#include "support/scratch.h"

#include <jansson.h>
#include <string.h>
#include <xxhash.h>

#include "base/file.h"
#include "store/store.h"

#define ONE   "model-1.safetensors"
#define TWO   "model-2.safetensors"
#define INDEX "model.safetensors.index.json"

/* A file of one-dimensional U8 tensors, `names` ended by NULL, each holding its own name.
 */
static void write_tensors(void **state, const char *file, const char *const *names)
{
    jc_st_writer *w;

    assert_int_equal(jc_st_writer_new(&w, scratch_path(state, file), NULL), JC_OK);
    for (size_t i = 0; names[i]; i++) {
        size_t n = strlen(names[i]);
        assert_int_equal(jc_st_writer_declare(w, names[i], JC_U8, &n, 1, NULL), JC_OK);
    }
    for (size_t i = 0; names[i]; i++)
        assert_int_equal(jc_st_writer_data(w, names[i], strlen(names[i]), NULL), JC_OK);
    assert_int_equal(jc_st_writer_commit(w, NULL), JC_OK);
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void write_shards(void **state)
{
    scratch_text(state, "config.json", "{\"model_type\":\"gpt2\"}");
    write_tensors(state, ONE, NAMES("h.1.b", "h.0.a"));
    write_tensors(state, TWO, NAMES("wte", "h.10.a"));
    scratch_text(state, INDEX,
                 "{\"metadata\":{\"total_size\":19},\"weight_map\":{\"h.0.a\":\"" ONE
                 "\",\"wte\":\"" TWO "\",\"h.1.b\":\"" ONE "\",\"h.10.a\":\"" TWO "\"}}");
}

/* Opening must fail; the message is `cannot`, the path of `name` in the folder (the folder
 * itself where NULL) in quotes, and `why`. */
static void check_refused(void **state, jc_status status, const char *cannot,
                          const char *name, const char *why)
{
    jc_store *store;
    jc_error err = {JC_OK, ""};
    char want[4000];

    snprintf(want, sizeof want, "%s '%s': %s", cannot,
             name ? scratch_path(state, name) : (const char *)*state, why);
    assert_int_equal(jc_store_open(&store, *state, &err), status);
    assert_string_equal(err.message, want);
    assert_null(store);
}

static void test_store__shards_are_one_index(void **state)
{
    static const char *const order[] = {"h.0.a", "h.1.b", "h.10.a", "wte"};
    jc_store *store;
    jc_error err;

    write_shards(state);
    assert_int_equal(jc_store_open(&store, *state, &err), JC_OK);
    assert_string_equal(jc_store_path(store), *state);
    assert_true(jc_config_has(jc_store_config(store), "model_type"));
    assert_int_equal(jc_store_count(store), 4);
    for (size_t i = 0; i < 4; i++) {
        const jc_tensor *t = jc_store_at(store, i);
        assert_string_equal(t->name, order[i]);
        assert_int_equal(t->count, strlen(order[i]));
        assert_memory_equal(t->data, order[i], t->count);
        assert_ptr_equal(jc_store_find(store, order[i]), t);
    }
    assert_string_equal(jc_store_find(store, "wte")->file, scratch_path(state, TWO));
    assert_null(jc_store_at(store, 4));
    assert_null(jc_store_find(store, "h"));
    assert_null(jc_store_find(store, ""));
    jc_store_close(store);
    jc_store_close(NULL);
}

/* What the index says of a tensor does not matter. */
static void test_store__an_index_is_a_list_of_files(void **state)
{
    jc_store *store;

    write_shards(state);
    scratch_text(state, INDEX,
                 "{\"weight_map\":{\"wte\":\"" ONE "\",\"gone\":\"" TWO "\"}}");
    assert_int_equal(jc_store_open(&store, *state, NULL), JC_OK);
    assert_int_equal(jc_store_count(store), 4);
    assert_non_null(jc_store_find(store, "wte"));
    assert_null(jc_store_find(store, "gone"));
    jc_store_close(store);
}

static void test_store__shards_may_lie_below_the_folder(void **state)
{
    jc_store *store;

    scratch_text(state, "config.json", "{}");
    assert_int_equal(mkdir(scratch_path(state, "sub"), 0700), 0);
    write_tensors(state, "sub/a..b.safetensors", NAMES("a"));
    scratch_text(state, INDEX, "{\"weight_map\":{\"a\":\"./sub/a..b.safetensors\"}}");
    assert_int_equal(jc_store_open(&store, *state, NULL), JC_OK);
    assert_non_null(jc_store_find(store, "a"));
    jc_store_close(store);
}

static void test_store__shards_need_no_index(void **state)
{
    jc_store *store;

    scratch_text(state, "config.json", "{}");
    write_tensors(state, "model-00002-of-00002.safetensors", NAMES("b"));
    check_refused(state, JC_E_IO, "cannot open", "model-00001-of-00002.safetensors",
                  "No such file or directory");
    write_tensors(state, "model-00001-of-00002.safetensors", NAMES("a"));
    assert_int_equal(jc_store_open(&store, *state, NULL), JC_OK);
    assert_int_equal(jc_store_count(store), 2);
    jc_store_close(store);
}

static void test_store__one_file_comes_before_an_index(void **state)
{
    jc_store *store;

    write_shards(state);
    write_tensors(state, "model.safetensors", NAMES("alone"));
    assert_int_equal(jc_store_open(&store, *state, NULL), JC_OK);
    assert_int_equal(jc_store_count(store), 1);
    jc_store_close(store);
}

static void test_store__what_is_no_model_folder_is_told(void **state)
{
    jc_store *store;
    jc_error err;
    const char *cannot = "cannot open model";

    assert_int_equal(jc_store_open(&store, "/nowhere", &err), JC_E_IO);
    assert_string_equal(err.message,
                        "cannot open model '/nowhere': no such folder or file");
    assert_int_equal(jc_store_open(&store, "/dev/null", &err), JC_E_IO);
    assert_string_equal(err.message,
                        "cannot open model '/dev/null': it is a device or a pipe, and a "
                        "model is a folder or a GGUF file");
    check_refused(state, JC_E_IO, cannot, NULL, "it has no 'config.json'");
    scratch_text(state, "config.json", "{}");
    check_refused(state, JC_E_IO, cannot, NULL,
                  "it has neither 'model.safetensors' nor 'model.safetensors.index.json'");
    scratch_text(state, "model.safetensors", "");
    check_refused(state, JC_E_FORMAT, "cannot read", "model.safetensors",
                  "it is empty (0 bytes)");
    scratch_text(state, "config.json", "[]");
    check_refused(state, JC_E_FORMAT, "cannot read", "config.json",
                  "it is not a JSON object");
    assert_int_equal(jc_store_open(&store, scratch_path(state, "config.json"), &err),
                     JC_E_IO);
    assert_non_null(
        strstr(err.message,
               "/config.json': it is a file of a model; name the folder that it is in"));
}

static void test_store__a_bad_index_is_refused(void **state)
{
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"{", "it is cut short, or not valid JSON: string or '}' expected near end of file "
              "(line 1, "
              "column 1)"},
        {"{}", "'weight_map' is not an object"},
        {"{\"weight_map\":[]}", "'weight_map' is not an object"},
        {"{\"weight_map\":{\"wte\":1}}", "the file of tensor 'wte' is not text"},
        {"{\"weight_map\":{\"wte\":\"../" TWO "\"}}",
         "'../" TWO "' is not the name of a file below its folder"},
        {"{\"weight_map\":{\"wte\":\"/etc/passwd\"}}",
         "'/etc/passwd' is not the name of a file below its folder"},
        {"{\"weight_map\":{\"wte\":\"sub/../../x\"}}",
         "'sub/../../x' is not the name of a file below its folder"},
        {"{\"weight_map\":{\"wte\":\"..\"}}",
         "'..' is not the name of a file below its folder"},
        {"{\"weight_map\":{\"wte\":\"\"}}",
         "'' is not the name of a file below its folder"},
    };

    write_shards(state);
    for (size_t i = 0; i < JC_COUNT(bad); i++) {
        scratch_text(state, INDEX, bad[i].text);
        check_refused(state, JC_E_FORMAT, "cannot read", INDEX, bad[i].why);
    }
}

static void test_store__a_missing_shard_is_named(void **state)
{
    write_shards(state);
    unlink(scratch_path(state, TWO));
    check_refused(state, JC_E_IO, "cannot open", TWO, "No such file or directory");
    assert_int_equal(mkdir(scratch_path(state, TWO), 0700), 0);
    check_refused(state, JC_E_IO, "cannot open", TWO, "it is a folder, not a file");
}

static void test_store__a_name_in_two_shards_is_refused(void **state)
{
    char why[2500];

    write_shards(state);
    write_tensors(state, TWO, NAMES("wte", "h.10.a", "h.0.a"));
    snprintf(why, sizeof why, "tensor 'h.0.a' is in '%s' and in '%s'",
             scratch_path(state, ONE), scratch_path(state, TWO));
    check_refused(state, JC_E_FORMAT, "cannot open model", NULL, why);
}

static void test_store__finds_each_of_many_tensors(void **state)
{
    enum { MANY = 5000 };
    char name[32];
    jc_st_writer *w;
    jc_store *store;

    scratch_text(state, "config.json", "{}");
    assert_int_equal(jc_st_writer_new(&w, scratch_path(state, "model.safetensors"), NULL),
                     JC_OK);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "t.%d", i * 7919 % MANY);
        assert_int_equal(jc_st_writer_declare(w, name, JC_U8, NULL, 0, NULL), JC_OK);
    }
    for (int i = 0; i < MANY; i++)
        assert_int_equal(
            jc_st_writer_data(w, &(unsigned char){(unsigned char)(i * 7919 % MANY)}, 1,
                              NULL),
            JC_OK);
    assert_int_equal(jc_st_writer_commit(w, NULL), JC_OK);
    assert_int_equal(jc_store_open(&store, *state, NULL), JC_OK);
    assert_int_equal(jc_store_count(store), MANY);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "t.%d", i);
        assert_int_equal(jc_store_find(store, name)->data[0], (unsigned char)i);
    }
    jc_store_close(store);
}

/* ---- fingerprint ---- */

static void fingerprint(const char *path, char out[33])
{
    jc_store *store;

    assert_int_equal(jc_store_open(&store, path, NULL), JC_OK);
    assert_int_equal(jc_store_fingerprint(store, out, NULL), JC_OK);
    jc_store_close(store);
    assert_int_equal(strspn(out, "0123456789abcdef"), 32);
    assert_int_equal(strlen(out), 32);
}

static void test_fingerprint__does_not_depend_on_shards(void **state)
{
    char one[33], shards[33], other[33];

    (void)state;
    fingerprint(JC_SOURCE_DIR "/tests/golden/models/tiny-gpt2", one);
    fingerprint(JC_SOURCE_DIR "/tests/golden/models/tiny-gpt2-shards", shards);
    fingerprint(JC_SOURCE_DIR "/tests/golden/models/tiny-gpt2-bf16", other);
    assert_string_equal(one, shards);
    assert_string_not_equal(one, other);
}

enum { LARGE = (1 << 20) + 12345, SMALL = 6 };

/* A large tensor "a" and a small one "b" of bytes[LARGE + SMALL]. */
static void write_two(void **state, const unsigned char *bytes, const char *second,
                      jc_dtype dtype, size_t rows)
{
    jc_st_writer *w;
    const size_t large = LARGE;
    const size_t shape[2] = {rows, SMALL / jc_dtype_bytes(dtype) / rows};

    scratch_text(state, "config.json", "{}");
    assert_int_equal(jc_st_writer_new(&w, scratch_path(state, "model.safetensors"), NULL),
                     JC_OK);
    assert_int_equal(jc_st_writer_declare(w, "a", JC_U8, &large, 1, NULL), JC_OK);
    assert_int_equal(jc_st_writer_declare(w, second, dtype, shape, 2, NULL), JC_OK);
    assert_int_equal(jc_st_writer_data(w, bytes, LARGE + SMALL, NULL), JC_OK);
    assert_int_equal(jc_st_writer_commit(w, NULL), JC_OK);
}

static void test_fingerprint__is_the_hash_of_what_it_says(void **state)
{
    static const unsigned char head_a[] = "a\0U8\0\1\0\0\0\0\0\0\0\x39\x30\x10\0\0\0\0";
    static const unsigned char head_b[] =
        "b\0F16\0\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\1\0\0\0\0\0\0";
    unsigned char *bytes = malloc(LARGE + SMALL);
    unsigned char *all = malloc(sizeof head_a + 64 * 4096 + sizeof head_b + SMALL),
                  *at = all;
    XXH128_canonical_t hash;
    char got[33], want[33];

    assert_non_null(bytes);
    assert_non_null(all);
    for (size_t i = 0; i < LARGE + SMALL; i++)
        bytes[i] = (unsigned char)(i * i >> 7);
    write_two(state, bytes, "b", JC_F16, 3);
    fingerprint(*state, got);

    at = (unsigned char *)memcpy(at, head_a, sizeof head_a) + sizeof head_a;
    for (size_t i = 0; i < 64; i++)
        at = (unsigned char *)memcpy(at, bytes + (LARGE - 4096) * i / 63, 4096) + 4096;
    at = (unsigned char *)memcpy(at, head_b, sizeof head_b) + sizeof head_b;
    at = (unsigned char *)memcpy(at, bytes + LARGE, SMALL) + SMALL;
    XXH128_canonicalFromHash(&hash, XXH3_128bits(all, (size_t)(at - all)));
    for (size_t i = 0; i < 16; i++)
        snprintf(want + 2 * i, 3, "%02x", hash.digest[i]);
    assert_string_equal(got, want);
    free(all);
    free(bytes);
}

static void test_fingerprint__changes_with_name_dtype_shape_and_contents(void **state)
{
    unsigned char *bytes = calloc(1, LARGE + SMALL);
    char seen[9][33];
    size_t n = 0;

    assert_non_null(bytes);
    write_two(state, bytes, "b", JC_F16, 3);
    fingerprint(*state, seen[n++]);
    write_two(state, bytes, "c", JC_F16, 3);
    fingerprint(*state, seen[n++]);
    write_two(state, bytes, "b", JC_BF16, 3);
    fingerprint(*state, seen[n++]);
    write_two(state, bytes, "b", JC_F16, 1);
    fingerprint(*state, seen[n++]);
    static const size_t places[] = {0, 4095, LARGE - 1, LARGE, LARGE + SMALL - 1};
    for (size_t i = 0; i < JC_COUNT(places); i++) {
        bytes[places[i]] = 1;
        write_two(state, bytes, "b", JC_F16, 3);
        fingerprint(*state, seen[n++]);
        bytes[places[i]] = 0;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(seen[i], seen[j]);
    free(bytes);
}

/* ---- memory ---- */

static void *counted(size_t bytes)
{
    return jc_alloc(bytes);
}

/* Let the n-th allocation fail, ours and the JSON parser's, for all n. Leaks and crashes
 * are for the sanitizers to see. */
static void test_store__each_failing_allocation_is_told(void **state)
{
    jc_status st = JC_E_NOMEM;
    long n = 0;

    write_shards(state);
    json_set_alloc_funcs(counted, jc_free);
    for (; st != JC_OK && n < 10000; n++) {
        jc_store *store;
        jc_error err = {JC_OK, ""};
        jc_alloc_fail_after(n);
        st = jc_store_open(&store, *state, &err);
        jc_alloc_fail_after(-1);
        assert_true((st == JC_OK) == (store != NULL));
        assert_true(st == JC_OK || err.message[0]);
        jc_store_close(store);
    }
    json_set_alloc_funcs(malloc, free);
    assert_int_equal(st, JC_OK);
    assert_true(n > 40);
}

/* With a parser that has memory, each failure of ours is E_NOMEM and nothing else. */
static void test_store__our_failing_allocations_are_out_of_memory(void **state)
{
    jc_status st = JC_E_NOMEM;
    long n = 0;

    write_shards(state);
    for (; st == JC_E_NOMEM; n++) {
        jc_store *store;
        jc_alloc_fail_after(n);
        st = jc_store_open(&store, *state, NULL);
        jc_alloc_fail_after(-1);
        jc_store_close(store);
    }
    assert_int_equal(st, JC_OK);
    assert_true(n > 20);
}

static jc_status write_with_failure(const char *path, long n)
{
    jc_st_writer *w;
    jc_error err = {JC_OK, ""};

    jc_alloc_fail_after(n);
    jc_status st = jc_st_writer_new(&w, path, &err);
    if (st == JC_OK) {
        st = jc_st_writer_meta(w, "key", "value", &err);
        if (st == JC_OK)
            st = jc_st_writer_declare(w, "a", JC_U8, (size_t[]){2, 1}, 2, &err);
        if (st == JC_OK)
            st = jc_st_writer_data(w, "xy", 2, &err);
        if (st == JC_OK)
            st = jc_st_writer_commit(w, &err);
        else
            jc_st_writer_discard(w);
    }
    jc_alloc_fail_after(-1);
    assert_int_equal(st, err.status);
    return st;
}

static void test_writer__each_failing_allocation_is_out_of_memory(void **state)
{
    jc_status st = JC_E_NOMEM;
    long n = 0;

    json_set_alloc_funcs(counted, jc_free);
    for (; st != JC_OK && n < 10000; n++) {
        st = write_with_failure(scratch_path(state, "f"), n);
        assert_true(st == JC_OK || st == JC_E_NOMEM);
        assert_int_equal(scratch_count(state), st == JC_OK);
    }
    json_set_alloc_funcs(malloc, free);
    assert_int_equal(st, JC_OK);
    assert_true(n > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_store__shards_are_one_index),
        SCRATCH_TEST(test_store__an_index_is_a_list_of_files),
        SCRATCH_TEST(test_store__shards_may_lie_below_the_folder),
        SCRATCH_TEST(test_store__shards_need_no_index),
        SCRATCH_TEST(test_store__one_file_comes_before_an_index),
        SCRATCH_TEST(test_store__what_is_no_model_folder_is_told),
        SCRATCH_TEST(test_store__a_bad_index_is_refused),
        SCRATCH_TEST(test_store__a_missing_shard_is_named),
        SCRATCH_TEST(test_store__a_name_in_two_shards_is_refused),
        SCRATCH_TEST(test_store__finds_each_of_many_tensors),
        cmocka_unit_test(test_fingerprint__does_not_depend_on_shards),
        SCRATCH_TEST(test_fingerprint__is_the_hash_of_what_it_says),
        SCRATCH_TEST(test_fingerprint__changes_with_name_dtype_shape_and_contents),
        SCRATCH_TEST(test_store__each_failing_allocation_is_told),
        SCRATCH_TEST(test_store__our_failing_allocations_are_out_of_memory),
        SCRATCH_TEST(test_writer__each_failing_allocation_is_out_of_memory),
    };
    return cmocka_run_group_tests_name("store/store", tests, NULL, NULL);
}
