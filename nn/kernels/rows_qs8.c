#include "nn/kernels/rows_qs8.h"

#include "nn/base/cpu.h"

#include <string.h>

static void fill_s16_c(size_t rows, size_t count, const int8_t *x, size_t x_stride,
                       int32_t zero_point, void *out, size_t out_stride) {
    int16_t *to = out;

    for (; rows; rows--, x += x_stride, to += out_stride) {
        for (size_t i = 0; i < count; i++)
            to[i] = (int16_t)(x[i] - zero_point);
    }
}

static void fill_u8_c(size_t rows, size_t count, const int8_t *x, size_t x_stride,
                      int32_t zero_point, void *out, size_t out_stride) {
    uint8_t *to = out;

    (void)zero_point;
    for (; rows; rows--, x += x_stride, to += out_stride) {
        for (size_t i = 0; i < count; i++)
            to[i] = (uint8_t)(x[i] + 128);
    }
}

static void fill_s8_c(size_t rows, size_t count, const int8_t *x, size_t x_stride,
                      int32_t zero_point, void *out, size_t out_stride) {
    int8_t *to = out;

    (void)zero_point;
    for (; rows; rows--, x += x_stride, to += out_stride)
        memcpy(to, x, count);
}

static void fill_3x3x3_s16_c(size_t rows, const int8_t *x, size_t x_stride, size_t x_row,
                             int32_t zero_point, void *out, size_t out_stride) {
    int16_t *to = out;

    for (; rows; rows--, x += x_stride, to += out_stride) {
        fill_s16_c(3, 9, x, x_row, zero_point, to, 9);
        memset(to + 27, 0, (out_stride - 27) * sizeof(*to));
    }
}

static void fill_3x3x3_u8_c(size_t rows, const int8_t *x, size_t x_stride, size_t x_row,
                            int32_t zero_point, void *out, size_t out_stride) {
    uint8_t *to = out;

    for (; rows; rows--, x += x_stride, to += out_stride) {
        fill_u8_c(3, 9, x, x_row, zero_point, to, 9);
        memset(to + 27, 0, out_stride - 27);
    }
}

static void fill_3x3x3_s8_c(size_t rows, const int8_t *x, size_t x_stride, size_t x_row,
                            int32_t zero_point, void *out, size_t out_stride) {
    int8_t *to = out;

    for (; rows; rows--, x += x_stride, to += out_stride) {
        fill_s8_c(3, 9, x, x_row, zero_point, to, 9);
        memset(to + 27, 0, out_stride - 27);
    }
}

static void sum_s16_c(size_t rows, size_t k, const void *x, size_t x_stride, int32_t zero_point,
                      int32_t *sums) {
    const int16_t *row = x;

    (void)zero_point;
    for (size_t r = 0; r < rows; r++, row += x_stride) {
        sums[r] = 0;
        for (size_t i = 0; i < k; i++)
            sums[r] += row[i];
    }
}

static void sum_u8_c(size_t rows, size_t k, const void *x, size_t x_stride, int32_t zero_point,
                     int32_t *sums) {
    const uint8_t *row = x;

    for (size_t r = 0; r < rows; r++, row += x_stride) {
        sums[r] = 0;
        for (size_t i = 0; i < k; i++)
            sums[r] += row[i] - 128 - zero_point;
    }
}

static void sum_s8_c(size_t rows, size_t k, const void *x, size_t x_stride, int32_t zero_point,
                     int32_t *sums) {
    const int8_t *row = x;

    for (size_t r = 0; r < rows; r++, row += x_stride) {
        sums[r] = 0;
        for (size_t i = 0; i < k; i++)
            sums[r] += row[i] - zero_point;
    }
}

void mnet_rows_qs8_init(MnetRowsQs8 *rows, MnetRowType type, uint32_t cpu_features) {
    static const MnetRowsQs8 kernels[MNET_ROW_TYPES] = {
        {MNET_ROW_S16, sizeof(int16_t), fill_s16_c, fill_3x3x3_s16_c, sum_s16_c},
        {MNET_ROW_U8, 1, fill_u8_c, fill_3x3x3_u8_c, sum_u8_c},
        {MNET_ROW_S8, 1, fill_s8_c, fill_3x3x3_s8_c, sum_s8_c},
    };

    *rows = kernels[type];
#ifdef __x86_64__
    if (cpu_features & MNET_CPU_AVX2)
        mnet_rows_qs8_init_avx2(rows);
#endif
}
