/** What mnet-bench prints besides whole runs: the core's peak, and where a run's time goes. */
#ifndef MNET_TOOLS_PROFILE_H
#define MNET_TOOLS_PROFILE_H

#include "nn/mnet.h"

/** Sustained multiply-adds of `threads` threads together, as text or as one JSON object. */
void tool_print_peak(int threads, int json);

/** Each step's median over as many runs as fit into `seconds`, beside the peak of `threads`
 * threads. */
void tool_print_profile(const char *path, const MnetModelOptions *options, int threads,
                        double seconds);

#endif
