/** What the loops share that keep sums in vector registers. */
#ifndef MNET_KERNELS_X86_PEAK_SUMS_H
#define MNET_KERNELS_X86_PEAK_SUMS_H

/** More than the latency of a multiply-add times its rate: 4 or 5 cycles by 2. */
#define MNET_PEAK_SUMS 12

/** Before a loop over the sums. */
#ifdef __clang__
#define MNET_PEAK_UNROLL _Pragma("clang loop unroll(full)")
#else
#define MNET_PEAK_UNROLL _Pragma("GCC unroll 16")
#endif

/** Another value for all that the compiler knows, so that it neither merges what is alike nor moves
 * it. */
#define MNET_PEAK_FORGET(value) __asm__ volatile("" : "+v"(value))

#endif
