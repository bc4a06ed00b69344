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
    RUN(test_names);
    return test_end();
}
