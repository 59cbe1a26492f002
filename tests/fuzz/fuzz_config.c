/* SPDX-License-Identifier: MIT */
/* fuzz_config.c: any bytes as config.json: every getter over keys that it may have, and the
 * sizes of the architecture that it says, or why there are none. */
#include "fuzz/check_hparams.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void get_all(const jc_config *config, const char *key)
{
    bool flag, has = jc_config_has(config, key);
    uint32_t n;
    double x = 0;
    const char *text = "";
    int got = 0;

    got += jc_config_u32(config, key, &n, NULL) == JC_OK;
    got += jc_config_real(config, key, &x, NULL) == JC_OK;
    got += jc_config_text(config, key, &text, NULL) == JC_OK;
    check(!(has && jc_config_null(config, key)));
    check(has || jc_config_length(config, key) == 0);
    got += jc_config_bool(config, key, &flag, NULL) == JC_OK;
    check(isfinite(x) && strlen(text) < SIZE_MAX && (has || got == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const keys[] = {"n_layer", "a",    "a.b", "a.b.c", "",
                                       ".",       "a..b", "b",   "a.0",   "a.0.1.2"};
    const char *type;
    jc_config *config;
    jc_error err = {JC_OK, ""};
    jc_status st = jc_config_parse(&config, (const char *)data, size, "fuzz", &err);

    if (st) {
        check(!config);
        check_failure(st, &err);
        return 0;
    }
    for (size_t i = 0; i < JC_COUNT(keys); i++)
        get_all(config, keys[i]);
    if (jc_config_text(config, "model_type", &type, NULL) == JC_OK) {
        if (jc_arch_find(type))
            check_hparams(jc_arch_find(type), config);
        else
            check_failure(jc_arch_unknown(type, config, &err), &err);
    }
    jc_config_close(config);
    return 0;
}
