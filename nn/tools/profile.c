#include "nn/tools/profile.h"

#include "nn/base/cpu.h"
#include "nn/base/threads.h"
#include "nn/kernels/peak.h"
#include "nn/model.h"
#include "nn/plan/profile.h"
#include "nn/tools/tool.h"

#include <stdio.h>
#include <stdlib.h>

enum { LEAST_RUNS = 5, MOST_RUNS = 5000, BURSTS = 20 };
#define BURST_MS 5.0

typedef struct Burst {
    const MnetPeakKernels *kernels;
    size_t rounds;
    int is_float;
} Burst;

/* Where sums go that nobody wants: a kernel whose result is unused may be left out. */
static volatile float sink;

static void run_burst(void *data, int begin, int end, int worker) {
    const Burst *burst = data;
    for (int unit = begin; unit < end; unit++)
        sink = burst->is_float ? burst->kernels->f32(burst->rounds)
                               : (float)burst->kernels->qs8(burst->rounds);
}

static double time_burst(Burst *burst, int threads) {
    double start = tool_now_ms();
    mnet_threads_run(threads, threads, run_burst, burst);
    return tool_now_ms() - start;
}

/*
 * GMAC/s of the fastest of some bursts, each far longer than a clock needs to settle and shorter
 * than a time slice: others on the machine make bursts slower and never faster.
 */
static double measure_peak(const MnetPeakKernels *kernels, int is_float, int threads) {
    Burst burst = {kernels, 1024, is_float};
    double ms, best;
    while ((ms = time_burst(&burst, threads)) < BURST_MS)
        burst.rounds *= 2;
    best = ms;
    for (int i = 0; i < BURSTS; i++) {
        ms = time_burst(&burst, threads);
        best = ms < best ? ms : best;
    }
    int macs = is_float ? kernels->f32_macs : kernels->qs8_macs;
    return (double)burst.rounds * macs * threads * 1e-6 / best;
}

void tool_print_peak(int threads, int json) {
    char names[256];
    MnetPeakKernels kernels;
    mnet_peak_kernels_init(&kernels, mnet_cpu_features());
    mnet_cpu_names(mnet_cpu_features(), names, sizeof names);
    double f32 = measure_peak(&kernels, 1, threads), qs8 = measure_peak(&kernels, 0, threads);
    if (json) {
        printf(
            "{\"peak_gmacs\": {\"f32\": %.1f, \"qs8\": %.1f}, \"threads\": %d, \"cpu\": \"%s\"}\n",
            f32, qs8, threads, names);
        return;
    }
    printf("peak, %d thread%s, %s\n", threads, threads == 1 ? "" : "s", names);
    printf("f32  %7.1f GMAC/s  %s\n", f32, kernels.f32_name);
    printf("qs8  %7.1f GMAC/s  %s\n", qs8, kernels.qs8_name);
}

static void fill_input(void *input, const MnetTensor *tensor) {
    tool_noise(input, (size_t)mnet_tensor_elements(tensor), tensor->dtype);
}

void tool_print_profile(const char *path, const MnetModelOptions *options, int threads,
                        double seconds) {
    char names[256];
    MnetError error;
    MnetPeakKernels kernels;
    MnetPlanMemory *memory;
    MnetModel *model = tool_open_model(path, options);
    const MnetGraph *graph = &model->graph;

    if (mnet_plan_memory_new(model->plan, threads, &memory, &error))
        tool_fail("%s", error.message);
    mnet_peak_kernels_init(&kernels, mnet_cpu_features());
    MnetPlanPeak peak = {.f32 = measure_peak(&kernels, 1, threads),
                         .qs8 = measure_peak(&kernels, 0, threads)};

    double start = tool_now_ms();
    for (int i = 0; i < LEAST_RUNS; i++) {
        void *input = mnet_plan_memory_tensor(memory, graph->input);
        if (input)
            fill_input(input, &graph->tensors[graph->input]);
        mnet_plan_run(model->plan, memory);
    }
    double fitting = seconds * 1e3 * LEAST_RUNS / (tool_now_ms() - start);
    int runs = fitting < LEAST_RUNS ? LEAST_RUNS : fitting > MOST_RUNS ? MOST_RUNS : (int)fitting;
    char *text = mnet_plan_profile(model->plan, memory, runs, peak, fill_input);
    if (!text)
        tool_fail("out of memory");
    printf("%s, %d thread%s, %s; peak %.1f f32, %.1f qs8 GMAC/s; medians of %d runs\n%s",
           mnet_model_info(model)->name, threads, threads == 1 ? "" : "s",
           mnet_cpu_names(mnet_cpu_features(), names, sizeof names), peak.f32, peak.qs8, runs,
           text);
    free(text);
    mnet_plan_memory_free(&memory);
    mnet_model_unref(&model);
}
