/* SPDX-License-Identifier: MIT */
/*
 * outfile.c: replacing files whole.
 *
 * A temporary file is called jumpcut-PROCESS-NUMBER.tmp and is locked as long as its
 * process writes it. One that is not locked was left by a process that was killed: whoever
 * next writes into the folder removes it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"

#define PREFIX "jumpcut-"
#define SUFFIX ".tmp"
enum { LINKS = 40 }; /* as many as Linux follows */

/* ---- names ---- */

/* What the link `path` says, seen from where `path` is seen; NULL with errno. */
static char *read_link(const char *path)
{
    char target[4097];
    ssize_t n = readlink(path, target, sizeof target - 1);

    if (n < 0)
        return NULL;
    target[n] = '\0';
    const char *slash = strrchr(path, '/');
    if (target[0] == '/' || !slash)
        return jc_strdup(target);
    char *folder = jc_strdup(path);
    if (!folder)
        return NULL;
    folder[slash - path + 1] = '\0';
    char *joined = jc_path_join(folder, target);
    jc_free(folder);
    return joined;
}

char *jc_path_follow(const char *path)
{
    char *at = jc_strdup(path);
    struct stat info;

    for (int i = 0; at && i < LINKS && lstat(at, &info) == 0 && S_ISLNK(info.st_mode);
         i++) {
        char *next = read_link(at);
        jc_free(at);
        at = next;
    }
    return at;
}

/* The folder of a file; NULL when memory is short. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = jc_strdup(slash ? path : ".");

    if (folder && slash)
        folder[slash == path ? 1 : slash - path] = '\0';
    return folder;
}

/* ---- what a killed process left ---- */

static bool is_temp(const char *name)
{
    unsigned long long process, number;
    char again[80];

    if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
        return false;
    char *end;
    process = strtoull(name + strlen(PREFIX), &end, 10);
    if (*end != '-')
        return false;
    number = strtoull(end + 1, &end, 10);
    snprintf(again, sizeof again, PREFIX "%llu-%llu" SUFFIX, process, number);
    return strcmp(name, again) == 0;
}

static void remove_stale(const char *folder)
{
    DIR *dir = opendir(folder);

    if (!dir)
        return;
    for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        if (!is_temp(e->d_name))
            continue;
        int fd =
            openat(dirfd(dir), e->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd < 0)
            continue;
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) /* nobody writes it */
            (void)unlinkat(dirfd(dir), e->d_name, 0);
        close(fd);
    }
    closedir(dir);
}

/* ---- checks ---- */

static jc_status cannot_write(jc_error *err, const char *path, const char *why)
{
    return jc_fail(err, JC_E_IO, "cannot write '%s': %s", path, why);
}

/* *info is the older file's; its st_mode is 0 where there is none. */
static jc_status check(const char *path, const char *real, struct stat *info, jc_error *err)
{
    if (stat(real, info) != 0) {
        *info = (struct stat){0};
        return errno == ENOENT ? JC_OK : cannot_write(err, path, strerror(errno));
    }
    if (!S_ISREG(info->st_mode))
        return cannot_write(err, path,
                            S_ISDIR(info->st_mode) ? "it is a folder"
                                                   : "it is not a regular file");
    if (access(real, W_OK) != 0)
        return cannot_write(err, path, strerror(errno));
    if (jc_held_is_mapped(info))
        return cannot_write(err, path, "it is being read");
    return JC_OK;
}

jc_status jc_outfile_check(const char *path, jc_error *err)
{
    if (!path[0])
        return jc_fail(err, JC_E_IO, "cannot write '': a file needs a name");
    char *real = jc_path_follow(path), *folder = real ? folder_of(real) : NULL;
    struct stat info;
    jc_status st;

    if (!folder)
        st = jc_fail_nomem(err, path);
    else if (stat(folder, &info) == 0 && !S_ISDIR(info.st_mode))
        st = jc_fail(err, JC_E_IO, "cannot write '%s': '%s' is a file, not a folder", path,
                     folder);
    else if (access(folder, W_OK | X_OK) != 0)
        st = cannot_write(err, path, strerror(errno));
    else
        st = check(path, real, &info, err);
    jc_free(folder);
    jc_free(real);
    return st;
}

/* ---- writing ---- */

/* Create and lock a file of its own in `folder`; *name is its name, also on failure. */
static int create_in(const char *folder, char **name)
{
    static atomic_uint serial;
    size_t room = strlen(folder) + 80;
    struct stat info;
    int fd = -1;

    *name = jc_alloc(room);
    if (!*name)
        return -1;
    do {
        if (fd >= 0) /* taken for stale before it was locked */
            close(fd);
        snprintf(*name, room, "%s/" PREFIX "%ld-%u" SUFFIX, folder, (long)getpid(),
                 atomic_fetch_add(&serial, 1));
        fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0)
            (void)flock(fd, LOCK_EX | LOCK_NB); /* where files cannot be locked: without */
    } while ((fd < 0 && errno == EEXIST) ||
             (fd >= 0 && fstat(fd, &info) == 0 && info.st_nlink == 0));
    return fd;
}

/* What the older file's owner decided stays. */
static void keep_rights(int fd, const struct stat *old)
{
    struct stat own;

    if (!old->st_mode)
        return;
    if (fstat(fd, &own) == 0 && (own.st_uid != old->st_uid || own.st_gid != old->st_gid) &&
        fchown(fd, old->st_uid, old->st_gid) != 0)
        return; /* another's file: what its permissions give to its group is not ours */
    (void)fchmod(fd, old->st_mode & 0777);
}

static jc_status open_temp(jc_outfile *out, jc_error *err)
{
    struct stat old = {0}, own;
    char *folder = out->real ? folder_of(out->real) : NULL;

    if (!folder)
        return jc_fail_nomem(err, out->path);
    jc_status st = check(out->path, out->real, &old, err);
    if (st) {
        jc_free(folder);
        return st;
    }
    remove_stale(folder);
    int fd = create_in(folder, &out->temp);
    jc_free(folder);
    if (!out->temp)
        return jc_fail_nomem(err, out->path);
    if (fd < 0) {
        st = cannot_write(err, out->path, strerror(errno));
        jc_free(out->temp);
        out->temp = NULL;
        return st;
    }
    keep_rights(fd, &old);
    if (fstat(fd, &own) == 0)
        out->held = jc_held_add(JC_HELD_TEMP, out->temp, &own, NULL, 0);
    out->f = out->held ? fdopen(fd, "wb") : NULL;
    if (out->f)
        return JC_OK;
    close(fd);
    return jc_fail_nomem(err, out->path); /* all that fdopen() can want */
}

jc_status jc_outfile_open(jc_outfile *out, const char *path, jc_error *err)
{
    *out = (jc_outfile){0};
    if (!path)
        return jc_want(path, "path", err);
    out->path = jc_strdup(path);
    if (!out->path)
        return jc_fail_nomem(err, path);
    out->real = jc_path_follow(path);
    jc_status st = open_temp(out, err);
    if (st)
        jc_outfile_discard(out);
    return st;
}

/* 0, or the errno that says why what was written is not all in the file. */
static int flush(FILE *f)
{
    if (fflush(f) != 0)
        return errno;
    if (ferror(f)) /* an earlier write failed and its reason is lost: ask again */
        return write(fileno(f), "", 1) < 0 ? errno : EIO;
    return fsync(fileno(f)) != 0 ? errno : 0;
}

jc_status jc_outfile_commit(jc_outfile *out, jc_error *err)
{
    int why = flush(out->f);

    if (!why && rename(out->temp, out->real) != 0) /* before the lock is given up */
        why = errno;
    if (!why) {
        jc_held_drop(out->held);
        out->held = NULL;
        jc_free(out->temp);
        out->temp = NULL;
    }
    jc_status st = why ? cannot_write(err, out->path, strerror(why)) : JC_OK;
    jc_outfile_discard(out);
    return st;
}

void jc_outfile_discard(jc_outfile *out)
{
    if (out->temp)
        unlink(out->temp);
    jc_held_drop(out->held);
    if (out->f)
        fclose(out->f);
    jc_free(out->path);
    jc_free(out->real);
    jc_free(out->temp);
    *out = (jc_outfile){0};
}
