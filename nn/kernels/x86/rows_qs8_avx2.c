#include "nn/kernels/rows_qs8.h"
#include "nn/kernels/x86/inline.h"

#include <string.h>

/* Sixteen elements each, of any type. */
MNET_INLINE void put(MnetRowType type, __m128i x, __m256i zero, void *out, size_t at) {
    if (type == MNET_ROW_S16)
        _mm256_storeu_si256((__m256i *)((int16_t *)out + at),
                            _mm256_sub_epi16(_mm256_cvtepi8_epi16(x), zero));
    else if (type == MNET_ROW_U8)
        _mm_storeu_si128((__m128i *)((uint8_t *)out + at), _mm_xor_si128(x, _mm_set1_epi8(-128)));
    else
        _mm_storeu_si128((__m128i *)((uint8_t *)out + at), x);
}

MNET_INLINE void put8(MnetRowType type, __m128i x, __m256i zero, void *out, size_t at) {
    if (type == MNET_ROW_S16)
        _mm_storeu_si128((__m128i *)((int16_t *)out + at),
                         _mm_sub_epi16(_mm_cvtepi8_epi16(x), _mm256_castsi256_si128(zero)));
    else if (type == MNET_ROW_U8)
        _mm_storel_epi64((__m128i *)((uint8_t *)out + at), _mm_xor_si128(x, _mm_set1_epi8(-128)));
    else
        _mm_storel_epi64((__m128i *)((uint8_t *)out + at), x);
}

MNET_INLINE void put1(MnetRowType type, int x, int32_t zero_point, void *out, size_t at) {
    if (type == MNET_ROW_S16)
        ((int16_t *)out)[at] = (int16_t)(x - zero_point);
    else if (type == MNET_ROW_U8)
        ((uint8_t *)out)[at] = (uint8_t)(x + 128);
    else
        ((int8_t *)out)[at] = (int8_t)x;
}

MNET_INLINE void put32(MnetRowType type, const int8_t *x, __m256i zero, void *out, size_t at) {
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(x + at));

    if (type == MNET_ROW_S16) {
        put(type, _mm256_castsi256_si128(bytes), zero, out, at);
        put(type, _mm256_extracti128_si256(bytes, 1), zero, out, at + 16);
        return;
    }
    if (type == MNET_ROW_U8)
        bytes = _mm256_xor_si256(bytes, _mm256_set1_epi8(-128));
    _mm256_storeu_si256((__m256i *)((uint8_t *)out + at), bytes);
}

/* The last elements may be written twice. */
MNET_INLINE void fill_row(MnetRowType type, size_t count, const int8_t *x, int32_t zero_point,
                          __m256i zero, void *out) {
    if (count >= 32) {
        size_t at = 0;

        for (; at + 32 <= count; at += 32)
            put32(type, x, zero, out, at);
        if (at < count)
            put32(type, x, zero, out, count - 32);
    } else if (count >= 16) {
        put(type, _mm_loadu_si128((const __m128i *)x), zero, out, 0);
        put(type, _mm_loadu_si128((const __m128i *)(x + count - 16)), zero, out, count - 16);
    } else if (count >= 8) {
        put8(type, _mm_loadl_epi64((const __m128i *)x), zero, out, 0);
        put8(type, _mm_loadl_epi64((const __m128i *)(x + count - 8)), zero, out, count - 8);
    } else {
        for (size_t i = 0; i < count; i++)
            put1(type, x[i], zero_point, out, i);
    }
}

MNET_INLINE void fill(MnetRowType type, size_t element, size_t rows, size_t count, const int8_t *x,
                      size_t x_stride, int32_t zero_point, uint8_t *out, size_t out_stride) {
    const __m256i zero = _mm256_set1_epi16((short)zero_point);

    if (x_stride == count && out_stride == count) {
        count *= rows;
        rows = rows > 0;
    }
    for (; rows; rows--, x += x_stride, out += out_stride * element)
        fill_row(type, count, x, zero_point, zero, out);
}

/*
 * A window's 27 elements are its rows' first nine, put together by shifts of bytes. Rows are stored
 * 32 elements long, those that follow overwriting what was too much; the last goes by a copy.
 */
MNET_INLINE void fill_3x3x3(MnetRowType type, size_t element, size_t rows, const int8_t *x,
                            size_t x_stride, size_t x_row, int32_t zero_point, uint8_t *out,
                            size_t out_stride) {
    const __m256i zero = _mm256_set1_epi16((short)zero_point);
    const __m128i nine = _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0);
    const __m128i two = _mm_setr_epi8(-1, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m128i eleven = _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0);
    const __m256i eleven_s16 = _mm256_cvtepi8_epi16(eleven);
    _Alignas(32) uint8_t last[64];

    for (; rows; rows--, x += x_stride, out += out_stride * element) {
        __m128i row0 = _mm_loadu_si128((const __m128i *)x);
        __m128i row1 = _mm_loadu_si128((const __m128i *)(x + x_row));
        __m128i row2 = _mm_loadu_si128((const __m128i *)(x + 2 * x_row));
        __m128i lo = _mm_blendv_epi8(_mm_slli_si128(row1, 9), row0, nine);
        __m128i hi = _mm_blendv_epi8(_mm_slli_si128(row2, 2), _mm_srli_si128(row1, 7), two);
        uint8_t *to = rows > 1 ? out : last;

        put(type, lo, zero, to, 0);
        if (type == MNET_ROW_S16)
            _mm256_storeu_si256(
                (__m256i *)(to + 32),
                _mm256_and_si256(_mm256_sub_epi16(_mm256_cvtepi8_epi16(hi), zero), eleven_s16));
        else if (type == MNET_ROW_U8)
            _mm_storeu_si128((__m128i *)(to + 16),
                             _mm_and_si128(_mm_xor_si128(hi, _mm_set1_epi8(-128)), eleven));
        else
            _mm_storeu_si128((__m128i *)(to + 16), _mm_and_si128(hi, eleven));
        if (rows == 1)
            memcpy(out, last, out_stride * element);
    }
}

/* vpsadbw takes unsigned bytes. */
MNET_INLINE void sum(size_t rows, size_t k, const uint8_t *x, size_t x_stride, uint8_t flip,
                     int32_t zero_point, int32_t *sums) {
    const __m256i flips = _mm256_set1_epi8((char)flip), zero = _mm256_setzero_si256();

    for (size_t r = 0; r < rows; r++, x += x_stride) {
        __m256i parts = zero;
        uint32_t all, tail = 0;
        __m128i half;
        size_t i = 0;

        for (; i + 32 <= k; i += 32) {
            __m256i bytes = _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)(x + i)), flips);
            parts = _mm256_add_epi32(parts, _mm256_sad_epu8(bytes, zero));
        }
        half = _mm_add_epi32(_mm256_castsi256_si128(parts), _mm256_extracti128_si256(parts, 1));
        for (; i + 8 <= k; i += 8) {
            __m128i bytes = _mm_xor_si128(_mm_loadl_epi64((const __m128i *)(x + i)),
                                          _mm_move_epi64(_mm256_castsi256_si128(flips)));
            half = _mm_add_epi32(half, _mm_sad_epu8(bytes, _mm256_castsi256_si128(zero)));
        }
        for (; i < k; i++)
            tail += x[i] ^ flip;
        all = (uint32_t)_mm_cvtsi128_si32(half) + (uint32_t)_mm_extract_epi32(half, 2) + tail;
        sums[r] = (int32_t)(all - (uint32_t)k * (uint32_t)(zero_point + 128));
    }
}

#define KERNELS(suffix, type, element)                                                             \
    static void fill_##suffix(size_t rows, size_t count, const int8_t *x, size_t x_stride,         \
                              int32_t zero_point, void *out, size_t out_stride) {                  \
        fill(type, element, rows, count, x, x_stride, zero_point, out, out_stride);                \
    }                                                                                              \
    static void fill_3x3x3_##suffix(size_t rows, const int8_t *x, size_t x_stride, size_t x_row,   \
                                    int32_t zero_point, void *out, size_t out_stride) {            \
        fill_3x3x3(type, element, rows, x, x_stride, x_row, zero_point, out, out_stride);          \
    }

KERNELS(s16_avx2, MNET_ROW_S16, sizeof(int16_t))
KERNELS(u8_avx2, MNET_ROW_U8, 1)
KERNELS(s8_avx2, MNET_ROW_S8, 1)

static void sum_u8_avx2(size_t rows, size_t k, const void *x, size_t x_stride, int32_t zero_point,
                        int32_t *sums) {
    sum(rows, k, x, x_stride, 0, zero_point, sums);
}

static void sum_s8_avx2(size_t rows, size_t k, const void *x, size_t x_stride, int32_t zero_point,
                        int32_t *sums) {
    sum(rows, k, x, x_stride, 128, zero_point, sums);
}

void mnet_rows_qs8_init_avx2(MnetRowsQs8 *rows) {
    if (rows->type == MNET_ROW_S16) {
        rows->fill = fill_s16_avx2;
        rows->fill_3x3x3 = fill_3x3x3_s16_avx2;
    } else if (rows->type == MNET_ROW_U8) {
        rows->fill = fill_u8_avx2;
        rows->fill_3x3x3 = fill_3x3x3_u8_avx2;
        rows->sum = sum_u8_avx2;
    } else {
        rows->fill = fill_s8_avx2;
        rows->fill_3x3x3 = fill_3x3x3_s8_avx2;
        rows->sum = sum_s8_avx2;
    }
}
