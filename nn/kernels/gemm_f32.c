#include "nn/kernels/gemm_f32.h"

#include "nn/base/cpu.h"
#include "nn/kernels/vec4.h"

#define MR 4
#define NR 8

#define INLINE static inline __attribute__((always_inline))

INLINE void store(const MnetGemmF32Args *args, size_t at, const Vec4 sums[2], size_t columns) {
    Vec4 row[2] = {mnet_vec4_finish(&args->finish, sums[0]),
                   mnet_vec4_finish(&args->finish, sums[1])};
    Vec4 residual[2] = {{0}};

    if (args->residual) {
        memcpy(residual, args->residual + at, columns * sizeof(float));
        row[0] += residual[0];
        row[1] += residual[1];
    }
    memcpy(args->y + at, row, columns * sizeof(float));
}

INLINE void tile(size_t rows, const MnetGemmF32Args *args, size_t first) {
    const Vec4 *w = (const Vec4 *)args->panel;
    Vec4 sums[MR][2];

    for (size_t r = 0; r < rows; r++) {
        sums[r][0] = w[0];
        sums[r][1] = w[1];
    }
    for (size_t s = 0; s < args->segments; s++) {
        const float *x = args->x + first * args->x_stride + s * args->x_segment;

        for (size_t i = 0; i < args->k; i++) {
            w += 2;
            for (size_t r = 0; r < rows; r++) {
                sums[r][0] += x[r * args->x_stride + i] * w[0];
                sums[r][1] += x[r * args->x_stride + i] * w[1];
            }
        }
    }
    for (size_t r = 0; r < rows; r++) {
        size_t at = (first + r) * args->y_stride;

        if (args->columns == NR)
            store(args, at, sums[r], NR);
        else
            store(args, at, sums[r], args->columns);
    }
}

static void gemm_f32_4x8_c(const MnetGemmF32Args *args) {
    size_t first = 0;

    for (; first + MR <= args->rows; first += MR)
        tile(MR, args, first);
    if (args->rows - first == 3)
        tile(3, args, first);
    else if (args->rows - first == 2)
        tile(2, args, first);
    else if (args->rows - first == 1)
        tile(1, args, first);
}

void mnet_gemm_f32_kernels_init(MnetGemmF32Kernels *kernels, uint32_t cpu_features) {
    *kernels = (MnetGemmF32Kernels){
        .run = gemm_f32_4x8_c,
        .mr = MR,
        .nr = NR,
        .wide = NR,
        .lanes = NR,
        .name = "gemm_f32_4x8_c",
    };
#ifdef __x86_64__
    if (cpu_features & MNET_CPU_AVX2 && cpu_features & MNET_CPU_FMA)
        mnet_gemm_f32_kernels_init_avx2(kernels);
    if (cpu_features & MNET_CPU_AVX512)
        mnet_gemm_f32_kernels_init_avx512(kernels);
#endif
}

void mnet_gemm_f32_kernels_init_bf16(MnetGemmF32Kernels *kernels, uint32_t cpu_features) {
    mnet_gemm_f32_kernels_init(kernels, cpu_features);
#ifdef __x86_64__
    if (cpu_features & MNET_CPU_AMX_BF16)
        mnet_gemm_f32_kernels_init_amx_bf16(kernels);
#endif
}
