/* SPDX-License-Identifier: MIT */
/* What jc_outfile does beyond appearing whole, which test_file.c tests: links, permissions,
 * files that are being read, and what killed processes left. */
#include "support/scratch.h"

#include <fcntl.h>
#include <sys/file.h>

#include "base/file.h"

static void write_file(const char *path, const char *text)
{
    jc_outfile out;

    assert_int_equal(jc_outfile_open(&out, path, NULL), JC_OK);
    fputs(text, out.f);
    assert_int_equal(jc_outfile_commit(&out, NULL), JC_OK);
}

static void check_file(const char *path, const char *want)
{
    jc_mapped map;

    assert_int_equal(jc_map_open(&map, path, NULL), JC_OK);
    assert_int_equal(map.size, strlen(want));
    assert_memory_equal(map.data, want, map.size);
    jc_map_close(&map);
}

static mode_t mode_of(const char *path)
{
    struct stat info;

    assert_int_equal(lstat(path, &info), 0);
    return info.st_mode;
}

static void test_outfile__the_file_that_a_link_names_is_written(void **state)
{
    assert_int_equal(mkdir(scratch_path(state, "far"), 0700), 0);
    assert_int_equal(symlink("far/b", scratch_path(state, "a")), 0);
    assert_int_equal(symlink("a", scratch_path(state, "c")), 0);
    write_file(scratch_path(state, "c"), "made");
    assert_true(S_ISLNK(mode_of(scratch_path(state, "c"))));
    assert_true(S_ISLNK(mode_of(scratch_path(state, "a"))));
    check_file(scratch_path(state, "far/b"), "made");
    write_file(scratch_path(state, "a"), "again");
    check_file(scratch_path(state, "far/b"), "again");
}

static void test_outfile__a_link_to_itself_is_an_error(void **state)
{
    jc_outfile out;
    jc_error err;

    assert_int_equal(symlink("loop", scratch_path(state, "loop")), 0);
    assert_int_equal(jc_outfile_open(&out, scratch_path(state, "loop"), &err), JC_E_IO);
    assert_non_null(strstr(err.message, "Too many levels of symbolic links"));
}

static void test_outfile__permissions_of_an_older_file_are_kept(void **state)
{
    const char *path = scratch_path(state, "out");

    scratch_text(state, "out", "old");
    assert_int_equal(chmod(path, 0640), 0);
    write_file(path, "new");
    assert_int_equal(mode_of(path) & 07777, 0640);
    assert_int_equal(chmod(path, 0606), 0);
    write_file(path, "new");
    assert_int_equal(mode_of(path) & 07777, 0606);
}

static void test_outfile__a_file_that_is_mapped_is_not_written_over(void **state)
{
    const char *path = scratch_path(state, "model");
    jc_mapped map;
    jc_outfile out;
    jc_error err;

    scratch_text(state, "model", "weights");
    assert_int_equal(link(path, scratch_path(state, "hard")), 0);
    assert_int_equal(symlink("model", scratch_path(state, "soft")), 0);
    assert_int_equal(jc_map_open(&map, path, NULL), JC_OK);
    static const char *const names[] = {"model", "hard", "soft"};
    for (size_t i = 0; i < JC_COUNT(names); i++) {
        assert_int_equal(jc_outfile_open(&out, scratch_path(state, names[i]), &err),
                         JC_E_IO);
        assert_non_null(strstr(err.message, "it is being read"));
        assert_int_equal(jc_outfile_check(scratch_path(state, names[i]), NULL), JC_E_IO);
    }
    jc_map_close(&map);
    assert_int_equal(jc_outfile_check(path, NULL), JC_OK);
    write_file(path, "new");
    check_file(scratch_path(state, "hard"), "weights");
}

static void test_outfile__what_a_killed_process_left_is_removed(void **state)
{
    static const char *const stay[] = {"jumpcut-1-0.tmp", "jumpcut-1.tmp",
                                       "jumpcut-01-0.tmp", "jumpcut-1-0.tmp2", "x.tmp"};

    scratch_text(state, "jumpcut-99-3.tmp", "");
    for (size_t i = 0; i < JC_COUNT(stay); i++)
        scratch_text(state, stay[i], "");
    int fd = open(scratch_path(state, stay[0]), O_RDONLY); /* another process writes it */
    assert_int_equal(flock(fd, LOCK_EX), 0);
    write_file(scratch_path(state, "out"), "x");
    assert_int_equal(access(scratch_path(state, "jumpcut-99-3.tmp"), F_OK), -1);
    for (size_t i = 0; i < JC_COUNT(stay); i++)
        assert_int_equal(access(scratch_path(state, stay[i]), F_OK), 0);
    close(fd);
    write_file(scratch_path(state, "out"), "x");
    assert_int_equal(access(scratch_path(state, stay[0]), F_OK), -1);
    assert_int_equal(scratch_count(state), JC_COUNT(stay));
}

static void
test_held__tells_a_mapped_file_by_address_and_removes_what_is_written(void **state)
{
    jc_mapped map;
    jc_outfile out;

    scratch_text(state, "a", "hello");
    assert_int_equal(jc_map_open(&map, scratch_path(state, "a"), NULL), JC_OK);
    assert_string_equal(jc_held_at(map.data + 4), scratch_path(state, "a"));
    assert_null(jc_held_at(&map));
    const void *was = map.data;
    jc_map_close(&map);
    assert_null(jc_held_at(was));
    assert_int_equal(jc_outfile_open(&out, scratch_path(state, "out"), NULL), JC_OK);
    assert_int_equal(scratch_count(state), 2);
    jc_held_remove();
    assert_int_equal(scratch_count(state), 1);
    jc_outfile_discard(&out);
}

static void test_outfile__short_memory_at_any_point_leaves_nothing(void **state)
{
    jc_outfile out;
    jc_error err;
    long n = 0;

    for (jc_status st = JC_E_NOMEM; st; n++) {
        jc_alloc_fail_after(n);
        st = jc_outfile_open(&out, scratch_path(state, "out"), &err);
        jc_alloc_fail_after(-1);
        assert_true(st == JC_OK || st == JC_E_NOMEM);
        assert_int_equal(scratch_count(state), st == JC_OK);
        jc_outfile_discard(&out);
    }
    assert_true(n > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_outfile__the_file_that_a_link_names_is_written),
        SCRATCH_TEST(test_outfile__a_link_to_itself_is_an_error),
        SCRATCH_TEST(test_outfile__permissions_of_an_older_file_are_kept),
        SCRATCH_TEST(test_outfile__a_file_that_is_mapped_is_not_written_over),
        SCRATCH_TEST(test_outfile__what_a_killed_process_left_is_removed),
        SCRATCH_TEST(test_held__tells_a_mapped_file_by_address_and_removes_what_is_written),
        SCRATCH_TEST(test_outfile__short_memory_at_any_point_leaves_nothing),
    };
    return cmocka_run_group_tests_name("base/outfile", tests, NULL, NULL);
}
