/* SPDX-License-Identifier: MIT */
/* sums.c: sums that are read from files, and what the texts of a share were made by. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/output.h"
#include "cli/work.h"

jc_status jc_work_sums(jc_stats **stats, const char *const *path, size_t n, jc_error *err)
{
    jc_status st = jc_stats_load(stats, path[0], err);

    for (size_t i = 1; i < n && st == JC_OK; i++) {
        jc_stats *more = NULL;
        char *files = NULL;
        jc_error why;
        st = jc_stats_load(&more, path[i], err);
        if (st == JC_OK)
            st = jc_origin_join(&files, *stats, more, err);
        if (st == JC_OK) {
            st = jc_stats_merge(*stats, more, &why);
            if (st)
                jc_cli_fail(err, st, "cannot add '%s' to '%s': %s", path[i], path[0],
                            why.message);
        }
        if (st == JC_OK && files)
            st = jc_stats_set_meta(*stats, "texts.files", files, err);
        free(files);
        jc_stats_free(more);
    }
    return st ? st : jc_stats_finish(*stats, err);
}

char *jc_work_name(const jc_cli *cli)
{
    const jc_samples_params *s = &cli->args.samples;

    if (cli->args.own.samples)
        return jc_format("split %s", s->split);
    return jc_format("seed %" PRIu64 ", unit %s, field %s, positions %s, split %s, train "
                     "%" PRIu64 ", val %" PRIu64 ", mask-rate %g, mask-specials %s",
                     s->seed, s->unit, s->field, s->positions, s->split, s->train, s->val,
                     s->mask_rate, s->mask_specials ? "on" : "off");
}
