/*
 * A table of 256 bytes as 128 words in four registers: vpermi2w finds a byte's word in two of them
 * by the six bits above its lowest, which says which half of the word it is; the highest bit says
 * which two. The bytes in even places and those in odd ones are looked up as words of their own.
 */
#include "nn/kernels/quantize.h"
#include "nn/kernels/x86/inline.h"

typedef struct Words {
    __m512i table[4];
} Words;

/* By the lowest six bits of each index, in the last two registers where `upper` says so. */
MNET_INLINE __m512i find_words(const Words *words, __m512i index, __mmask32 upper) {
    __m512i lo = _mm512_permutex2var_epi16(words->table[0], index, words->table[1]);
    __m512i hi = _mm512_permutex2var_epi16(words->table[2], index, words->table[3]);
    return _mm512_mask_blend_epi16(upper, lo, hi);
}

MNET_INLINE __m512i look_up(const Words *words, __m512i x) {
    const __m512i left = _mm512_slli_epi16(x, 8);
    __m512i even = find_words(words, _mm512_srli_epi16(x, 1), _mm512_movepi16_mask(left));
    __m512i odd = find_words(words, _mm512_srli_epi16(x, 9), _mm512_movepi16_mask(x));

    /* to the lower half of the word, and to the higher */
    even = _mm512_mask_srli_epi16(even, _mm512_test_epi16_mask(x, _mm512_set1_epi16(1)), even, 8);
    odd = _mm512_mask_slli_epi16(odd, _mm512_testn_epi16_mask(x, _mm512_set1_epi16(0x100)), odd, 8);
    return _mm512_mask_blend_epi8(0xaaaaaaaaaaaaaaaau, even, odd);
}

static void table_qs8_avx512(size_t n, const int8_t *x, const int8_t *table, int8_t *y) {
    Words words;
    size_t i = 0;

    for (int j = 0; j < 4; j++)
        words.table[j] = _mm512_loadu_si512(table + 64 * j);
    for (; i + 64 <= n; i += 64)
        _mm512_storeu_si512(y + i, look_up(&words, _mm512_loadu_si512(x + i)));
    if (i < n) {
        __mmask64 mask = ~(__mmask64)0 >> (64 - (n - i));
        _mm512_mask_storeu_epi8(y + i, mask, look_up(&words, _mm512_maskz_loadu_epi8(mask, x + i)));
    }
}

void mnet_table_qs8_kernel_init_avx512(MnetQuantizeKernels *kernels) {
    kernels->table = table_qs8_avx512;
    kernels->table_name = "table_qs8_avx512";
}
