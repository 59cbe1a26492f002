/* SPDX-License-Identifier: MIT */
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>

#include "jumpcut/version.h"

const char *jc_status_text(jc_status status)
{
    switch (status) {
#define JC_X(name, value, text)                                                            \
    case JC_##name:                                                                        \
        return text;
        JC_STATUS_LIST(JC_X)
#undef JC_X
    }
    return "unknown status";
}

const char *jc_status_name(jc_status status)
{
    switch (status) {
#define JC_X(name, value, text)                                                            \
    case JC_##name:                                                                        \
        return #name;
        JC_STATUS_LIST(JC_X)
#undef JC_X
    }
    return "unknown";
}

#define TEXT_OF(number) #number
#define TEXT(number)    TEXT_OF(number)

const char *jc_version(void)
{
    return TEXT(JC_VERSION_MAJOR) "." TEXT(JC_VERSION_MINOR) "." TEXT(JC_VERSION_PATCH);
}

void jc_one_line(char *message)
{
    for (unsigned char *c = (unsigned char *)message; *c; c++)
        if (*c < 0x20 || *c == 0x7f)
            *c = '?';
}

jc_status jc_fail(jc_error *err, jc_status status, const char *fmt, ...)
{
    if (err) {
        va_list ap;
        va_start(ap, fmt);
        err->status = status;
        vsnprintf(err->message, sizeof err->message, fmt, ap);
        va_end(ap);
        jc_one_line(err->message);
    }
    return status;
}

jc_status jc_fail_nomem(jc_error *err, const char *what)
{
    return jc_fail(err, JC_E_NOMEM, "out of memory for %s", what);
}

void jc_note(const jc_hooks *hooks, const char *fmt, ...)
{
    if (!hooks || !hooks->note)
        return;
    char message[480];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    jc_one_line(message);
    hooks->note(hooks->arg, message);
}

jc_status jc_report(const jc_hooks *hooks, const jc_progress *progress, jc_error *err)
{
    if (!hooks || !hooks->progress || hooks->progress(hooks->arg, progress))
        return JC_OK;
    return jc_fail(err, JC_E_CANCELLED, "stopped while %s", progress->stage);
}
