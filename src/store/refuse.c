/* SPDX-License-Identifier: MIT */
/* refuse.c: folders that are nearly a model: what they are, by the files that they have,
 * and what to take instead. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/folder.h"
#include "store/store.h"

enum { LINK = 512, NAMED = 3 }; /* bytes of a link that are shown; folders that are named */

#define CANNOT "cannot open model '%s': "
#define PICKLE                                                                             \
    "is a PyTorch pickle; convert the model to safetensors, or take a folder that has "    \
    "'model.safetensors'"

/* Files that hold weights which are not read. The first pattern that a name matches. */
static const struct {
    const char *pattern, *what;
} weights[] = {
    {"*.incomplete", "is not finished: download it again"},
    {"*.crdownload", "is not finished: download it again"},
    {"*.part", "is not finished: download it again"},
    {"*.aria2", "says that a download is not finished: download it again"},
    {"pytorch_model.bin", PICKLE},
    {"pytorch_model.bin.index.json", "lists PyTorch pickles; convert them to safetensors"},
    {"pytorch_model*.bin", PICKLE},
    {"consolidated*.pth", PICKLE},
    {"consolidated*.safetensors",
     "has the names of Mistral's own programs; take the folder "
     "for transformers"},
    {"*.pth", PICKLE},
    {"*.pt", PICKLE},
    {"*.ckpt", PICKLE},
    {"*.ckpt.*", "is of TensorFlow; convert it to safetensors"},
    {"tf_model.h5", "is of TensorFlow; convert it to safetensors"},
    {"flax_model*.msgpack", "is of Flax; convert it to safetensors"},
    {"rust_model.ot", "is of Rust; take 'model.safetensors'"},
    {"*.onnx", "is of ONNX; take the model that it was made from"},
    {"*.tflite", "is of TensorFlow Lite; take the model that it was made from"},
    {"openvino_model.*", "is of OpenVINO; take the model that it was made from"},
    {"*.mlpackage", "is of Core ML; take the model that it was made from"},
    {"*.npz", "is of numpy; convert it to safetensors"},
    {"onnx", "is of ONNX; take the model that it was made from"},
    {"*.nemo", "is of NeMo; convert it to safetensors"},
    {"*.dvc", "is a pointer of DVC: 'dvc pull' fetches the file"},
    {"pytorch_model_fsdp*", "is of a training run by FSDP; merge it to safetensors"},
    {"*.distcp", "is of a training run's checkpoint; convert it to safetensors"},
    {"global_step*", "is of a training run by DeepSpeed; merge it to safetensors "
                     "(zero_to_fp32.py)"},
    {"adapter_model.*", "is an adapter (LoRA); merge it into its model"},
    {"*.safetensors",
     "is not the name of a model's file: rename it to 'model.safetensors'"},
};

jc_status jc_folder_check_link(const char *folder, const char *name, jc_error *err)
{
    char to[LINK];
    struct stat info;
    char *path = jc_path_join(folder, name);
    jc_status st = path ? JC_OK : jc_fail_nomem(err, folder);
    bool link = path && lstat(path, &info) == 0 && S_ISLNK(info.st_mode);

    if (link && stat(path, &info) != 0) {
        ssize_t n = readlink(path, to, sizeof to);
        st = jc_fail(err, JC_E_IO,
                     CANNOT "'%s' is a link to '%.*s', which is not there: download it "
                            "again",
                     folder, name, n > 0 ? (int)n : 0, to);
    } else if (path && stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        st = jc_fail(err, JC_E_IO, "cannot open '%s': it is a %s, not a file", path,
                     S_ISDIR(info.st_mode) ? "folder" : "device or a pipe");
    }
    jc_free(path);
    return st;
}

jc_status jc_folder_adapter(const char *path, jc_error *err)
{
    const char *base = NULL;
    jc_config *config = NULL;
    char *file = jc_path_join(path, JC_ADAPTER_INFO);
    jc_status st = file ? jc_config_open(&config, file, err) : jc_fail_nomem(err, path);

    if (st == JC_OK &&
        jc_config_text(config, "base_model_name_or_path", &base, NULL) != JC_OK)
        base = NULL;
    if (st == JC_OK)
        st = jc_fail(err, JC_E_UNSUPPORTED,
                     CANNOT "it is an adapter (LoRA)%s%s%s, not a model; merge it into its "
                            "model first (merge_and_unload() of peft)",
                     path, base ? " of '" : "", base ? base : "", base ? "'" : "");
    jc_config_close(config);
    jc_free(file);
    return st;
}

/* E_IO where the hub's program, which keeps what it has not finished apart, left some. */
static jc_status check_unfinished(const char *folder, jc_error *err)
{
    static const char *const places[] = {".cache/huggingface/download", "../../blobs"};
    jc_status st = JC_OK;

    for (size_t i = 0; i < JC_COUNT(places) && st == JC_OK; i++) {
        jc_listing listing = {0};
        char *place = jc_path_join(folder, places[i]);
        if (!place || !jc_listing_open(&listing, place))
            st = jc_fail_nomem(err, folder);
        else if (jc_listing_match(&listing, "*.incomplete", 0))
            st = jc_fail(err, JC_E_IO,
                         CANNOT "its download is not finished: '%s' has '*.incomplete'",
                         folder, places[i]);
        jc_listing_close(&listing);
        jc_free(place);
    }
    return st;
}

/* The folders of the listing that have a configuration, such as checkpoint-100, in `text`;
 * how many there are. */
static size_t models_inside(const jc_listing *listing, const char *folder, char *text,
                            size_t room)
{
    size_t n = 0;

    text[0] = 0;
    for (size_t i = 0; i < listing->n; i++) {
        char *inside = jc_path_join(folder, listing->names[i]);
        if (inside && jc_file_in(inside, JC_CONFIG) && n++ < NAMED) {
            size_t used = strlen(text);
            snprintf(text + used, room - used, "%s'%.60s'", used ? ", " : "",
                     listing->names[i]);
        }
        jc_free(inside);
    }
    return n;
}

/* Where the models are in its folders: those of a training run, or of the hub's cache. */
static jc_status refuse_outer(const jc_listing *l, const char *path, const char *lacks,
                              jc_error *err)
{
    char inside[300];
    size_t n = models_inside(l, path, inside, sizeof inside);

    if (n > 0)
        return jc_fail(err, JC_E_IO, CANNOT "it has no '%s'; %s in it: %s%s", path, lacks,
                       n == 1 ? "there is a model" : "there are models", inside,
                       n > NAMED ? ", ..." : "");
    const char *cached = jc_listing_match(l, "models--*", 0);
    return cached
               ? jc_fail(err, JC_E_IO,
                         CANNOT "it is the hub's cache; name one of its folders, such as "
                                "'%s'",
                         path, cached)
               : JC_OK;
}

static jc_status refuse_config(const jc_listing *l, const char *path, jc_error *err)
{
    if (jc_listing_match(l, JC_ADAPTER_INFO, 0))
        return jc_folder_adapter(path, err);
    if (jc_listing_match(l, "model_index.json", 0))
        return jc_fail(err, JC_E_UNSUPPORTED,
                       CANNOT "it is a pipeline of diffusers, not a language model", path);
    jc_status st = refuse_outer(l, path, JC_CONFIG, err);
    if (st)
        return st;
    for (size_t i = 0; i < JC_COUNT(weights); i++) {
        const char *name = jc_listing_match(l, weights[i].pattern, 0);
        if (name && strcmp(weights[i].pattern, "*.safetensors") != 0)
            return jc_fail(err, JC_E_UNSUPPORTED,
                           CANNOT "it has no '" JC_CONFIG "', and '%s' %s", path, name,
                           weights[i].what);
    }
    if (jc_listing_match(l, "*.safetensors", 0))
        return jc_fail(err, JC_E_IO,
                       CANNOT "it has '%s' and no '" JC_CONFIG "', which says what the "
                              "model is: download that too",
                       path, jc_listing_match(l, "*.safetensors", 0));
    if (jc_listing_match(l, "tokenizer*", 0))
        return jc_fail(err, JC_E_IO, CANNOT "it has a tokenizer, and no '" JC_CONFIG "'",
                       path);
    st = check_unfinished(path, err);
    return st ? st : jc_fail(err, JC_E_IO, CANNOT "it has no '" JC_CONFIG "'", path);
}

static jc_status refuse_weights(const jc_listing *l, const char *path, jc_error *err)
{
    for (size_t i = 0; i < JC_COUNT(weights); i++) {
        const char *name = jc_listing_match(l, weights[i].pattern, 0);
        if (name && strncmp(name, "adapter", 7) == 0)
            return jc_folder_adapter(path, err);
        if (name)
            return jc_fail(err, JC_E_UNSUPPORTED, CANNOT "'%s' %s", path, name,
                           weights[i].what);
    }
    jc_status st = check_unfinished(path, err);
    if (st == JC_OK)
        st = refuse_outer(l, path, JC_WEIGHTS, err);
    if (st)
        return st;
    return jc_fail(err, JC_E_IO,
                   CANNOT "it has neither '" JC_WEIGHTS "' nor '" JC_WEIGHTS_MAP "'", path);
}

/* Links to nowhere first: of them the listing does not tell. */
static jc_status refuse(const char *path, const char *const *links, size_t n,
                        jc_status (*why)(const jc_listing *l, const char *path,
                                         jc_error *err),
                        jc_error *err)
{
    jc_listing listing;
    jc_status st = JC_OK;

    for (size_t i = 0; i < n && st == JC_OK; i++)
        st = jc_folder_check_link(path, links[i], err);
    if (st)
        return st;
    st = jc_listing_open(&listing, path) ? why(&listing, path, err)
                                         : jc_fail_nomem(err, path);
    jc_listing_close(&listing);
    return st;
}

jc_status jc_folder_no_config(const char *path, jc_error *err)
{
    static const char *const links[] = {JC_CONFIG};

    return refuse(path, links, JC_COUNT(links), refuse_config, err);
}

jc_status jc_folder_no_weights(const char *path, jc_error *err)
{
    static const char *const links[] = {JC_WEIGHTS, JC_WEIGHTS_MAP};

    return refuse(path, links, JC_COUNT(links), refuse_weights, err);
}
