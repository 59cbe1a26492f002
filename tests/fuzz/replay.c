/* SPDX-License-Identifier: MIT */
/* replay.c FOLDER...: give each file of a corpus to a fuzz target, without a fuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* 1 when the file was given, 0 when it is no file, -1 when it cannot be read. */
static int replay(const char *folder, const char *name)
{
    char path[4096];
    struct stat info;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (stat(path, &info) != 0)
        return -1;
    if (!S_ISREG(info.st_mode))
        return 0;
    size_t size = (size_t)info.st_size;
    uint8_t *data = malloc(size ? size : 1); /* of the exact size, for the sanitizer */
    FILE *f = fopen(path, "rb");
    int given = data && f && fread(data, 1, size, f) == size ? 1 : -1;
    if (f)
        fclose(f);
    if (given == 1)
        LLVMFuzzerTestOneInput(data, size);
    free(data);
    return given;
}

int main(int argc, char **argv)
{
    int n = 0, failed = 0;

    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        if (!folder) {
            fprintf(stderr, "replay: cannot open '%s'\n", argv[i]);
            return 1;
        }
        for (struct dirent *e = readdir(folder); e; e = readdir(folder)) {
            int given = replay(argv[i], e->d_name);
            n += given == 1;
            failed += given < 0;
        }
        closedir(folder);
    }
    printf("%d inputs replayed, %d could not be read\n", n, failed);
    return n > 0 && failed == 0 ? 0 : 1;
}
