/*
 * A table of 256 bytes as 16 of 16, t[0] to t[15], for vpshufb, which gives 0 for an index of 128
 * or more. The index less 16 i lies in 0 to 127 for several i; the steps' tables are made so that
 * the exclusive or of what they give is what is wanted: i = 0: t[0];  i = 1 to 7: t[i] ^ t[i - 1];
 * i = 8: t[8] ^ t[7] ^ t[0];  i = 9 to 15: t[i] ^ t[i - 1] ^ t[i - 8] ^ t[i - 9] Up to i = 8 the
 * subtraction wraps around, so that an index of 128 + r takes part from i = r / 16 + 1 on; from
 * there it saturates, and nothing comes back. So an index of 16 h + l, h < 8, gathers t[h] from i =
 * 0 to h; one of 16 (8 + j) + l gathers t[7] ^ t[j] from i = j + 1 to 7, then t[8 + j] ^ t[7] ^
 * t[j] from i = 8 to 8 + j.
 */
#include "nn/kernels/quantize.h"
#include "nn/kernels/x86/inline.h"

typedef struct Steps {
    __m256i table[16];
} Steps;

MNET_INLINE Steps make_steps(const int8_t *table) {
    __m128i t[16];
    Steps steps;

    for (int i = 0; i < 16; i++) {
        __m128i step = t[i] = _mm_loadu_si128((const __m128i *)table + i);

        if (i > 0)
            step = _mm_xor_si128(step, t[i - 1]);
        if (i >= 8)
            step = _mm_xor_si128(step, t[i - 8]);
        if (i >= 9)
            step = _mm_xor_si128(step, t[i - 9]);
        steps.table[i] = _mm256_broadcastsi128_si256(step);
    }
    return steps;
}

MNET_INLINE __m256i look_up(const Steps *steps, __m256i index) {
    const __m256i sixteen = _mm256_set1_epi8(16);
    __m256i y = _mm256_shuffle_epi8(steps->table[0], index);

#pragma GCC unroll 15
    for (int i = 1; i < 16; i++) {
        index = i <= 8 ? _mm256_sub_epi8(index, sixteen) : _mm256_subs_epi8(index, sixteen);
        y = _mm256_xor_si256(y, _mm256_shuffle_epi8(steps->table[i], index));
    }
    return y;
}

static void table_qs8_avx2(size_t n, const int8_t *x, const int8_t *table, int8_t *y) {
    size_t i = 0;

    if (n >= 32) {
        const Steps steps = make_steps(table);

        for (; i + 32 <= n; i += 32)
            _mm256_storeu_si256((__m256i *)(y + i),
                                look_up(&steps, _mm256_loadu_si256((const __m256i *)(x + i))));
    }
    for (; i < n; i++)
        y[i] = table[(uint8_t)x[i]];
}

void mnet_table_qs8_kernel_init_avx2(MnetQuantizeKernels *kernels) {
    kernels->table = table_qs8_avx2;
    kernels->table_name = "table_qs8_avx2";
}
