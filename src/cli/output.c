/* SPDX-License-Identifier: MIT */
#include "cli/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

char *jc_format(const char *fmt, ...)
{
    va_list ap, again;
    char *text = NULL;

    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    if (n >= 0)
        text = malloc((size_t)n + 1);
    if (text)
        vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(ap);
    return text;
}

static jc_status cannot_write(jc_error *err, const char *path, int number)
{
    return jc_cli_fail(err, JC_E_IO, "cannot write '%s': %s", path, strerror(number));
}

jc_status jc_output_check(const char *path, jc_error *err)
{
    struct stat info;

    if (!path || strcmp(path, "-") == 0)
        return JC_OK;
    if (stat(path, &info) == 0)
        return S_ISDIR(info.st_mode) ? cannot_write(err, path, EISDIR) : JC_OK;
    const char *slash = strrchr(path, '/');
    char *folder = slash ? jc_format("%.*s/", (int)(slash - path), path) : jc_format(".");
    if (!folder)
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for a path");
    jc_status st = access(folder, W_OK) == 0 ? JC_OK : cannot_write(err, path, errno);
    free(folder);
    return st;
}

/* A new file beside the final one, with the rights that a plain open would give it. */
static FILE *open_temp(char *temp)
{
    mode_t mask = umask(0);
    int fd;

    umask(mask);
    fd = mkstemp(temp);
    if (fd < 0)
        return NULL;
    FILE *f = fchmod(fd, 0666 & ~mask) == 0 ? fdopen(fd, "w") : NULL;
    if (!f) {
        int number = errno;
        close(fd);
        unlink(temp);
        errno = number;
    }
    return f;
}

jc_status jc_output_open(jc_output *out, const char *path, jc_error *err)
{
    struct stat info;

    memset(out, 0, sizeof *out);
    if (!path || strcmp(path, "-") == 0) {
        out->f = stdout;
        return JC_OK;
    }
    out->path = jc_format("%s", path);
    if (!out->path)
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for '%s'", path);
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        out->f = fopen(path, "w"); /* a pipe or a device is written as it is */
    } else {
        out->temp = jc_format("%s.XXXXXX", path);
        if (out->temp)
            out->f = open_temp(out->temp);
    }
    if (out->f)
        return JC_OK;
    jc_status st = cannot_write(err, path, errno);
    free(out->temp);
    out->temp = NULL;
    jc_output_discard(out);
    return st;
}

jc_status jc_output_look(const jc_output *out, jc_error *err)
{
    if (!ferror(out->f))
        return JC_OK;
    return cannot_write(err, out->path ? out->path : "standard output",
                        errno ? errno : EIO);
}

jc_status jc_output_commit(jc_output *out, jc_error *err)
{
    int number = 0;

    if (!out->path)
        return jc_output_flush(err);
    errno = 0;
    if (fflush(out->f) != 0 || ferror(out->f) || (out->temp && fsync(fileno(out->f)) != 0))
        number = errno ? errno : EIO;
    if (fclose(out->f) != 0 && !number)
        number = errno;
    out->f = NULL;
    if (!number && out->temp && rename(out->temp, out->path) != 0)
        number = errno;
    if (!number) {
        free(out->temp);
        out->temp = NULL;
    }
    jc_status st = number ? cannot_write(err, out->path, number) : JC_OK;
    jc_output_discard(out);
    return st;
}

void jc_output_discard(jc_output *out)
{
    if (out->path && out->f)
        fclose(out->f);
    if (out->temp)
        unlink(out->temp);
    free(out->temp);
    free(out->path);
    memset(out, 0, sizeof *out);
}

jc_status jc_output_text(const char *path, const char *text, jc_error *err)
{
    jc_output out;
    jc_status st = jc_output_open(&out, path, err);

    if (st)
        return st;
    fputs(text, out.f);
    return jc_output_commit(&out, err);
}

jc_status jc_output_flush(jc_error *err)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return JC_OK;
    return cannot_write(err, "standard output", errno ? errno : EIO);
}

jc_status jc_output_folder(const char *path, jc_error *err)
{
    char *part = jc_format("%s", path);
    struct stat info;

    if (!part)
        return jc_cli_fail(err, JC_E_NOMEM, "out of memory for '%s'", path);
    for (char *at = part; *at; at++) {
        if (*at != '/' || at == part)
            continue;
        *at = '\0';
        (void)mkdir(part, 0777); /* what could not be made shows at the last one */
        *at = '/';
    }
    free(part);
    if (mkdir(path, 0777) == 0)
        return JC_OK;
    int number = errno;
    if (number == EEXIST && stat(path, &info) == 0) {
        if (S_ISDIR(info.st_mode))
            return JC_OK;
        return jc_cli_fail(err, JC_E_IO, "cannot make the folder '%s': it is a file", path);
    }
    return jc_cli_fail(err, JC_E_IO, "cannot make the folder '%s': %s", path,
                       strerror(number));
}
