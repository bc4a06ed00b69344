/** What keeps compilers to the code that a kernel means. */
#ifndef MNET_KERNELS_X86_INLINE_H
#define MNET_KERNELS_X86_INLINE_H

#include <immintrin.h>

/** Numbers of taps, rows or kinds that are constants where such a function is called are so within
 * it, too. */
#define MNET_INLINE static inline __attribute__((always_inline))

/** Before a loop of few rounds, whose count is known where it is inlined, over an array that must
 * stay in registers. */
#ifdef __clang__
#define MNET_UNROLL _Pragma("clang loop unroll(full)")
#else
#define MNET_UNROLL _Pragma("GCC unroll 32")
#endif

/**
 * Computes a pointer or offset here, and addresses from it: compilers would work out addresses one
 * from another, or all of them ahead of time, for which there are no registers.
 */
#define MNET_KEEP(pointer) __asm__("" : "+r"(pointer))

/** No load before it is done behind it, nor the other way round: of several steps in one round of
 * a loop, compilers would load all factors first, and spill sums. */
#define MNET_STEP_ENDS() __asm__ volatile("" : : : "memory")

#endif
