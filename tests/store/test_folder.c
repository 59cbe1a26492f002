/* SPDX-License-Identifier: MIT */
/* Folders that lead to a model, and folders that are nearly one. */
#include "support/scratch.h"

#include <string.h>

#include "store/folder.h"
#include "store/store.h"

static void make(void **state, const char *folder)
{
    assert_int_equal(mkdir(scratch_path(state, folder), 0700), 0);
}

static void check_found(void **state, const char *from, const char *to)
{
    char *found;
    jc_error err = {JC_OK, ""};

    if (jc_folder_find(&found, scratch_path(state, from), &err))
        print_error("%s\n", err.message);
    assert_non_null(found);
    assert_string_equal(found, scratch_path(state, to));
    jc_free(found);
}

/* The message has each of the parts, ended by NULL. */
static void check_refused(void **state, const char *folder, const char *const *parts)
{
    jc_store *store;
    jc_error err = {JC_OK, ""};
    const char *path = scratch_path(state, folder);

    assert_int_not_equal(jc_store_open(&store, path, &err), JC_OK);
    assert_null(store);
    assert_non_null(strstr(err.message, path));
    for (; *parts; parts++)
        if (!strstr(err.message, *parts)) {
            print_error("no \"%s\" in: %s\n", *parts, err.message);
            fail();
        }
}

#define PARTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_folder__a_cache_leads_to_its_snapshot(void **state)
{
    static const char *const folders[] = {"c", "c/snapshots", "c/snapshots/a",
                                          "c/snapshots/b", "c/refs"};

    make(state, folders[0]);
    make(state, folders[1]);
    check_refused(state, "c", PARTS("without a snapshot"));
    make(state, folders[2]);
    scratch_text(state, "c/snapshots/a/config.json", "{}");
    check_found(state, "c", "c/snapshots/a");
    make(state, folders[3]);
    check_refused(state, "c", PARTS("2 snapshots", "'a', 'b'"));
    make(state, folders[4]);
    scratch_text(state, "c/refs/main", "b\n");
    check_found(state, "c", "c/snapshots/b");
    scratch_text(state, "c/refs/main", "../snapshots/b");
    check_refused(state, "c", PARTS("2 snapshots"));
    scratch_text(state, "c/refs/main", "c");
    check_refused(state, "c", PARTS("2 snapshots"));
}

static void test_folder__one_gguf_file_is_the_model(void **state)
{
    make(state, "g");
    scratch_text(state, "g/config.json", "{}");
    scratch_text(state, "g/x-00001-of-00002.gguf", "");
    scratch_text(state, "g/x-00002-of-00002.gguf", "");
    scratch_text(state, "g/mmproj-x.gguf", "");
    scratch_text(state, "g/x.imatrix.gguf", "");
    check_found(state, "g", "g/x-00001-of-00002.gguf");
    scratch_text(state, "g/y.gguf", "");
    check_refused(state, "g", PARTS("2 GGUF files", "'x-00001-of-00002.gguf', 'y.gguf'"));
    scratch_text(state, "g/model.safetensors", "");
    check_found(state, "g", "g");
    make(state, "s"); /* a snapshot of such a folder */
    make(state, "s/snapshots");
    make(state, "s/snapshots/1");
    scratch_text(state, "s/snapshots/1/z.GGUF", "");
    check_found(state, "s", "s/snapshots/1/z.GGUF");
    check_found(state, "s/snapshots/1/z.GGUF", "s/snapshots/1/z.GGUF");
    check_found(state, "none", "none");
}

static void test_folder__what_has_no_configuration_is_told(void **state)
{
    make(state, "f");
    check_refused(state, "f", PARTS("it has no 'config.json'"));
    scratch_text(state, "f/tokenizer.json", "{}");
    check_refused(state, "f", PARTS("it has a tokenizer, and no 'config.json'"));
    scratch_text(state, "f/weights.safetensors", "");
    check_refused(state, "f", PARTS("'weights.safetensors' and no 'config.json'"));
    scratch_text(state, "f/consolidated.00.pth", "");
    check_refused(state, "f", PARTS("'consolidated.00.pth' is a PyTorch pickle"));
    make(state, "f/checkpoint-20");
    scratch_text(state, "f/checkpoint-20/config.json", "{}");
    check_refused(state, "f", PARTS("there is a model in it: 'checkpoint-20'"));
    make(state, "f/checkpoint-100");
    scratch_text(state, "f/checkpoint-100/config.json", "{}");
    check_refused(state, "f", PARTS("'checkpoint-100', 'checkpoint-20'"));
    make(state, "hub");
    make(state, "hub/models--org--name");
    check_refused(state, "hub", PARTS("the hub's cache", "'models--org--name'"));
    scratch_text(state, "f/adapter_config.json",
                 "{\"base_model_name_or_path\": \"org/base\"}");
    check_refused(state, "f", PARTS("an adapter (LoRA) of 'org/base'", "merge"));
    scratch_text(state, "f/adapter_config.json", "{}");
    check_refused(state, "f", PARTS("an adapter (LoRA), not a model"));
    assert_int_equal(symlink("../blobs/1234", scratch_path(state, "f/config.json")), 0);
    check_refused(state, "f", PARTS("'config.json' is a link to '../blobs/1234'"));
}

static void test_folder__what_has_no_weights_is_told(void **state)
{
    static const struct {
        const char *file, *part;
    } rows[] = {
        /* each comes before those above it */
        {"f/x.safetensors", "rename it to 'model.safetensors'"},
        {"f/model.safetensors.dvc", "'dvc pull' fetches the file"},
        {"f/onnx", "'onnx' is of ONNX"},
        {"f/model.onnx", "'model.onnx' is of ONNX"},
        {"f/tf_model.h5", "'tf_model.h5' is of TensorFlow"},
        {"f/x.pt", "'x.pt' is a PyTorch pickle"},
        {"f/pytorch_model-00001-of-00002.bin", "is a PyTorch pickle"},
        {"f/pytorch_model.bin.index.json", "lists PyTorch pickles"},
        {"f/pytorch_model.bin", "'pytorch_model.bin' is a PyTorch pickle"},
        {"f/model.safetensors.incomplete",
         "'model.safetensors.incomplete' is not finished"},
    };

    make(state, "f");
    scratch_text(state, "f/config.json", "{}");
    check_refused(state, "f", PARTS("neither 'model.safetensors' nor"));
    make(state, "f/.cache");
    make(state, "f/.cache/huggingface");
    make(state, "f/.cache/huggingface/download");
    scratch_text(state, "f/.cache/huggingface/download/1.incomplete", "");
    check_refused(state, "f", PARTS("its download is not finished"));
    for (size_t i = 0; i < JC_COUNT(rows); i++) {
        scratch_text(state, rows[i].file, "");
        check_refused(state, "f", PARTS(rows[i].part));
    }
    make(state, "g");
    scratch_text(state, "g/config.json", "{}");
    make(state, "g/checkpoint-5");
    scratch_text(state, "g/checkpoint-5/config.json", "{}");
    check_refused(state, "g", PARTS("it has no 'model.safetensors'", "'checkpoint-5'"));
    scratch_text(state, "g/model.safetensors.index.json",
                 "{\"weight_map\": {\"a\": \"m-1.safetensors\"}}");
    assert_int_equal(symlink("../1", scratch_path(state, "g/m-1.safetensors")), 0);
    check_refused(state, "g", PARTS("'m-1.safetensors' is a link to '../1'"));
    assert_int_equal(symlink("../1", scratch_path(state, "f/model.safetensors")), 0);
    check_refused(state, "f", PARTS("'model.safetensors' is a link to '../1'"));
}

/* A model with an adapter beside it opens, with a note. */
static void test_folder__an_adapter_beside_a_model_is_noted(void **state)
{
    jc_st_writer *w;
    jc_store *store;

    assert_int_equal(jc_st_writer_new(&w, scratch_path(state, "model.safetensors"), NULL),
                     JC_OK);
    assert_int_equal(jc_st_writer_commit(w, NULL), JC_OK);
    scratch_text(state, "config.json", "{}");
    assert_int_equal(jc_store_open(&store, *state, NULL), JC_OK);
    assert_null(jc_store_note(store, 0));
    jc_store_close(store);
    scratch_text(state, "model.safetensors.aria2",
                 ""); /* it has its length from the start */
    check_refused(state, ".", PARTS("not finished", "model.safetensors.aria2' says"));
    assert_int_equal(unlink(scratch_path(state, "model.safetensors.aria2")), 0);
    scratch_text(state, "adapter_config.json", "{}");
    assert_int_equal(jc_store_open(&store, *state, NULL), JC_OK);
    assert_non_null(jc_store_note(store, 0));
    assert_non_null(strstr(jc_store_note(store, 0), "adapter (LoRA)"));
    assert_null(jc_store_note(store, 1));
    jc_store_close(store);
}

static void test_folder__a_file_that_is_something_else_is_told(void **state)
{
    scratch_text(state, "m.gguf", "version https://git-lfs.github.com/spec/v1\n");
    check_refused(state, "m.gguf", PARTS("git-lfs pointer", "git lfs pull"));
    static const char *const names[] = {"org/model-1b", "gpt2", "/x",    "./a/b",
                                        "../a",         "x y",  "a/b/c", "a/b.gguf"};
    for (size_t i = 0; i < JC_COUNT(names); i++) {
        jc_store *store;
        jc_error err = {JC_OK, ""};
        assert_int_equal(jc_store_open(&store, names[i], &err), JC_E_IO);
        assert_int_equal(strstr(err.message, "hf download") != NULL, i < 2);
    }
    check_refused(state, "https://hub/gpt2", PARTS("it is an address", "name its folder"));
    jc_store *home;
    jc_error why;
    assert_int_equal(jc_store_open(&home, "~/models/x", &why), JC_E_IO);
    assert_non_null(strstr(why.message, "home folder"));
    scratch_text(state, "n.gguf.part", "");
    check_refused(state, "n.gguf", PARTS("not finished", "n.gguf.part' says"));
    make(state, "models");
    make(state, "models/gpt2");
    check_refused(state, "models/gtp2", PARTS("no such folder", "did you mean 'gpt2'?"));
    scratch_text(state, "plain", "text");
    check_refused(state, "plain", PARTS("it is a file, neither a folder nor GGUF"));
    make(state, "f");
    scratch_text(state, "f/config.json", "<!DOCTYPE html>");
    check_refused(state, "f", PARTS("config.json", "web page"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(test_folder__a_cache_leads_to_its_snapshot),
        SCRATCH_TEST(test_folder__one_gguf_file_is_the_model),
        SCRATCH_TEST(test_folder__what_has_no_configuration_is_told),
        SCRATCH_TEST(test_folder__what_has_no_weights_is_told),
        SCRATCH_TEST(test_folder__an_adapter_beside_a_model_is_noted),
        SCRATCH_TEST(test_folder__a_file_that_is_something_else_is_told),
    };
    return cmocka_run_group_tests_name("store/folder", tests, NULL, NULL);
}
