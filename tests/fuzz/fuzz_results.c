/* SPDX-License-Identifier: MIT */
/* fuzz_results.c: any bytes as results.json; refused with one line, or an object. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "report/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *results = NULL;
    jc_error err = {JC_OK, ""};
    jc_status st =
        jc_report_check((const char *)data, size, "results.json", &results, &err);

    if (st)
        check(!results && err.status == st && err.message[0] && !strchr(err.message, '\n'));
    else
        check(json_is_object(results));
    json_decref(results);
    return 0;
}
