/* SPDX-License-Identifier: MIT */
#include "text/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/sign.h"
#include "store/json.h"

bool jc_bytes_add(jc_bytes *bytes, const void *data, size_t n)
{
    size_t want;

    if (!jc_add(bytes->n, n, &want) ||
        !jc_grow(&bytes->data, &bytes->capacity, want ? want : 1, 1))
        return false;
    if (n)
        memcpy(bytes->data + bytes->n, data, n);
    bytes->n = want;
    return true;
}

void jc_ids_free(jc_ids *ids)
{
    if (!ids)
        return;
    jc_free(ids->id);
    *ids = (jc_ids){0};
}

bool jc_ids_add(jc_ids *ids, uint32_t id)
{
    if (!jc_grow(&ids->id, &ids->capacity, ids->n + 1, sizeof *ids->id))
        return false;
    ids->id[ids->n++] = id;
    return true;
}

bool jc_ids_append(jc_ids *ids, const jc_ids *more)
{
    size_t want;

    if (!jc_add(ids->n, more->n, &want) ||
        !jc_grow(&ids->id, &ids->capacity, want ? want : 1, sizeof *ids->id))
        return false;
    if (more->n)
        memcpy(ids->id + ids->n, more->id, more->n * sizeof *ids->id);
    ids->n = want;
    return true;
}

const char *jc_quoted(char out[JC_QUOTED], const char *text, size_t n)
{
    size_t w = 0;

    for (size_t i = 0; i < n;) {
        uint32_t code = 0;
        size_t length = jc_utf8_next(text + i, n - i, &code);
        bool plain = length > 0 && code >= 0x20 && (code < 0x7f || code > 0x9f);
        if (w + 8 > JC_QUOTED) { /* 4 for this character at most, 3 dots and the zero */
            w += (size_t)snprintf(out + w, JC_QUOTED - w, "...");
            break;
        }
        if (plain) {
            memcpy(out + w, text + i, length);
            w += length;
            i += length;
        } else {
            w +=
                (size_t)snprintf(out + w, JC_QUOTED - w, "\\x%02x", (unsigned char)text[i]);
            i++;
        }
    }
    out[w] = '\0';
    return out;
}

static const char *reason(const json_error_t *e, bool line)
{
    enum json_error_code code = json_error_code(e);

    if (code == json_error_invalid_utf8)
        return "not UTF-8";
    if (code == json_error_premature_end_of_input)
        return line ? "not JSON, it ends too early; each line must be a whole object, as "
                      "'jq "
                      "-c .' writes them"
                    : "not JSON, it ends too early";
    if (code == json_error_end_of_input_expected && line)
        return "not JSON, more follows the object; each line must be one whole object, as "
               "'jq -c .' writes them";
    return "not JSON";
}

jc_status jc_text_json(json_t **out, const char *data, size_t n, const char *path,
                       uint64_t line, jc_error *err)
{
    json_error_t e;

    *out = jc_json_load(data, n, JSON_DECODE_ANY, &e);
    if (*out)
        return JC_OK;
    if (!e.text[0] || json_error_code(&e) == json_error_out_of_memory)
        return jc_fail_nomem(err, path);
    if (line == 0 && jc_sign_of(data, n))
        return jc_fail(err, JC_E_FORMAT, "cannot read '%s': %s", path, jc_sign_of(data, n));
    bool whole = line == 0;
    if (whole)
        line = e.line > 0 ? (uint64_t)e.line : 1;
    return jc_fail(err, JC_E_FORMAT, "cannot read '%s': line %" PRIu64 ", column %d: %s",
                   path, line, e.column, reason(&e, !whole));
}
