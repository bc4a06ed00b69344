/** What kernels for AVX2 share. */
#ifndef MNET_KERNELS_X86_INLINE_AVX2_H
#define MNET_KERNELS_X86_INLINE_AVX2_H

#include <immintrin.h>

#define MNET_INLINE static inline __attribute__((always_inline))

/** Unrolls the next loop, whose count is known where it is inlined and at most 16, wholly. */
#ifdef __clang__
#define MNET_UNROLL _Pragma("clang loop unroll(full)")
#else
#define MNET_UNROLL _Pragma("GCC unroll 16")
#endif

#endif
