/* SPDX-License-Identifier: MIT */
/*
 * report.c: fill the slots of page.html.
 *
 * The results go into the page as they are, in a JSON block that the scripts draw from. They
 * are checked first, so the script may take their shape for granted.
 */
#include "jumpcut/report.h"

#include <string.h>

#include "base/base.h"
#include "base/file.h"
#include "base/relax.h"
#include "report/assets.h"
#include "report/check.h"
#include "jumpcut/version.h"

jc_status jc_report_write_json(const char *json, size_t length, const char *name,
                               const char *out_path, jc_error *err)
{
    jc_outfile out = {0};
    char *model = NULL, *relaxed;
    size_t relaxed_length;
    jc_status st = JC_OK;

    if (!jc_json_relax(json, length, &relaxed, &relaxed_length))
        return jc_fail_nomem(err, name);
    if (relaxed) { /* a browser reads no more than the standard has */
        json = relaxed;
        length = relaxed_length;
    }
    st = jc_report_check(json, length, name, &model, err);
    if (st)
        goto done;
    const jc_slot slots[] = {
        {"model", model, strlen(model), jc_put_html},
        {"version", jc_version(), strlen(jc_version()), jc_put_html},
        {"css", jc_asset_css.data, jc_asset_css.size, jc_put_raw},
        {"chart", jc_asset_chart.data, jc_asset_chart.size, jc_put_raw},
        {"base", jc_asset_base.data, jc_asset_base.size, jc_put_raw},
        {"charts", jc_asset_charts.data, jc_asset_charts.size, jc_put_raw},
        {"heat", jc_asset_heat.data, jc_asset_heat.size, jc_put_raw},
        {"sections", jc_asset_sections.data, jc_asset_sections.size, jc_put_raw},
        {"further", jc_asset_further.data, jc_asset_further.size, jc_put_raw},
        {"closing", jc_asset_closing.data, jc_asset_closing.size, jc_put_raw},
        {"results", json, length, jc_put_json},
    };
    st = jc_outfile_open(&out, out_path, err);
    if (st)
        goto done;
    jc_put_page(out.f, &jc_asset_html, slots, JC_COUNT(slots));
    st = jc_outfile_commit(&out, err);
done:
    jc_free(model);
    jc_free(relaxed);
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
