/* SPDX-License-Identifier: MIT */
#include "support/scratch.h"

#include <signal.h>
#include <sys/resource.h>

#include "base/file.h"
#include "store/store.h"

static const float a_data[6] = {1, -2, 3.5f, 0, 1e30f, -0.0f};
static const unsigned char b_data[5] = {9, 8, 7, 6, 5};

static void write_file(const char *path)
{
    jc_st_writer *w;
    jc_error err;

    assert_int_equal(jc_st_writer_new(&w, path, &err), JC_OK);
    assert_int_equal(jc_st_writer_declare(w, "a.weight", JC_F32, (size_t[]){2, 3}, 2, &err),
                     JC_OK);
    assert_int_equal(jc_st_writer_meta(w, "method", "mat \"\xc3\xa9\"\n", &err), JC_OK);
    assert_int_equal(jc_st_writer_declare(w, "none", JC_I64, (size_t[]){0, 9}, 2, &err),
                     JC_OK);
    assert_int_equal(jc_st_writer_declare(w, "b", JC_U8, (size_t[]){5}, 1, &err), JC_OK);
    assert_int_equal(jc_st_writer_declare(w, "one", JC_U8, NULL, 0, &err), JC_OK);
    assert_int_equal(jc_st_writer_meta(w, "rows", "12", &err), JC_OK);
    /* pieces need not end where tensors do */
    assert_int_equal(jc_st_writer_data(w, a_data, 7, &err), JC_OK);
    assert_int_equal(jc_st_writer_data(w, (const char *)a_data + 7, 17, &err), JC_OK);
    assert_int_equal(jc_st_writer_data(w, NULL, 0, &err), JC_OK);
    assert_int_equal(jc_st_writer_data(w, b_data, 5, &err), JC_OK);
    assert_int_equal(jc_st_writer_data(w, "\x2a", 1, &err), JC_OK);
    assert_int_equal(jc_st_writer_commit(w, &err), JC_OK);
}

static void test_writer__what_is_written_is_read_back(void **state)
{
    jc_safetensors *file;
    jc_error err;

    write_file(scratch_path(state, "f"));
    assert_int_equal(jc_safetensors_open(&file, scratch_path(state, "f"), &err), JC_OK);
    assert_int_equal(jc_safetensors_count(file), 4);
    const jc_tensor *a = jc_safetensors_find(file, "a.weight");
    assert_int_equal(a->dtype, JC_F32);
    assert_int_equal(a->n_dims, 2);
    assert_int_equal(a->shape[0], 2);
    assert_int_equal(a->shape[1], 3);
    assert_memory_equal(a->data, a_data, sizeof a_data);
    const jc_tensor *none = jc_safetensors_find(file, "none");
    assert_int_equal(none->count, 0);
    assert_int_equal(none->shape[1], 9);
    assert_memory_equal(jc_safetensors_find(file, "b")->data, b_data, sizeof b_data);
    assert_int_equal(jc_safetensors_find(file, "one")->data[0], 0x2a);
    assert_string_equal(jc_safetensors_meta(file, "method"), "mat \"\xc3\xa9\"\n");
    assert_string_equal(jc_safetensors_meta_key(file, 1), "rows");
    jc_safetensors_close(file);
}

static void test_writer__data_starts_at_a_line_and_bytes_repeat(void **state)
{
    jc_mapped one, two;

    write_file(scratch_path(state, "f"));
    write_file(scratch_path(state, "g"));
    assert_int_equal(jc_map_open(&one, scratch_path(state, "f"), NULL), JC_OK);
    assert_int_equal(jc_map_open(&two, scratch_path(state, "g"), NULL), JC_OK);
    assert_int_equal(one.size, two.size);
    assert_memory_equal(one.data, two.data, one.size);
    size_t n_header = one.data[0] + 256u * one.data[1];
    assert_int_equal((8 + n_header) % 64, 0);
    assert_int_equal(one.size, 8 + n_header + sizeof a_data + sizeof b_data + 1);
    jc_map_close(&one);
    jc_map_close(&two);
}

static void test_writer__names_of_every_length_keep_the_alignment(void **state)
{
    char name[80] = "";

    for (int n = 0; n < 70; n++) {
        jc_st_writer *w;
        jc_safetensors *file;
        name[n] = 'x';
        assert_int_equal(jc_st_writer_new(&w, scratch_path(state, "f"), NULL), JC_OK);
        assert_int_equal(jc_st_writer_declare(w, name, JC_U8, NULL, 0, NULL), JC_OK);
        assert_int_equal(jc_st_writer_data(w, "a", 1, NULL), JC_OK);
        assert_int_equal(jc_st_writer_commit(w, NULL), JC_OK);
        assert_int_equal(jc_safetensors_open(&file, scratch_path(state, "f"), NULL), JC_OK);
        const unsigned char *data = jc_safetensors_find(file, name)->data;
        assert_int_equal((uintptr_t)data % 64, 0);
        assert_non_null(memchr(data - 64, '}', 64)); /* no more padding than is needed */
        jc_safetensors_close(file);
    }
}

static void test_writer__an_empty_file_is_one_too(void **state)
{
    jc_st_writer *w;
    jc_safetensors *file;

    assert_int_equal(jc_st_writer_new(&w, scratch_path(state, "f"), NULL), JC_OK);
    assert_int_equal(jc_st_writer_commit(w, NULL), JC_OK);
    assert_int_equal(jc_safetensors_open(&file, scratch_path(state, "f"), NULL), JC_OK);
    assert_int_equal(jc_safetensors_count(file), 0);
    jc_safetensors_close(file);
}

static void check_message(const jc_error *err, const char *cannot, const char *path,
                          const char *why)
{
    char want[1200];

    snprintf(want, sizeof want, "%s'%s': %s", cannot, path, why);
    assert_string_equal(err->message, want);
}

static void test_writer__wrong_declarations_are_refused(void **state)
{
    const size_t huge[] = {SIZE_MAX / 2, 3}, large[] = {INT64_MAX / 2},
                 five[5] = {1, 1, 1, 1, 1};
    const size_t odd[] = {0, SIZE_MAX};
    const char *path = scratch_path(state, "f");
    jc_st_writer *w;
    jc_error err;

    assert_int_equal(jc_st_writer_new(&w, path, &err), JC_OK);
    assert_int_equal(jc_st_writer_declare(w, "a", JC_U8, five, 4, &err), JC_OK);
    assert_int_equal(jc_st_writer_declare(w, "a", JC_U8, five, 1, &err), JC_E_ARG);
    check_message(&err, "cannot add 'a' to ", path, "the name is taken");
    assert_int_equal(jc_st_writer_declare(w, "__metadata__", JC_U8, five, 1, &err),
                     JC_E_ARG);
    check_message(&err, "cannot add '__metadata__' to ", path, "the name is taken");
    assert_int_equal(jc_st_writer_declare(w, "b", JC_U8, huge, 2, &err), JC_E_ARG);
    check_message(&err, "cannot add 'b' to ", path, "its shape is too large");
    assert_int_equal(jc_st_writer_declare(w, "b", JC_U8, five, 5, &err), JC_E_ARG);
    assert_int_equal(jc_st_writer_declare(w, "b", JC_F32, large, 1, &err), JC_E_ARG);
    assert_int_equal(jc_st_writer_declare(w, "b", JC_U8, odd, 2, &err), JC_E_ARG);
    assert_int_equal(jc_st_writer_declare(w, "\xff", JC_U8, five, 1, &err), JC_E_ARG);
    check_message(&err, "cannot add '\xff' to ", path, "the name is not UTF-8");
    assert_int_equal(jc_st_writer_meta(w, "k", "caf\xe9", &err), JC_OK); /* as "caf\\xe9" */
    assert_int_equal(jc_st_writer_data(w, "xy", 2, &err), JC_E_ARG);
    check_message(&err, "cannot write ", path, "more data than the 1 bytes declared");
    assert_int_equal(jc_st_writer_data(w, "x", 1, &err), JC_OK);
    assert_int_equal(jc_st_writer_declare(w, "b", JC_U8, five, 1, &err), JC_E_ARG);
    check_message(&err, "cannot add 'b' to ", path, "its data has begun");
    assert_int_equal(jc_st_writer_meta(w, "k", "v", &err), JC_E_ARG);
    check_message(&err, "cannot add 'k' to ", path, "its data has begun");
    assert_int_equal(jc_st_writer_commit(w, &err),
                     JC_OK); /* what was refused left no trace */
    assert_int_equal(scratch_count(state), 1);
}

static void test_writer__too_little_data_leaves_no_file(void **state)
{
    const char *path = scratch_path(state, "f");
    jc_st_writer *w;
    jc_error err;

    assert_int_equal(jc_st_writer_new(&w, path, &err), JC_OK);
    assert_int_equal(jc_st_writer_declare(w, "a", JC_F32, NULL, 0, &err), JC_OK);
    assert_int_equal(jc_st_writer_data(w, "abc", 3, &err), JC_OK);
    assert_int_equal(jc_st_writer_commit(w, &err), JC_E_ARG);
    check_message(&err, "cannot write ", path, "3 of the 4 bytes declared were given");
    assert_int_equal(scratch_count(state), 0);
    assert_int_equal(jc_st_writer_new(&w, path, &err), JC_OK);
    jc_st_writer_discard(w);
    jc_st_writer_discard(NULL);
    assert_int_equal(scratch_count(state), 0);
    assert_int_equal(jc_st_writer_new(&w, scratch_path(state, "no/f"), &err), JC_E_IO);
    assert_null(w);
}

static void test_writer__a_full_disk_is_told_and_leaves_no_file(void **state)
{
    static const char zeros[100000];
    const char *path = scratch_path(state, "f");
    struct rlimit old, small;
    jc_st_writer *w;
    jc_error err;

    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 8192;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    for (size_t piece = 100; piece <= sizeof zeros; piece *= 1000) {
        assert_int_equal(jc_st_writer_new(&w, path, &err), JC_OK);
        assert_int_equal(
            jc_st_writer_declare(w, "a", JC_U8, (size_t[]){sizeof zeros}, 1, &err), JC_OK);
        setrlimit(RLIMIT_FSIZE, &small);
        jc_status st = JC_OK;
        for (size_t at = 0; at < sizeof zeros && st == JC_OK; at += piece)
            st = jc_st_writer_data(w, zeros, piece, &err);
        setrlimit(RLIMIT_FSIZE, &old);
        assert_int_equal(st, JC_E_IO);
        check_message(&err, "cannot write ", path, "File too large");
        jc_st_writer_discard(w);
        assert_int_equal(scratch_count(state), 0);
    }
    signal(SIGXFSZ, handler);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_writer__what_is_written_is_read_back),
        SCRATCH_TEST(test_writer__data_starts_at_a_line_and_bytes_repeat),
        SCRATCH_TEST(test_writer__names_of_every_length_keep_the_alignment),
        SCRATCH_TEST(test_writer__an_empty_file_is_one_too),
        SCRATCH_TEST(test_writer__wrong_declarations_are_refused),
        SCRATCH_TEST(test_writer__too_little_data_leaves_no_file),
        SCRATCH_TEST(test_writer__a_full_disk_is_told_and_leaves_no_file),
    };
    return cmocka_run_group_tests_name("store/safetensors_write", tests, NULL, NULL);
}
