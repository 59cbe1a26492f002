/* SPDX-License-Identifier: MIT */
/*
 * report.c: fill the slots of page.html.
 *
 * The results go into the page in a JSON block that the scripts draw from, as they are but
 * for paths. They are checked first, so the scripts may take their shape for granted.
 */
#include "jumpcut/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/file.h"
#include "base/relax.h"
#include "base/text_stream.h"
#include "report/assets.h"
#include "report/check.h"
#include "jumpcut/version.h"

/* Fill the page into f; errors of writing are the caller's. */
static jc_status put_page(json_t *results, FILE *f, jc_error *err)
{
    const json_t *about = json_object_get(results, "model");
    const char *model = json_string_value(json_object_get(about, "name"));
    char *text = jc_report_text(results);

    if (!text)
        return jc_fail_nomem(err, "a page");
    const jc_slot slots[] = {
        {"model", model, strlen(model), jc_put_html},
        {"version", jc_version(), strlen(jc_version()), jc_put_html},
        {"css", jc_asset_css.data, jc_asset_css.size, jc_put_raw},
        {"chart", jc_asset_chart.data, jc_asset_chart.size, jc_put_raw},
        {"shared", jc_page_js.data, jc_page_js.size, jc_put_raw},
        {"base", jc_asset_base.data, jc_asset_base.size, jc_put_raw},
        {"charts", jc_asset_charts.data, jc_asset_charts.size, jc_put_raw},
        {"heat", jc_asset_heat.data, jc_asset_heat.size, jc_put_raw},
        {"sections", jc_asset_sections.data, jc_asset_sections.size, jc_put_raw},
        {"net", jc_asset_net.data, jc_asset_net.size, jc_put_raw},
        {"decode", jc_asset_decode.data, jc_asset_decode.size, jc_put_raw},
        {"further", jc_asset_further.data, jc_asset_further.size, jc_put_raw},
        {"closing", jc_asset_closing.data, jc_asset_closing.size, jc_put_raw},
        {"results", text, strlen(text), jc_put_json},
    };
    jc_put_page(f, &jc_asset_html, slots, JC_COUNT(slots));
    free(text);
    return JC_OK;
}

static jc_status put_file(json_t *results, const char *out_path, jc_error *err)
{
    jc_outfile out = {0};
    jc_status st = jc_outfile_open(&out, out_path, err);

    if (st == JC_OK)
        st = put_page(results, out.f, err);
    if (st == JC_OK)
        return jc_outfile_commit(&out, err);
    jc_outfile_discard(&out);
    return st;
}

static jc_status put_text(json_t *results, char **page, size_t *length, jc_error *err)
{
    jc_text_stream made;
    FILE *f = jc_text_stream_open(&made);

    if (!f)
        return jc_fail_nomem(err, "a page");
    jc_status st = put_page(results, f, err);
    return jc_text_stream_close(f, &made, st, "a page", page, length, err);
}

/* Read results that are fit to be shown: json_decref(). */
static jc_status read(json_t **results, const char *json, size_t length, const char *name,
                      jc_error *err)
{
    char *relaxed;
    size_t relaxed_length;

    *results = NULL;
    if (!jc_json_relax(json, length, "null", &relaxed, &relaxed_length))
        return jc_fail_nomem(err, name);
    if (relaxed) { /* NaN and the like */
        json = relaxed;
        length = relaxed_length;
    }
    jc_status st = jc_report_check(json, length, name, results, err);
    if (st == JC_OK && !jc_report_share(*results))
        st = jc_fail_nomem(err, name);
    jc_free(relaxed);
    return st;
}

jc_status jc_report_write_json(const char *json, size_t length, const char *name,
                               const char *out_path, jc_error *err)
{
    if (jc_want(json, "json", err))
        return JC_E_ARG;
    if (jc_want(out_path, "out_path", err))
        return JC_E_ARG;
    json_t *results;
    jc_status st = read(&results, json, length, name, err);

    if (st == JC_OK)
        st = put_file(results, out_path, err);
    json_decref(results);
    return st;
}

jc_status jc_report_write(const char *results_path, const char *out_path, jc_error *err)
{
    jc_mapped map = {0};

    jc_status st = jc_map_open(&map, results_path, err);
    if (!st)
        st = jc_report_write_json((const char *)map.data, map.size, results_path, out_path,
                                  err);
    jc_map_close(&map);
    return st;
}

jc_status jc_report_show(const char *results_path, char **page, size_t *length,
                         jc_error *err)
{
    if (jc_want(page, "page", err))
        return JC_E_ARG;
    *page = NULL;
    if (jc_want(results_path, "results_path", err) || jc_want(length, "length", err))
        return JC_E_ARG;
    jc_mapped map = {0};
    json_t *results = NULL;

    jc_status st = jc_map_open(&map, results_path, err);
    if (st == JC_OK)
        st = read(&results, (const char *)map.data, map.size, results_path, err);
    if (st == JC_OK)
        st = put_text(results, page, length, err);
    json_decref(results);
    jc_map_close(&map);
    return st;
}
