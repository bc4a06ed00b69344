#include "nn/kernels/move.h"

#include "nn/base/cpu.h"

#include <string.h>

/* Columns of a transposed tile: few enough that the rows it reads from stay in L1 while all of y's
 * rows are written. */
#define TILE 16

/* Elements of any type, and at any address: a caller's raw tensor may lie anywhere. */
#define MOVE_KERNELS(T, bits)                                                                      \
    typedef T __attribute__((aligned(1), may_alias)) Element##bits;                                \
                                                                                                   \
    static void gather_x##bits##_c(size_t n, const void *x, ptrdiff_t stride, void *y) {           \
        const Element##bits *from = x;                                                             \
        Element##bits *to = y;                                                                     \
                                                                                                   \
        for (size_t i = 0; i < n; i++)                                                             \
            to[i] = from[(ptrdiff_t)i * stride];                                                   \
    }                                                                                              \
                                                                                                   \
    static void transpose_x##bits##_c(size_t rows, size_t cols, const void *x, ptrdiff_t x_stride, \
                                      void *y, ptrdiff_t y_stride) {                               \
        for (size_t begin = 0; begin < cols; begin += TILE) {                                      \
            size_t end = cols - begin < TILE ? cols : begin + TILE;                                \
                                                                                                   \
            for (size_t r = 0; r < rows; r++) {                                                    \
                const Element##bits *from = (const Element##bits *)x + r;                          \
                Element##bits *to = (Element##bits *)y + (ptrdiff_t)r * y_stride;                  \
                                                                                                   \
                for (size_t c = begin; c < end; c++)                                               \
                    to[c] = from[(ptrdiff_t)c * x_stride];                                         \
            }                                                                                      \
        }                                                                                          \
    }

MOVE_KERNELS(uint8_t, 8)
MOVE_KERNELS(uint16_t, 16)
MOVE_KERNELS(uint32_t, 32)
MOVE_KERNELS(uint64_t, 64)

const MnetTranspose mnet_transpose_c[4] = {transpose_x8_c, transpose_x16_c, transpose_x32_c,
                                           transpose_x64_c};

void mnet_move_kernels_init(MnetMoveKernels *kernels, uint32_t cpu_features) {
    *kernels = (MnetMoveKernels){
        .gather = {gather_x8_c, gather_x16_c, gather_x32_c, gather_x64_c},
    };
    memcpy(kernels->transpose, mnet_transpose_c, sizeof(mnet_transpose_c));
#ifdef __x86_64__
    if (cpu_features & MNET_CPU_AVX2)
        mnet_move_kernels_init_avx2(kernels);
#endif
}
