/* SPDX-License-Identifier: MIT */
/* cut_read.c: "pre_tokenizer" of tokenizer.json. Most kinds are patterns under a name. */
#include <string.h>

#include "text/cut.h"
#include "text/steps.h"

static jc_status add(void *list, jc_cut_step *step, const char *path, jc_error *err)
{
    jc_cut *cut = list;
    jc_cut_step chars = {.kind = JC_CUT_CHARS};
    jc_status st = JC_OK;

    if (cut->bytes && step->kind != JC_CUT_SPLIT)
        st = jc_tokenizer_refuse(path, "such a 'pre_tokenizer' after ByteLevel", err);
    else if (cut->bytes && !cut->chars)
        st = jc_cut_add(cut, &chars, err);
    cut->chars = cut->bytes;
    if (st == JC_OK)
        return jc_cut_add(cut, step, err);
    jc_pattern_free(step->pattern);
    return st;
}

static jc_status add_regex(void *list, const char *regex, jc_behaviour behaviour,
                           bool invert, const char *path, jc_error *err)
{
    jc_cut_step s = {.kind = JC_CUT_SPLIT, .behaviour = behaviour, .invert = invert};
    jc_status st = jc_pattern_new(&s.pattern, regex, err);

    return st ? st : add(list, &s, path, err);
}

/* `true` is what the reference takes for both where the file does not say. */
static jc_status read_byte_level(void *list, const json_t *object, const char *path,
                                 jc_error *err)
{
    jc_cut *cut = list;
    jc_cut_step prefix = {.kind = JC_CUT_PREFIX};
    bool space = true, regex = true;
    jc_status st = jc_json_flag(object, "add_prefix_space", path, &space, err);

    if (st == JC_OK)
        st = jc_json_flag(object, "use_regex", path, &regex, err);
    if (st == JC_OK && space)
        st = add(list, &prefix, path, err);
    if (st == JC_OK && regex)
        st = add_regex(list, JC_PATTERN_GPT2, JC_CUT_ISOLATED, false, path, err);
    cut->bytes = true;
    return st;
}

static jc_status read_behaviour(const json_t *object, const char *path,
                                jc_behaviour *behaviour, jc_error *err)
{
    static const char *const names[] = {
        [JC_CUT_ISOLATED] = "Isolated",
        [JC_CUT_REMOVED] = "Removed",
        [JC_CUT_WITH_PREVIOUS] = "MergedWithPrevious",
        [JC_CUT_WITH_NEXT] = "MergedWithNext",
        [JC_CUT_CONTIGUOUS] = "Contiguous",
    };
    const char *name = json_string_value(json_object_get(object, "behavior"));

    for (size_t i = 0; name && i < JC_COUNT(names); i++) {
        if (strcmp(name, names[i]) != 0)
            continue;
        *behaviour = (jc_behaviour)i;
        return JC_OK;
    }
    return jc_fail(err, JC_E_FORMAT,
                   "cannot read '%s': a 'pre_tokenizer' has no known 'behavior'", path);
}

static jc_status read_split(void *list, const json_t *object, const char *path,
                            jc_error *err)
{
    jc_cut_step s = {.kind = JC_CUT_SPLIT};
    jc_status st = read_behaviour(object, path, &s.behaviour, err);

    if (st == JC_OK)
        st = jc_json_flag(object, "invert", path, &s.invert, err);
    if (st == JC_OK)
        st = jc_json_pattern(object, path, &s.pattern, err);
    return st ? st : add(list, &s, path, err);
}

static jc_status read_digits(void *list, const json_t *object, const char *path,
                             jc_error *err)
{
    bool each = false;
    jc_status st = jc_json_flag(object, "individual_digits", path, &each, err);

    return st ? st
              : add_regex(list, "\\p{N}", each ? JC_CUT_ISOLATED : JC_CUT_CONTIGUOUS, false,
                          path, err);
}

static jc_status read_punctuation(void *list, const json_t *object, const char *path,
                                  jc_error *err)
{
    jc_behaviour behaviour = JC_CUT_ISOLATED;
    jc_status st = JC_OK;

    if (json_object_get(object, "behavior"))
        st = read_behaviour(object, path, &behaviour, err);
    return st ? st : add_regex(list, "[!-/:-@\\[-`{-~\\p{P}]", behaviour, false, path, err);
}

/* \w of Unicode's TR18, inside a class. */
#define WORD                                                                               \
    "\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}\\x{200c}\\x{200d}\\x{24b6}-\\x{24e9}"               \
    "\\x{1f130}-\\x{1f149}\\x{1f150}-\\x{1f169}\\x{1f170}-\\x{1f189}"

static jc_status read_whitespace(void *list, const json_t *object, const char *path,
                                 jc_error *err)
{
    (void)object;
    return add_regex(list, "[" WORD "]+|[^" WORD JC_PATTERN_SPACE "]+", JC_CUT_REMOVED,
                     true, path, err);
}

static jc_status read_space_split(void *list, const json_t *object, const char *path,
                                  jc_error *err)
{
    (void)object;
    return add_regex(list, "[" JC_PATTERN_SPACE "]", JC_CUT_REMOVED, false, path, err);
}

static jc_status read_delimiter(void *list, const json_t *object, const char *path,
                                jc_error *err)
{
    jc_cut_step s = {.kind = JC_CUT_SPLIT, .behaviour = JC_CUT_REMOVED};
    char *text;
    size_t n;
    jc_status st = jc_json_text(object, "delimiter", path, &text, &n, err);

    if (st)
        return st;
    st = n ? jc_pattern_text(&s.pattern, text, n, err)
           : jc_fail(err, JC_E_FORMAT, "cannot read '%s': 'delimiter' is empty", path);
    jc_free(text);
    return st ? st : add(list, &s, path, err);
}

static jc_status read_bert(void *list, const json_t *object, const char *path,
                           jc_error *err)
{
    jc_cut_step s = {.kind = JC_CUT_BERT};

    (void)object;
    return add(list, &s, path, err);
}

jc_status jc_prepend_read(const json_t *object, const char *path, jc_prepend *prepend,
                          jc_error *err)
{
    const char *scheme = json_string_value(json_object_get(object, "prepend_scheme"));
    bool space = true; /* as files of the first releases say it */
    jc_status st = jc_json_flag(object, "add_prefix_space", path, &space, err);

    *prepend = space ? JC_PREPEND_ALWAYS : JC_PREPEND_NEVER;
    if (st || !scheme || strcmp(scheme, "always") == 0)
        return st;
    *prepend = strcmp(scheme, "first") == 0 ? JC_PREPEND_FIRST : JC_PREPEND_NEVER;
    if (*prepend == JC_PREPEND_NEVER && strcmp(scheme, "never") != 0)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': 'prepend_scheme' is none of always, first, never",
                       path);
    return JC_OK;
}

static jc_status read_metaspace(void *list, const json_t *object, const char *path,
                                jc_error *err)
{
    jc_cut_step s = {.kind = JC_CUT_SPACES};
    jc_cut_step at = {.kind = JC_CUT_SPLIT, .behaviour = JC_CUT_WITH_NEXT};
    const json_t *sign = json_object_get(object, "replacement");
    bool split = true;
    jc_status st = jc_prepend_read(object, path, &s.prepend, err);

    if (st == JC_OK)
        st = jc_json_flag(object, "split", path, &split, err);
    if (st)
        return st;
    if (!json_is_string(sign) || json_string_length(sign) == 0 ||
        json_string_length(sign) > 4)
        return jc_fail(err, JC_E_FORMAT,
                       "cannot read '%s': 'replacement' is not a character", path);
    memcpy(s.sign, json_string_value(sign), json_string_length(sign));
    st = add(list, &s, path, err);
    if (st || !split)
        return st;
    st = jc_pattern_text(&at.pattern, s.sign, json_string_length(sign), err);
    return st ? st : add(list, &at, path, err);
}

static const jc_step_row rows[] = {
    {"ByteLevel", read_byte_level},
    {"Split", read_split},
    {"Digits", read_digits},
    {"Metaspace", read_metaspace},
    {"Punctuation", read_punctuation},
    {"Whitespace", read_whitespace},
    {"WhitespaceSplit", read_space_split},
    {"CharDelimiterSplit", read_delimiter},
    {"BertPreTokenizer", read_bert},
};

jc_status jc_cut_read(jc_cut *cut, const json_t *object, const char *path, jc_error *err)
{
    return jc_steps_read(object, "pre_tokenizer", "pretokenizers", rows, JC_COUNT(rows),
                         cut, path, err);
}
