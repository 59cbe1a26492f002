/* SPDX-License-Identifier: MIT */
#include "cli/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
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

static bool is_standard(const char *path)
{
    return !path || strcmp(path, "-") == 0;
}

/* A pipe or a device, which is written as it is. */
static bool is_stream(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

jc_status jc_output_check(const char *path, jc_error *err)
{
    if (is_standard(path))
        return JC_OK;
    if (is_stream(path))
        return access(path, W_OK) == 0 ? JC_OK : cannot_write(err, path, errno);
    return jc_outfile_check(path, err);
}

jc_status jc_output_open(jc_output *out, const char *path, jc_error *err)
{
    memset(out, 0, sizeof *out);
    if (is_standard(path)) {
        out->f = stdout;
        return JC_OK;
    }
    if (is_stream(path)) {
        out->stream = jc_format("%s", path);
        if (!out->stream)
            return jc_cli_fail(err, JC_E_NOMEM, "out of memory for '%s'", path);
        out->f = fopen(path, "w");
        if (out->f)
            return JC_OK;
        jc_status st = cannot_write(err, path, errno);
        jc_output_discard(out);
        return st;
    }
    jc_status st = jc_outfile_open(&out->file, path, err);
    out->f = out->file.f;
    return st;
}

static const char *name_of(const jc_output *out)
{
    return out->file.path ? out->file.path : out->stream ? out->stream : "standard output";
}

jc_status jc_output_look(const jc_output *out, jc_error *err)
{
    if (!ferror(out->f))
        return JC_OK;
    return cannot_write(err, name_of(out), errno ? errno : EIO);
}

jc_status jc_output_commit(jc_output *out, jc_error *err)
{
    jc_status st = JC_OK;

    if (out->file.f) {
        st = jc_outfile_commit(&out->file, err);
    } else if (!out->stream) {
        st = jc_output_flush(err);
    } else {
        errno = 0;
        int failed = fflush(out->f) != 0 || ferror(out->f);
        if (failed)
            st = cannot_write(err, out->stream, errno ? errno : EIO);
    }
    jc_output_discard(out);
    return st;
}

void jc_output_discard(jc_output *out)
{
    jc_outfile_discard(&out->file);
    if (out->stream && out->f)
        fclose(out->f);
    free(out->stream);
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
    static int first; /* what went wrong first: a later flush does not know it any more */

    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return JC_OK;
    first = first ? first : errno ? errno : EIO;
    return cannot_write(err, "standard output", first);
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
