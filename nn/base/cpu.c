#include "nn/base/cpu.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__aarch64__) || defined(__arm__)
#include <sys/auxv.h>
#endif

/* What a feature needs stands before it. */
static const struct {
    uint32_t feature, needs;
    const char *name;
} table[] = {
    {MNET_CPU_AVX2, 0, "avx2"},
    {MNET_CPU_FMA, MNET_CPU_AVX2, "fma"},
    {MNET_CPU_AVX_VNNI, MNET_CPU_AVX2 | MNET_CPU_FMA, "avx_vnni"},
    {MNET_CPU_AVX512, MNET_CPU_AVX2 | MNET_CPU_FMA, "avx512"},
    {MNET_CPU_AVX512_VNNI, MNET_CPU_AVX512, "avx512_vnni"},
    {MNET_CPU_AMX_INT8, MNET_CPU_AVX512_VNNI, "amx_int8"},
    {MNET_CPU_AMX_BF16, MNET_CPU_AVX512, "amx_bf16"},
    {MNET_CPU_NEON, 0, "neon"},
    {MNET_CPU_DOTPROD, MNET_CPU_NEON, "dotprod"},
    {MNET_CPU_I8MM, MNET_CPU_NEON | MNET_CPU_DOTPROD, "i8mm"},
    {MNET_CPU_FP16, MNET_CPU_NEON, "fp16"},
};

enum { N_FEATURES = sizeof table / sizeof *table };

static uint32_t without_unmet(uint32_t features) {
    for (int i = 0; i < N_FEATURES; i++)
        if ((features & table[i].needs) != table[i].needs)
            features &= ~table[i].feature;
    return features;
}

#if defined(__x86_64__) || defined(__i386__)

static uint64_t enabled_state(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

/* AMX's tile data is off until a process asks the kernel for it (arch_prctl(2)). */
static int tile_data_granted(void) {
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
    return !syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA);
}

/* Feature bits: Intel SDM volume 2, CPUID leaves 1 and 7; XCR0 bits: volume 1, chapter 13. */
static uint32_t detect(void) {
    enum { YMM = 6, ZMM = 0xe6, TILE = 0x60000 };
    uint32_t a, b, c, d, a1 = 0, b1, c1, d1, features = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
        return 0;
    uint64_t state = enabled_state();
    int fma = !!(c & bit_FMA), f16c = !!(c & bit_F16C);
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (state & YMM) != YMM)
        return 0;
    if (a >= 1)
        __get_cpuid_count(7, 1, &a1, &b1, &c1, &d1);
    features |= b & 1u << 5 && f16c ? MNET_CPU_AVX2 : 0;
    features |= fma ? MNET_CPU_FMA : 0;
    features |= a1 & 1u << 4 ? MNET_CPU_AVX_VNNI : 0;
    /* F, DQ, BW, VL */
    uint32_t avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
    if ((b & avx512) == avx512 && (state & ZMM) == ZMM) {
        features |= MNET_CPU_AVX512;
        features |= c & 1u << 11 ? MNET_CPU_AVX512_VNNI : 0;
        if (d & 1u << 24 && (state & TILE) == TILE && tile_data_granted()) { /* AMX-TILE */
            features |= d & 1u << 25 ? MNET_CPU_AMX_INT8 : 0;
            features |= d & 1u << 22 && a1 & 1u << 5 ? MNET_CPU_AMX_BF16 : 0;
        }
    }
    return features;
}

#elif defined(__aarch64__)

/* Bits of AT_HWCAP and AT_HWCAP2: the kernel's arm64 elf_hwcaps documentation. */
static uint32_t detect(void) {
    unsigned long hwcap = getauxval(AT_HWCAP), hwcap2 = getauxval(AT_HWCAP2);
    uint32_t features = hwcap & 1ul << 1 ? MNET_CPU_NEON : 0;
    features |= hwcap & 1ul << 20 ? MNET_CPU_DOTPROD : 0;
    features |= hwcap & 1ul << 10 ? MNET_CPU_FP16 : 0;
    features |= hwcap2 & 1ul << 13 ? MNET_CPU_I8MM : 0;
    return features;
}

#elif defined(__arm__)

static uint32_t detect(void) {
    return getauxval(AT_HWCAP) & 1ul << 12 ? MNET_CPU_NEON : 0;
}

#else

static uint32_t detect(void) {
    return 0;
}

#endif

/* The feature of that name; 0 for "c" and for nothing, UINT32_MAX for what is no name. */
static uint32_t find(const char *name, size_t length) {
    for (int i = 0; i < N_FEATURES; i++)
        if (strlen(table[i].name) == length && !strncmp(table[i].name, name, length))
            return table[i].feature;
    return length == 0 || (length == 1 && *name == 'c') ? 0 : UINT32_MAX;
}

uint32_t mnet_cpu_masked(uint32_t features, const char *mask, const char **unknown) {
    uint32_t keep = 0;
    const char *odd = NULL;
    while (*mask) {
        size_t length = strcspn(mask, ",");
        uint32_t feature = find(mask, length);
        if (feature != UINT32_MAX)
            keep |= feature;
        else if (!odd)
            odd = mask;
        mask += length + (mask[length] == ',');
    }
    if (unknown)
        *unknown = odd;
    return without_unmet(features & keep);
}

static void report_unknown(const char *name) {
    char known[256];
    mnet_cpu_names(UINT32_MAX, known, sizeof known);
    fprintf(stderr, "mnet: MNET_CPU: no feature is called '%.*s'; known are c,%s\n",
            (int)strcspn(name, ","), name, known);
}

static uint32_t available;

static void detect_once(void) {
    const char *mask = getenv("MNET_CPU"), *unknown = NULL;
    available = without_unmet(detect());
    if (mask && *mask)
        available = mnet_cpu_masked(available, mask, &unknown);
    if (unknown)
        report_unknown(unknown);
}

uint32_t mnet_cpu_features(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, detect_once);
    return available;
}

char *mnet_cpu_names(uint32_t features, char *text, size_t size) {
    size_t used = 0;
    snprintf(text, size, "c");
    for (int i = 0; i < N_FEATURES; i++)
        if (features & table[i].feature && used < size)
            used += snprintf(text + used, size - used, "%s%s", used ? "," : "", table[i].name);
    return text;
}
