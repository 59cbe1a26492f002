/* SPDX-License-Identifier: MIT */
/* hparams.c: config.json to sizes and choices, by an architecture's key rows. */
#include <math.h>

#include "model/model.h"

enum { MOST = 1 << 24 }; /* no layer count, width or vocabulary is larger */

bool jc_hparams_windowed(const jc_hparams *hp, uint32_t block)
{
    if (hp->window == 0 || !hp->use_window)
        return false;
    if (hp->windowed.n)
        return hp->windowed.is[block];
    if (hp->window_rotated)
        return jc_hparams_rotated(hp, block);
    if (hp->window_except && (block + !hp->window_not_first) % hp->window_except == 0)
        return false;
    return block >= hp->window_from && (block - hp->window_from) % hp->window_every == 0;
}

bool jc_hparams_sparse(const jc_hparams *hp, uint32_t block)
{
    if (hp->sparse.n)
        return hp->experts > 0 && hp->sparse.is[block];
    return hp->experts > 0 && block >= hp->experts_from &&
           (block + 1) % hp->experts_every == 0 && !(hp->dense.n && hp->dense.is[block]);
}

bool jc_hparams_conv(const jc_hparams *hp, uint32_t block)
{
    if (hp->conv.n)
        return hp->conv.is[block];
    return hp->conv_all || (hp->conv_except && (block + 1) % hp->conv_except != 0);
}

static bool has_conv(const jc_hparams *hp)
{
    return hp->conv.n || hp->conv_all || hp->conv_except;
}

/* Of recurrent blocks, what goes into the convolution, and steps. */
size_t jc_hparams_kept(const jc_hparams *hp)
{
    size_t steps = (hp->scan == JC_SCAN_DELTA ? 2 : 1) * (size_t)hp->scan_heads;

    if (hp->scan)
        return (size_t)hp->scan_heads * hp->scan_width +
               2 * (size_t)hp->scan_groups * hp->scan_keys + steps;
    return has_conv(hp) ? hp->width : 0;
}

bool jc_hparams_rotated(const jc_hparams *hp, uint32_t block)
{
    if (hp->rotated.n)
        return hp->rotated.is[block];
    if (hp->rotary_except && (block + 1) % hp->rotary_except == 0)
        return false;
    return !hp->rotary_windowed || hp->window == 0 || jc_hparams_windowed(hp, block);
}

void jc_hparams_release(jc_hparams *hp)
{
    jc_free(hp->windowed.is);
    jc_free(hp->rotated.is);
    jc_free(hp->conv.is);
    jc_free(hp->dense.is);
    jc_free(hp->sparse.is);
    jc_free(hp->rotary.short_factor.x);
    jc_free(hp->rotary.long_factor.x);
}

/* ---- what must hold between keys ---- */

static jc_status check_sizes(const jc_hparams *hp, const char *path, jc_error *err)
{
    const struct {
        const char *name;
        uint32_t n;
    } sizes[] = {{"layers", hp->layers},
                 {"values of a state", hp->width},
                 {"heads", hp->heads},
                 {"positions", hp->positions},
                 {"token types", hp->types + hp->typeless},
                 {"tokens", hp->vocab}};

    for (size_t i = 0; i < JC_COUNT(sizes); i++)
        if (sizes[i].n == 0 || sizes[i].n > MOST)
            return jc_fail(err, JC_E_FORMAT,
                           "'%s': the number of %s is %u; it must be from 1 to %d", path,
                           sizes[i].name, sizes[i].n, MOST);
    if (hp->ff_width > MOST)
        return jc_fail(err, JC_E_FORMAT, "'%s': the MLP is %u wide, more than %d", path,
                       hp->ff_width, MOST);
    if (hp->relative_buckets > MOST / 2 || hp->relative_most > MOST / 2 ||
        hp->relative_buckets % 2)
        return jc_fail(err, JC_E_FORMAT,
                       "'%s': %u classes of distances up to %u; expected an even number",
                       path, hp->relative_buckets, hp->relative_most);
    if (hp->vocab < 2 || !(hp->eps >= 0))
        return jc_fail(err, JC_E_FORMAT, "'%s': %s", path,
                       hp->vocab < 2 ? "the vocabulary has fewer than 2 tokens"
                                     : "the epsilon of the norms is negative");
    if (hp->embed_width > hp->width)
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "'%s': an embedding of width %u in a model of width %u is not "
                       "supported",
                       path, hp->embed_width, hp->width);
    if (hp->embed_width && hp->embed_width < hp->width && hp->norm_before)
        return jc_fail(err, JC_E_UNSUPPORTED,
                       "'%s': a narrower embedding with a norm before the unembedding is "
                       "not supported",
                       path);
    return JC_OK;
}

static bool has_weight(const jc_arch *arch, jc_weight_id id)
{
    for (size_t i = 0; i < arch->n_weights; i++)
        if (arch->weights[i].id == id)
            return true;
    return false;
}

static jc_status check_experts(const jc_hparams *hp, const jc_arch *arch, const char *path,
                               jc_error *err)
{
    if (hp->experts == 0 && has_weight(arch, JC_W_EXPERT_UP) && !has_weight(arch, JC_W_UP))
        return jc_fail(err, JC_E_FORMAT,
                       "'%s': it has 0 experts, and '%s' has nothing in their place", path,
                       arch->name);
    if (hp->experts == 0)
        return JC_OK;
    if (hp->experts > 1 << 16 || hp->experts_used == 0 || hp->experts_used > hp->experts)
        return jc_fail(err, JC_E_FORMAT, "'%s': of %u experts, %u cannot be used", path,
                       hp->experts, hp->experts_used);
    if (hp->expert_width == 0 || hp->expert_width > MOST || hp->shared_width > MOST ||
        hp->experts_every == 0 || !(hp->gate_limit >= 0))
        return jc_fail(err, JC_E_FORMAT,
                       "'%s': the width of an expert is %u and of the shared one %u, in "
                       "every block of %u",
                       path, hp->expert_width, hp->shared_width, hp->experts_every);
    return JC_OK;
}

/* Lists that say something of each block. */
static jc_status check_lists(const jc_hparams *hp, const char *path, jc_error *err)
{
    if (hp->conv_tokens > 64 || has_conv(hp) != (hp->conv_tokens > 0))
        return jc_fail(err, JC_E_FORMAT,
                       "'%s': convolutions over %u tokens in %zu listed blocks; expected 1 "
                       "to 64, and 'layer_types'",
                       path, hp->conv_tokens, hp->conv.n);
    const struct {
        const char *what;
        size_t n;
    } lists[] = {{"the kinds of attention are", hp->windowed.n},
                 {"the list of rotary positions is", hp->rotated.n},
                 {"the list of convolutions is", hp->conv.n},
                 {"the list of dense blocks is", hp->dense.n},
                 {"the list of mixtures is", hp->sparse.n}};

    for (size_t i = 0; i < JC_COUNT(lists); i++)
        if (lists[i].n && lists[i].n != hp->layers)
            return jc_fail(err, JC_E_FORMAT, "'%s': %s for %zu blocks of %u", path,
                           lists[i].what, lists[i].n, hp->layers);
    return JC_OK;
}

/* Groups of as many experts each, from some of which all that are used must come. */
static jc_status check_groups(const jc_hparams *hp, const char *path, jc_error *err)
{
    uint32_t n = hp->expert_groups;

    if (n < 2 || hp->experts == 0)
        return JC_OK;
    if (hp->experts % n == 0 && hp->expert_groups_used > 0 && hp->expert_groups_used <= n &&
        (uint64_t)hp->experts / n * hp->expert_groups_used >= hp->experts_used &&
        hp->experts / n >= hp->expert_group_best)
        return JC_OK;
    return jc_fail(
        err, JC_E_FORMAT,
        "'%s': %u of %u experts in %u groups cannot be chosen from %u of the groups", path,
        hp->experts_used, hp->experts, n, hp->expert_groups_used);
}

static bool usable(double x)
{
    return isfinite(x) && x > 0;
}

static jc_status check_numbers(const jc_hparams *hp, const char *path, jc_error *err)
{
    if (!(hp->attention_softcap >= 0) || !(hp->logit_softcap >= 0) ||
        !(hp->scale_attention_of >= 0) || !(hp->clip >= 0))
        return jc_fail(err, JC_E_FORMAT,
                       "'%s': a soft cap, clip or the scale of attention is negative",
                       path);
    if (!isfinite(hp->embed_scale) || !isfinite(hp->routed_scale) ||
        !isfinite(hp->residual_scale) || !isfinite(hp->logit_scale) ||
        !isfinite(hp->query_log_scale) ||
        (hp->query_log && hp->query_log_scale != 0 && !usable(hp->query_log_every)) ||
        !usable(hp->logit_divisor) ||
        !(hp->attention_multiplier >= 0 && isfinite(hp->attention_multiplier)))
        return jc_fail(err, JC_E_FORMAT, "'%s': a multiplier is out of range", path);
    return JC_OK;
}

/* Keys are a latent and its position, one for all heads, and values are the latent: each
 * head's own layers are on the side of the queries and of the output. */
static jc_status derive_latent(jc_hparams *hp, const char *path, jc_error *err)
{
    if (hp->latent > MOST || hp->q_rank > MOST || hp->nope > MOST || hp->rope > MOST ||
        hp->value_width > MOST || hp->nope == 0 || hp->rope == 0 || hp->value_width == 0)
        return jc_fail(err, JC_E_FORMAT,
                       "'%s': latent attention of %u values with heads of %u and %u", path,
                       hp->latent, hp->nope, hp->value_width);
    hp->kv_heads = 1;
    hp->head_width = hp->latent + hp->rope;
    hp->rotary.turned = hp->rope;
    hp->scale_attention_of = (double)hp->nope + hp->rope;
    hp->q_width = (size_t)hp->heads * hp->head_width;
    hp->kv_width = hp->head_width;
    return JC_OK;
}

static jc_status derive_scan(jc_hparams *hp, const char *path, jc_error *err)
{
    uint64_t values = (uint64_t)hp->scan_times * hp->width;

    if (hp->scan == JC_SCAN_NONE)
        return JC_OK;
    if (hp->scan_width == 0 && hp->scan_heads && values <= MOST)
        hp->scan_width = (uint32_t)values / hp->scan_heads;
    if (hp->scan_heads == 0 || hp->scan_groups == 0 || hp->scan_heads % hp->scan_groups ||
        hp->scan_keys == 0 || hp->scan_width == 0 || hp->scan_heads > MOST ||
        hp->scan_keys > MOST || hp->scan_width > MOST ||
        (uint64_t)hp->scan_heads * hp->scan_width > MOST ||
        (uint64_t)hp->scan_groups * hp->scan_keys > MOST)
        return jc_fail(err, JC_E_FORMAT,
                       "'%s': %u recurrent heads of width %u cannot share %u keys of width "
                       "%u",
                       path, hp->scan_heads, hp->scan_width, hp->scan_groups,
                       hp->scan_keys);
    if (!(hp->step_least >= 0) || !(hp->step_most >= hp->step_least))
        return jc_fail(err, JC_E_FORMAT, "'%s': the limits of steps are %g and %g", path,
                       hp->step_least, hp->step_most);
    if (hp->conv_all) /* there is no attention */
        hp->head_width = hp->scan_width;
    return JC_OK;
}

static jc_status derive_heads(jc_hparams *hp, const char *path, jc_error *err)
{
    if (hp->head_width == 0 && hp->latent == 0 && hp->width % hp->heads)
        return jc_fail(err, JC_E_FORMAT, "'%s': width %u is not a multiple of %u heads",
                       path, hp->width, hp->heads);
    if (hp->head_width == 0)
        hp->head_width = hp->width / hp->heads;
    if (hp->kv_heads == 0)
        hp->kv_heads = hp->heads;
    if (hp->multi_query && !hp->grouped)
        hp->kv_heads = 1;
    hp->parallel |= hp->grouped;
    if (hp->parallel_norms == 0)
        hp->parallel_norms = hp->grouped ? 2 : 1;
    if (hp->alibi)
        hp->rotary.type = JC_ROTARY_NONE;
    if (hp->head_width > MOST || hp->heads % hp->kv_heads)
        return jc_fail(err, JC_E_FORMAT,
                       "'%s': %u heads of width %u cannot share %u of keys and values",
                       path, hp->heads, hp->head_width, hp->kv_heads);
    if (hp->embed_width == 0)
        hp->embed_width = hp->width;
    if (hp->latent)
        return derive_latent(hp, path, err);
    hp->q_width = (size_t)hp->heads * hp->head_width;
    hp->kv_width = (size_t)hp->kv_heads * hp->head_width;
    return JC_OK;
}

/* A list of factors, one for each pair. */
static bool fits(const jc_reals *factors, uint32_t dims)
{
    if (factors->n != dims / 2)
        return false;
    for (size_t i = 0; i < factors->n; i++)
        if (!usable(factors->x[i]))
            return false;
    return true;
}

static const char *wrong_scaling(const jc_rotary_hparams *r)
{
    switch (r->type) {
    case JC_ROTARY_NONE:
    case JC_ROTARY_PLAIN:
        return NULL;
    case JC_ROTARY_LINEAR:
        return usable(r->factor) ? NULL : "'factor' above 0";
    case JC_ROTARY_LLAMA3:
        return usable(r->factor) && usable(r->low_freq) && r->high_freq >= r->low_freq &&
                       isfinite(r->high_freq) && r->original > 0
                   ? NULL
                   : "'factor', 'low_freq_factor' up to 'high_freq_factor', and "
                     "'original_max_position_embeddings', all above 0";
    case JC_ROTARY_YARN:
        return usable(r->factor) && usable(r->beta_fast) && usable(r->beta_slow) &&
                       r->theta > 1 && isfinite(r->mscale) && isfinite(r->mscale_all)
                   ? NULL
                   : "'factor', 'beta_fast' and 'beta_slow' above 0";
    case JC_ROTARY_LONGROPE:
        return r->original > 1 && fits(&r->short_factor, r->dims) &&
                       fits(&r->long_factor, r->dims)
                   ? NULL
                   : "'original_max_position_embeddings' above 1, and a 'short_factor' and "
                     "a 'long_factor' for each pair";
    }
    return NULL;
}

static jc_status derive_rotary(const jc_hparams *hp, jc_rotary_hparams *r, const char *path,
                               jc_error *err)
{
    double dims = r->turned ? r->turned : hp->head_width * r->part;

    if (r->type == JC_ROTARY_NONE)
        return JC_OK;
    if (!usable(r->theta) || !(dims >= 2 && dims <= hp->head_width) ||
        (uint32_t)dims % 2 != 0)
        return jc_fail(err, JC_E_FORMAT,
                       "'%s': rotary positions need an even number of a head's %u values "
                       "and a base above 0",
                       path, hp->head_width);
    r->dims = (uint32_t)dims;
    if (usable(r->alpha) && r->dims > 2)
        r->theta *= pow(r->alpha, (double)r->dims / (r->dims - 2));
    if (r->original == 0)
        r->original = hp->positions;
    const char *wrong = wrong_scaling(r);
    if (wrong || !(r->attention_factor >= 0 && isfinite(r->attention_factor)))
        return jc_fail(err, JC_E_FORMAT, "'%s': rope_scaling must have %s", path,
                       wrong ? wrong : "an 'attention_factor' that is not negative");
    return JC_OK;
}

static void derive_relative(jc_hparams *hp, const jc_arch *arch)
{
    if (arch->relative == JC_RELATIVE_T5)
        hp->relative_classes = hp->relative_buckets;
    if (arch->relative != JC_RELATIVE_LOG)
        return;
    if (hp->relative_most == 0)
        hp->relative_most = hp->positions;
    hp->relative_classes =
        2 * (hp->relative_buckets ? hp->relative_buckets : hp->relative_most);
    hp->scale_attention_of = 3.0 * hp->head_width; /* of three products */
}

/* What follows from the keys; all sizes are from 1 to MOST. */
static jc_status derive(jc_hparams *hp, const jc_arch *arch, const char *path,
                        jc_error *err)
{
    jc_status st = derive_scan(hp, path, err);

    if (st == JC_OK)
        st = derive_heads(hp, path, err);
    derive_relative(hp, arch);
    if (st == JC_OK)
        st = derive_rotary(hp, &hp->rotary, path, err);
    if (st == JC_OK && hp->rotary_local.theta != 0) {
        hp->rotary_local.type = JC_ROTARY_PLAIN;
        hp->rotary_local.part = hp->rotary.part;
        st = derive_rotary(hp, &hp->rotary_local, path, err);
    }
    if (st)
        return st;
    if (arch->positions_after_padding) {
        if (hp->padding >= hp->positions - 1)
            return jc_fail(err, JC_E_FORMAT,
                           "'%s': of %u positions none is left after the padding's, %u",
                           path, hp->positions, hp->padding);
        hp->first_position = hp->padding + 1;
    }
    hp->logit_scale /= hp->logit_divisor;
    if (arch->scale_embedding)
        hp->embed_scale *= sqrt(hp->width);
    hp->first_position += arch->positions_unused;
    hp->positions += arch->positions_unused;
    hp->context = hp->positions - hp->first_position;
    return JC_OK;
}

/* The width of a gated MLP, where it is given as that of one without a gate. */
static jc_status narrow_mlp(jc_hparams *hp, const char *path, jc_error *err)
{
    if (!hp->ff_thirds)
        return JC_OK;
    double ff = floor(2.0 * hp->ff_width / 3);
    if (hp->ff_times != 0 && hp->ff_multiple)
        ff = ceil(floor(hp->ff_times * ff) / hp->ff_multiple) * hp->ff_multiple;
    if (!(ff >= 1 && ff <= MOST))
        return jc_fail(err, JC_E_FORMAT, "'%s': the MLP would be %g wide", path, ff);
    hp->ff_width = (uint32_t)ff;
    return JC_OK;
}

/* E_FORMAT where something else is in the place of the object. */
static jc_status check_objects(const jc_config *config, jc_error *err)
{
    static const char *const keys[] = {"rope_scaling", "rope_parameters"};

    for (size_t i = 0; i < JC_COUNT(keys); i++) {
        bool flag = true; /* false is none */
        if (jc_config_has(config, keys[i]) && !jc_config_is_object(config, keys[i]) &&
            (jc_config_bool(config, keys[i], &flag, NULL) != JC_OK || flag))
            return jc_fail(err, JC_E_FORMAT,
                           "cannot read '%s' of '%s': it is not an object", keys[i],
                           jc_config_path(config));
    }
    return JC_OK;
}

jc_status jc_hparams_read(jc_hparams *hp, const jc_arch *arch, const jc_config *config,
                          jc_error *err)
{
    const char *path = jc_config_path(config);
    jc_status st = check_objects(config, err);

    *hp = (jc_hparams){.types = 1,
                       .norm_before = true,
                       .tied = true,
                       .embed_scale = 1,
                       .residual_scale = 1,
                       .logit_scale = 1,
                       .logit_divisor = 1,
                       .scale_attention = true,
                       .use_window = true,
                       .query_log = true,
                       .window_every = 1,
                       .experts_every = 1,
                       .expert_group_best = 1,
                       .routed_scale = 1,
                       .scan_times = 2,
                       .step_most = HUGE_VAL,
                       .rotary = {.part = 1}};
    for (size_t i = 0; i < arch->n_keys && st == JC_OK; i++)
        st = jc_key_read(hp, &arch->keys[i], config, err);
    if (st)
        return st;
    hp->scan = arch->scan;
    if (hp->ff_width == 0 && hp->width <= MOST && !hp->no_mlp)
        hp->ff_width = 4 * hp->width;
    st = narrow_mlp(hp, path, err);
    if (st)
        return st;
    if (hp->expert_width == 0)
        hp->expert_width = hp->ff_width;
    if (hp->shared_experts && hp->shared_experts < MOST &&
        hp->expert_width <= MOST / hp->shared_experts)
        hp->shared_width = hp->shared_experts * hp->expert_width;
    st = check_sizes(hp, path, err);
    if (st == JC_OK)
        st = check_experts(hp, arch, path, err);
    if (st == JC_OK)
        st = check_groups(hp, path, err);
    if (st == JC_OK)
        st = check_lists(hp, path, err);
    if (st == JC_OK)
        st = check_numbers(hp, path, err);
    return st ? st : derive(hp, arch, path, err);
}
