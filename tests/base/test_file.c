/* SPDX-License-Identifier: MIT */
#include "support/scratch.h"

#include <signal.h>
#include <sys/resource.h>

#include "base/file.h"

static void check_message(const jc_error *err, const char *cannot, const char *path,
                          const char *why)
{
    char want[1200];

    snprintf(want, sizeof want, "%s '%s': %s", cannot, path, why);
    assert_string_equal(err->message, want);
}

static void test_map__gives_the_bytes_of_a_file(void **state)
{
    jc_mapped map;
    jc_error err;

    scratch_text(state, "a", "hello");
    assert_int_equal(jc_map_open(&map, scratch_path(state, "a"), &err), JC_OK);
    assert_int_equal(map.size, 5);
    assert_memory_equal(map.data, "hello", 5);
    assert_string_equal(map.path, scratch_path(state, "a"));
    jc_map_close(&map);
    assert_null(map.data);
    jc_map_close(&map);
}

static void test_map__an_empty_file_has_no_bytes_but_data(void **state)
{
    jc_mapped map;
    jc_error err;

    scratch_text(state, "a", "");
    assert_int_equal(jc_map_open(&map, scratch_path(state, "a"), &err), JC_OK);
    assert_int_equal(map.size, 0);
    assert_non_null(map.data);
    jc_map_release(map.data, map.size);
    jc_map_close(&map);
}

static void test_map__what_is_no_file_is_refused(void **state)
{
    jc_mapped map;
    jc_error err;
    const char *path = scratch_path(state, "pipe");

    assert_int_equal(jc_map_open(&map, scratch_path(state, "none"), &err), JC_E_IO);
    check_message(&err, "cannot open", scratch_path(state, "none"),
                  "No such file or directory");
    assert_int_equal(jc_map_open(&map, *state, &err), JC_E_IO);
    check_message(&err, "cannot open", *state, "it is a folder");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(jc_map_open(&map, path, &err), JC_E_IO);
    check_message(&err, "cannot open", path, "it is not a regular file");
    scratch_text(state, "a", "x");
    jc_alloc_fail_after(0);
    assert_int_equal(jc_map_open(&map, scratch_path(state, "a"), &err), JC_E_NOMEM);
    jc_alloc_fail_after(-1);
    jc_map_close(&map);
}

static void test_map__released_pages_are_read_again(void **state)
{
    enum { SIZE = 5 * 4096 + 100 };
    static unsigned char bytes[SIZE];
    jc_mapped map;

    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (unsigned char)(i * 31 >> 3);
    scratch_write(state, "a", bytes, SIZE);
    assert_int_equal(jc_map_open(&map, scratch_path(state, "a"), NULL), JC_OK);
    assert_memory_equal(map.data, bytes, SIZE);
    for (size_t from = 0; from < 3; from++) {
        jc_map_release(map.data + from * 2047, SIZE - from * 4099);
        assert_memory_equal(map.data, bytes, SIZE);
    }
    jc_map_release(map.data + 1, 50);
    jc_map_close(&map);
}

static void test_path__joins_with_one_slash(void **state)
{
    static const char *const rows[][3] = {
        {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"/", "b", "/b"}, {".", "b", "./b"}};

    (void)state;
    for (size_t i = 0; i < JC_COUNT(rows); i++) {
        char *path = jc_path_join(rows[i][0], rows[i][1]);
        assert_string_equal(path, rows[i][2]);
        jc_free(path);
    }
}

static void test_path__files_and_folders_are_told_apart(void **state)
{
    scratch_text(state, "a", "");
    assert_true(jc_file_exists(scratch_path(state, "a")));
    assert_false(jc_dir_exists(scratch_path(state, "a")));
    assert_true(jc_dir_exists(*state));
    assert_false(jc_file_exists(*state));
    assert_false(jc_file_exists(scratch_path(state, "none")));
    assert_false(jc_dir_exists(scratch_path(state, "none")));
}

static void check_file(const char *path, const char *want)
{
    jc_mapped map;

    assert_int_equal(jc_map_open(&map, path, NULL), JC_OK);
    assert_int_equal(map.size, strlen(want));
    assert_memory_equal(map.data, want, map.size);
    jc_map_close(&map);
}

static void test_outfile__appears_whole_at_commit(void **state)
{
    const char *path = scratch_path(state, "out");
    jc_outfile out;
    struct stat info;

    scratch_text(state, "out", "old");
    assert_int_equal(jc_outfile_open(&out, path, NULL), JC_OK);
    fputs("new", out.f);
    fflush(out.f);
    check_file(path, "old");
    assert_int_equal(jc_outfile_commit(&out, NULL), JC_OK);
    check_file(path, "new");
    assert_int_equal(scratch_count(state), 1);
    jc_outfile_discard(&out); /* a committed one */

    mode_t mask = umask(022);
    umask(mask);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0666 & ~mask); /* as any program's file */
}

static void test_outfile__discard_leaves_nothing_and_spares_the_old(void **state)
{
    jc_outfile out, zero = {0};

    assert_int_equal(jc_outfile_open(&out, scratch_path(state, "out"), NULL), JC_OK);
    fputs("new", out.f);
    assert_int_equal(scratch_count(state), 1);
    jc_outfile_discard(&out);
    jc_outfile_discard(&out);
    jc_outfile_discard(&zero);
    assert_int_equal(scratch_count(state), 0);
    scratch_text(state, "out", "old");
    assert_int_equal(jc_outfile_open(&out, scratch_path(state, "out"), NULL), JC_OK);
    fputs("new", out.f);
    jc_outfile_discard(&out);
    check_file(scratch_path(state, "out"), "old");
    assert_int_equal(scratch_count(state), 1);
}

static void test_outfile__two_writers_do_not_mix(void **state)
{
    const char *path = scratch_path(state, "out");
    jc_outfile a, b;

    assert_int_equal(jc_outfile_open(&a, path, NULL), JC_OK);
    assert_int_equal(jc_outfile_open(&b, path, NULL), JC_OK);
    fputs("first", a.f);
    fputs("second", b.f);
    assert_int_equal(jc_outfile_commit(&a, NULL), JC_OK);
    assert_int_equal(jc_outfile_commit(&b, NULL), JC_OK);
    check_file(path, "second");
    assert_int_equal(scratch_count(state), 1);
}

static void test_outfile__what_cannot_be_written_is_refused(void **state)
{
    jc_outfile out;
    jc_error err;
    const char *path = scratch_path(state, "no/out");

    assert_int_equal(jc_outfile_open(&out, path, &err), JC_E_IO);
    check_message(&err, "cannot write", path, "No such file or directory");
    assert_int_equal(jc_outfile_open(&out, *state, &err), JC_E_IO);
    check_message(&err, "cannot write", *state, "it is a folder");
    assert_int_equal(jc_outfile_open(&out, "/dev/null", &err), JC_E_IO);
    check_message(&err, "cannot write", "/dev/null", "it is not a regular file");
    for (long n = 0; n < 2; n++) {
        jc_alloc_fail_after(n);
        assert_int_equal(jc_outfile_open(&out, scratch_path(state, "out"), &err),
                         JC_E_NOMEM);
        jc_alloc_fail_after(-1);
    }
    jc_outfile_discard(&out);
    assert_int_equal(scratch_count(state), 0);
}

/* A file size limit is the full disk that a test can have. Written in small pieces the
 * failure comes at a flush, in one large piece inside fwrite(), whose errno is lost. */
static void write_beyond_the_limit(void **state, size_t piece)
{
    enum { LIMIT = 8192, SIZE = 100000 };
    static const char bytes[SIZE];
    struct rlimit old, small;
    const char *path = scratch_path(state, "out");
    jc_outfile out;
    jc_error err;

    assert_int_equal(jc_outfile_open(&out, path, &err), JC_OK);
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = LIMIT;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    for (size_t at = 0; at < SIZE; at += piece)
        fwrite(bytes, 1, piece, out.f);
    jc_status st = jc_outfile_commit(&out, &err);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, handler);
    assert_int_equal(st, JC_E_IO);
    check_message(&err, "cannot write", path, "File too large");
    assert_int_equal(scratch_count(state), 0);
}

static void test_outfile__a_full_disk_leaves_nothing(void **state)
{
    write_beyond_the_limit(state, 100000);
    write_beyond_the_limit(state, 100);
}

static void test_outfile__a_failing_rename_leaves_nothing(void **state)
{
    const char *path = scratch_path(state, "out");
    jc_outfile out;
    jc_error err;

    assert_int_equal(jc_outfile_open(&out, path, &err), JC_OK);
    fputs("new", out.f);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(jc_outfile_commit(&out, &err), JC_E_IO);
    check_message(&err, "cannot write", path, "Is a directory");
    assert_int_equal(scratch_count(state), 1);
    assert_int_equal(rmdir(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_map__gives_the_bytes_of_a_file),
        SCRATCH_TEST(test_map__an_empty_file_has_no_bytes_but_data),
        SCRATCH_TEST(test_map__what_is_no_file_is_refused),
        SCRATCH_TEST(test_map__released_pages_are_read_again),
        cmocka_unit_test(test_path__joins_with_one_slash),
        SCRATCH_TEST(test_path__files_and_folders_are_told_apart),
        SCRATCH_TEST(test_outfile__appears_whole_at_commit),
        SCRATCH_TEST(test_outfile__discard_leaves_nothing_and_spares_the_old),
        SCRATCH_TEST(test_outfile__two_writers_do_not_mix),
        SCRATCH_TEST(test_outfile__what_cannot_be_written_is_refused),
        SCRATCH_TEST(test_outfile__a_full_disk_leaves_nothing),
        SCRATCH_TEST(test_outfile__a_failing_rename_leaves_nothing),
    };
    return cmocka_run_group_tests_name("base/file", tests, NULL, NULL);
}
