/** What kernels for AVX2 share. */
#ifndef MNET_KERNELS_X86_INLINE_AVX2_H
#define MNET_KERNELS_X86_INLINE_AVX2_H

#include <immintrin.h>

#define MNET_INLINE static inline __attribute__((always_inline))

#endif
