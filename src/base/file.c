/* SPDX-License-Identifier: MIT */
/*
 * file.c: mapping files to read.
 *
 * A file that another process cuts short while it is mapped raises SIGBUS when the lost
 * pages are touched, as in every program that maps its input; that risk is accepted for
 * models that need not be copied. jc_held_at() tells a handler which file it was. Files
 * that we write are replaced by rename (outfile.c), so our own outputs never shrink under a
 * reader.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const unsigned char nothing[1];

jc_status jc_map_open(jc_mapped *map, const char *path, jc_error *err)
{
    jc_status st = JC_OK;
    struct stat info;

    *map = (jc_mapped){.data = nothing};
    if (!path)
        return jc_want(path, "path", err);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a fifo must not block us */
    if (fd < 0 || fstat(fd, &info) != 0) {
        st = jc_fail(err, JC_E_IO, "cannot open '%s': %s", path, strerror(errno));
        goto done;
    }
    if (!S_ISREG(info.st_mode)) {
        st = jc_fail(err, JC_E_IO, "cannot open '%s': it is %s", path,
                     S_ISDIR(info.st_mode) ? "a folder" : "not a regular file");
        goto done;
    }
    map->path = jc_strdup(path);
    if (!map->path) {
        st = jc_fail_nomem(err, path);
        goto done;
    }
    if (info.st_size == 0) /* mmap() refuses an empty range */
        goto done;
    void *data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) {
        st = jc_fail(err, JC_E_IO, "cannot map '%s': %s", path, strerror(errno));
        goto done;
    }
    map->data = data;
    map->size = (size_t)info.st_size;
    map->held = jc_held_add(JC_HELD_MAP, map->path, &info, data, map->size);
    if (!map->held)
        st = jc_fail_nomem(err, path);
done:
    if (fd >= 0)
        close(fd);
    if (st)
        jc_map_close(map);
    return st;
}

void jc_map_close(jc_mapped *map)
{
    jc_held_drop(map->held);
    if (map->size > 0)
        munmap((void *)(uintptr_t)map->data, map->size);
    jc_free(map->path);
    *map = (jc_mapped){0};
}

void jc_map_release(const void *data, size_t bytes)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = ((uintptr_t)data + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)data + bytes) / page * page;

    if (first < end) /* whole pages only: the neighbours' bytes share the others */
        madvise((void *)first, end - first, MADV_DONTNEED);
}

char *jc_path_join(const char *dir, const char *name)
{
    size_t n_dir = strlen(dir), n_name = strlen(name);
    bool slash = n_dir == 0 || dir[n_dir - 1] != '/';
    char *path = jc_alloc(n_dir + slash + n_name + 1);

    if (!path)
        return NULL;
    memcpy(path, dir, n_dir);
    if (slash)
        path[n_dir] = '/';
    memcpy(path + n_dir + slash, name, n_name + 1);
    return path;
}

bool jc_file_exists(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

bool jc_dir_exists(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Neither a file nor a folder where the path is longer than the system takes. */
static bool join(char path[PATH_MAX], const char *dir, const char *name)
{
    int n = snprintf(path, PATH_MAX, "%s/%s", dir, name);

    return n > 0 && n < PATH_MAX;
}

bool jc_file_in(const char *dir, const char *name)
{
    char path[PATH_MAX];

    return join(path, dir, name) && jc_file_exists(path);
}

bool jc_dir_in(const char *dir, const char *name)
{
    char path[PATH_MAX];

    return join(path, dir, name) && jc_dir_exists(path);
}
