/*
 * Feeds a fuzz target with a corpus, so that builds without libFuzzer replay it: each file of a
 * folder as it is, cut short at many lengths, and with bits flipped, always the same ones. Each
 * input lies in memory of exactly its size, for ASan.
 *
 *     replay_tflite FOLDER
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CUTS = 200, FLIPS = 1000, MAX_SIZE = 1 << 20 };

static long runs;

static void feed(const uint8_t *data, size_t size, size_t flip, unsigned bits) {
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    memcpy(copy, data, size);
    if (bits)
        copy[flip] ^= bits;
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    runs++;
}

static uint32_t next_random(uint32_t *state) {
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static void replay(const uint8_t *data, size_t size) {
    uint32_t state = 1;
    size_t step = size / CUTS + 1;
    feed(data, size, 0, 0);
    for (size_t cut = 0; cut < size; cut += step)
        feed(data, cut, 0, 0);
    for (int i = 0; i < FLIPS && size; i++) {
        size_t at = next_random(&state) % size;
        /* Single bits, and whole bytes, which reach offsets that a bit does not. */
        feed(data, size, at, i % 2 ? 1u << next_random(&state) % 8 : 1 + next_random(&state) % 255);
    }
}

int main(int argc, char **argv) {
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (!folder) {
        fprintf(stderr, "usage: %s FOLDER of the corpus\n", argv[0]);
        return 1;
    }
    uint8_t *data = malloc(MAX_SIZE);
    if (!data)
        return 1;
    for (struct dirent *entry; (entry = readdir(folder));) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (!file)
            continue;
        replay(data, fread(data, 1, MAX_SIZE, file));
        fclose(file);
    }
    free(data);
    closedir(folder);
    printf("%ld inputs\n", runs);
    return runs == 0;
}
