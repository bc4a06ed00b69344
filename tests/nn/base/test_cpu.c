/* What the mask leaves; run by meson with several values of MNET_CPU, and the features expected as
 * the argument. */
#include "nn/base/cpu.h"

#include "tests/test.h"

#include <stdbool.h>

static const char
    *expected; /* "all": whatever there is; "none"; or the only names that may be left */

static void test_mask(void) {
    char names[256];
    uint32_t features = mnet_cpu_features();
    mnet_cpu_names(features, names, sizeof names);
    printf("MNET_CPU=%s leaves %s\n", getenv("MNET_CPU") ? getenv("MNET_CPU") : "", names);
    CHECK(features == mnet_cpu_features());
    if (!strcmp(expected, "none"))
        CHECK(!features && !strcmp(names, "c"), "%s", names);
    else if (strcmp(expected, "all"))
        CHECK(!strcmp(names, "c") || !strcmp(names, expected), "%s, not %s", names, expected);
    else
        CHECK(!features == !strcmp(names, "c"));
}

/* The kernel lists what it lets programs use; on x86 under nearly the same names. */
static void test_against_kernel(void) {
#if defined(__x86_64__)
    static const struct {
        uint32_t feature;
        const char *flag;
    } flags[] = {
        {MNET_CPU_AVX2, " avx2 "},         {MNET_CPU_FMA, " fma "},
        {MNET_CPU_AVX_VNNI, " avx_vnni "}, {MNET_CPU_AVX512_VNNI, " avx512_vnni "},
        {MNET_CPU_AVX512, " avx512bw "},   {MNET_CPU_AMX_INT8, " amx_int8 "},
        {MNET_CPU_AMX_BF16, " amx_bf16 "},
    };
    static char line[16384];
    FILE *file = fopen("/proc/cpuinfo", "re");
    bool found = false;
    while (file && !found && fgets(line, sizeof line, file))
        found = !strncmp(line, "flags", 5);
    if (file)
        fclose(file);
    if (!found)
        return;
    line[strcspn(line, "\n")] = ' ';
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        CHECK(!(mnet_cpu_features() & flags[i].feature) || strstr(line, flags[i].flag),
              "the kernel knows no%s", flags[i].flag);
    CHECK(strcmp(expected, "all") || !strstr(line, " avx2 ") || !strstr(line, " f16c ") ||
              mnet_cpu_features() & MNET_CPU_AVX2,
          "AVX2 was not found");
#endif
}

/* A feature goes with what it needs: kernels of a CPU that has all. */
static void test_needs(void) {
    static const struct {
        const char *mask, *left;
    } cases[] = {
        {"avx2", "avx2"},
        {"fma", "c"},
        {"avx2,avx_vnni", "avx2"},
        {"avx_vnni,fma,avx2", "avx2,fma,avx_vnni"},
        {"avx512,avx512_vnni", "c"},
        {"avx2,fma,avx512_vnni,amx_int8", "avx2,fma"},
        {"avx2,fma,avx512,amx_int8,amx_bf16", "avx2,fma,avx512,amx_bf16"},
        {"avx2,fma,avx512,avx512_vnni,amx_int8", "avx2,fma,avx512,avx512_vnni,amx_int8"},
        {"dotprod,fp16", "c"},
        {"neon,i8mm", "neon"},
        {",,c,neon,,fp16,", "neon,fp16"},
    };
    char names[256];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *unknown;
        uint32_t left = mnet_cpu_masked(UINT32_MAX, cases[i].mask, &unknown);
        CHECK(!strcmp(mnet_cpu_names(left, names, sizeof names), cases[i].left),
              "%s leaves %s, not %s", cases[i].mask, names, cases[i].left);
        CHECK(!unknown, "%s", cases[i].mask);
    }
    CHECK(mnet_cpu_masked(MNET_CPU_AVX2 | MNET_CPU_FMA, "avx2,avx512", NULL) == MNET_CPU_AVX2,
          "what the CPU lacks is no error");
    CHECK(mnet_cpu_masked(MNET_CPU_FMA | MNET_CPU_NEON, "fma,neon", NULL) == MNET_CPU_NEON);
}

static void test_unknown(void) {
    static const char *const masks[] = {"avx,c", "c,avx", "avx2,AVX2", "avx2 ,fma", "avx51,avx512"};
    static const char *const odd[] = {"avx,c", "avx", "AVX2", "avx2 ,fma", "avx51,avx512"};
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        const char *unknown = NULL;
        mnet_cpu_masked(0, masks[i], &unknown);
        CHECK(unknown && !strcmp(unknown, odd[i]), "%s", masks[i]);
    }
}

static void test_names(void) {
    char text[64] = "";
    CHECK(!strcmp(mnet_cpu_names(0, text, sizeof text), "c"));
    CHECK(!strcmp(mnet_cpu_names(MNET_CPU_AVX2 | MNET_CPU_FMA, text, sizeof text), "avx2,fma"));
    for (size_t size = 1; size < sizeof text; size++) {
        memset(text, '#', sizeof text);
        mnet_cpu_names(UINT32_MAX, text, size);
        CHECK(strlen(text) < size && text[size] == '#', "%zu", size);
    }
}

int main(int argc, char **argv) {
    expected = argc > 1 ? argv[1] : "all";
    RUN(test_mask);
    RUN(test_against_kernel);
    RUN(test_needs);
    RUN(test_unknown);
    RUN(test_names);
    return test_end();
}
