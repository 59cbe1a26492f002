/* SPDX-License-Identifier: MIT */
/* results.c: sections of figures, and the one place where they become JSON. */
#include "eval/results.h"

#include "store/json.h"

#include <stdalign.h>
#include <string.h>

struct room {
    struct room *next;
    alignas(max_align_t) char bytes[];
};

struct jc_results {
    jc_section *first;
    json_t *restored; /* by jc_results_read(): sections as they were written, or NULL */
    json_t *added;    /* by jc_results_add(), or NULL */
};

static void section_free(jc_section *section)
{
    while (section->rooms) {
        struct room *next = section->rooms->next;
        jc_free(section->rooms);
        section->rooms = next;
    }
    jc_free(section);
}

void jc_results_free(jc_results *results)
{
    while (results && results->first) {
        jc_section *next = results->first->next;
        section_free(results->first);
        results->first = next;
    }
    if (results)
        json_decref(results->restored);
    if (results)
        json_decref(results->added);
    jc_free(results);
}

jc_status jc_results_new(jc_results **out, jc_error *err)
{
    *out = jc_alloc_array(1, sizeof **out);
    return *out ? JC_OK : jc_fail_nomem(err, "the results");
}

static void append(jc_results *results, jc_section *section)
{
    jc_section **end = &results->first;

    while (*end)
        end = &(*end)->next;
    *end = section;
}

jc_status jc_results_section(jc_results *results, jc_section **section, jc_error *err)
{
    *section = jc_alloc_array(1, sizeof **section);
    if (!*section)
        return jc_fail_nomem(err, "the results");
    append(results, *section);
    return JC_OK;
}

const jc_section *jc_results_find(const jc_results *results, const char *name)
{
    const jc_section *s = results->first;

    while (s && (strcmp(s->name, name) != 0 || !s->figures))
        s = s->next;
    return s;
}

void *jc_section_room(jc_section *section, size_t n, size_t size)
{
    size_t bytes;

    if (!jc_mul(n, size, &bytes) || !jc_add(bytes, sizeof(struct room), &bytes))
        return NULL;
    struct room *room = jc_alloc_array(1, bytes);
    if (!room)
        return NULL;
    room->next = section->rooms;
    section->rooms = room;
    return room->bytes;
}

char *jc_section_text(jc_section *section, const char *text)
{
    size_t bytes = text ? strlen(text) + 1 : 0;
    char *copy = text ? jc_section_room(section, bytes, 1) : NULL;

    return copy ? memcpy(copy, text, bytes) : NULL;
}

/* Take the section called `name` out of the results; NULL: there is none. */
static jc_section *detach(jc_results *results, const char *name)
{
    for (jc_section **at = &results->first; *at; at = &(*at)->next)
        if (strcmp((*at)->name, name) == 0) {
            jc_section *section = *at;
            *at = section->next;
            section->next = NULL;
            return section;
        }
    return NULL;
}

jc_status jc_results_take(jc_results *results, jc_results *from, const char *section,
                          jc_error *err)
{
    jc_status st = jc_want(results, "results", err);

    if (st == JC_OK)
        st = jc_want(from, "from", err);
    if (st == JC_OK)
        st = jc_want(section, "section", err);
    if (st)
        return st;
    if (!jc_results_find(from, section))
        return jc_fail(err, JC_E_ARG, "the results have no section '%.40s'", section);
    jc_section *taken = detach(from, section), *old = detach(results, section);
    if (old)
        section_free(old);
    append(results, taken);
    return JC_OK;
}

jc_status jc_results_add(jc_results *results, const char *json, jc_error *err)
{
    json_error_t where = {0};
    jc_status st = jc_want(results, "results", err);

    if (st == JC_OK)
        st = jc_want(json, "json", err);
    if (st)
        return st;
    json_t *more = json_loads(json, JSON_REJECT_DUPLICATES, &where);
    if (!more && jc_json_no_memory(&where))
        return jc_fail_nomem(err, "the results");
    if (!json_is_object(more)) {
        json_decref(more);
        return jc_fail(err, JC_E_ARG, "what is added to results is not a JSON object: %s",
                       where.text);
    }
    if (!results->added) {
        results->added = more;
        return JC_OK;
    }
    int failed = json_object_update_recursive(results->added, more);
    json_decref(more);
    return failed ? jc_fail_nomem(err, "the results") : JC_OK;
}

/* Members of a document: sections come first, and "made" is the first that was added. */
static int part_members(jc_results *r, json_t *root)
{
    json_t *to = r->restored, *value;
    const char *key;
    int failed = 0;

    json_object_foreach(root, key, value)
    {
        if (strcmp(key, "made") == 0)
            to = r->added;
        failed |= json_object_set(to, key, value);
    }
    return failed;
}

jc_status jc_results_read(jc_results **out, const char *json, jc_error *err)
{
    json_error_t where = {0};
    jc_status st = jc_want(out, "out", err);

    if (st)
        return st;
    *out = NULL;
    st = jc_want(json, "json", err);
    if (st)
        return st;
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, &where);
    if (!root && jc_json_no_memory(&where))
        return jc_fail_nomem(err, "the results");
    if (!json_is_object(root)) {
        json_decref(root);
        return jc_fail(err, JC_E_FORMAT, "these are no results: %s", where.text);
    }
    jc_results *r;
    st = jc_results_new(&r, err);
    if (st == JC_OK) {
        r->restored = json_object();
        r->added = json_object();
        if (!r->restored || !r->added || part_members(r, root))
            st = jc_fail_nomem(err, "the results");
    }
    json_decref(root);
    if (st) {
        jc_results_free(r);
        return st;
    }
    *out = r;
    return JC_OK;
}

bool jc_results_has(const jc_results *results, const char *member)
{
    return results && member &&
           (jc_results_find(results, member) ||
            json_object_get(results->restored, member) ||
            json_object_get(results->added, member));
}

/* ---- the document ---- */

void jc_scores_write(const jc_scores *scores, jc_json *json, json_t *object)
{
    jc_put_estimate(json, object, "p1", "p1_ci", scores->p1);
    jc_put_estimate(json, object, "p5", "p5_ci", scores->p5);
    jc_put_estimate(json, object, "p10", "p10_ci", scores->p10);
    jc_put_estimate(json, object, "surprisal", "surprisal_ci", scores->surprisal);
    jc_put_estimate(json, object, "kl", "kl_ci", scores->kl);
}

void jc_scores_write_layers(const jc_scores *scores, uint32_t taps, jc_json *json,
                            json_t *in, const char *name)
{
    json_t *list = jc_put_list(json, in, name);

    for (uint32_t l = 0; l < taps; l++) {
        json_t *one = jc_put_object(json, list, NULL);
        jc_put_count(json, one, "layer", l);
        jc_scores_write(&scores[l], json, one);
    }
}

jc_status jc_results_json(const jc_results *results, char **json, jc_error *err)
{
    jc_json document = {0};
    jc_status st = jc_want_out(json, err);

    if (st == JC_OK)
        st = jc_want(results, "results", err);
    if (st)
        return st;
    json_t *root = json_object();
    document.failed =
        !root || (results->restored && json_object_update(root, results->restored) != 0);
    for (const jc_section *s = results->first; s && !document.failed; s = s->next)
        if (s->figures)
            s->write(s, &document, root);
    if (results->added && !document.failed)
        document.failed = json_object_update_recursive(root, results->added) != 0;
    if (!document.failed)
        *json = jc_json_dump(root, JSON_INDENT(1) | JSON_REAL_PRECISION(10));
    json_decref(root);
    return *json ? JC_OK : jc_fail_nomem(err, "the results");
}
