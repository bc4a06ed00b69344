#include "nn/tools/profile.h"

#include "nn/base/cpu.h"
#include "nn/base/threads.h"
#include "nn/kernels/peak.h"
#include "nn/model.h"
#include "nn/plan/profile.h"
#include "nn/tools/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_RUNS = 5, MOST_RUNS = 5000, BURSTS = 20 };
#define BURST_MS 5.0

typedef struct Burst {
    const MnetPeakKernel *kernel;
    size_t rounds;
} Burst;

/* Where sums go that nobody wants: a kernel whose result is unused may be left out. */
static volatile float sink;

static void run_burst(void *data, const MnetPart *part) {
    const Burst *burst = data;
    for (int unit = part->begin; unit < part->end; unit++)
        sink = burst->kernel->run(burst->rounds);
}

static double time_burst(Burst *burst, int threads) {
    double start = tool_now_ms();
    mnet_threads_run(threads, threads, 1, run_burst, burst);
    return tool_now_ms() - start;
}

/*
 * GMAC/s of the fastest of some bursts, each far longer than a clock needs to settle and shorter
 * than a time slice: others on the machine make bursts slower and never faster.
 */
static double measure_peak(const MnetPeakKernel *kernel, int threads) {
    Burst burst = {kernel, 1024};
    double ms, best;
    while ((ms = time_burst(&burst, threads)) < BURST_MS)
        burst.rounds *= 2;
    best = ms;
    for (int i = 0; i < BURSTS; i++) {
        ms = time_burst(&burst, threads);
        best = ms < best ? ms : best;
    }
    return (double)burst.rounds * kernel->macs * threads * 1e-6 / best;
}

static int is_type(const MnetPeakKernel *kernel, const char *type) {
    return !strcmp(kernel->type, type);
}

typedef struct Peaks {
    MnetPeakKernels kernels;
    MnetPlanPeak measured[MNET_PEAK_MOST];
    double f32, qs8; /* the highest of each type */
} Peaks;

static double highest(const Peaks *peaks, const char *type) {
    double best = 0;
    for (int i = 0; i < peaks->kernels.n; i++)
        if (is_type(&peaks->kernels.kernels[i], type) && peaks->measured[i].gmacs > best)
            best = peaks->measured[i].gmacs;
    return best;
}

static void measure_peaks(Peaks *peaks, int threads) {
    mnet_peak_kernels_init(&peaks->kernels, mnet_cpu_features());
    for (int i = 0; i < peaks->kernels.n; i++) {
        const MnetPeakKernel *kernel = &peaks->kernels.kernels[i];
        peaks->measured[i] = (MnetPlanPeak){.is_float = !is_type(kernel, "qs8"),
                                            .isa = kernel->isa,
                                            .gmacs = measure_peak(kernel, threads)};
    }
    peaks->f32 = highest(peaks, "f32");
    peaks->qs8 = highest(peaks, "qs8");
}

static void print_peaks_json(const Peaks *peaks, int threads, const char *cpu) {
    printf("{\"peak_gmacs\": {\"f32\": %.1f, \"qs8\": %.1f}, \"kernels\": {", peaks->f32,
           peaks->qs8);
    for (int i = 0; i < peaks->kernels.n; i++)
        printf("%s\"peak_%s_%s\": %.1f", i ? ", " : "", peaks->kernels.kernels[i].type,
               peaks->kernels.kernels[i].isa, peaks->measured[i].gmacs);
    printf("}, \"threads\": %d, \"cpu\": \"%s\"}\n", threads, cpu);
}

void tool_print_peak(int threads, int json) {
    char names[256];
    Peaks peaks;
    measure_peaks(&peaks, threads);
    mnet_cpu_names(mnet_cpu_features(), names, sizeof names);
    if (json) {
        print_peaks_json(&peaks, threads, names);
        return;
    }
    printf("peak, %d thread%s, %s\n", threads, threads == 1 ? "" : "s", names);
    for (int i = 0; i < peaks.kernels.n; i++) {
        const MnetPeakKernel *kernel = &peaks.kernels.kernels[i];
        printf("%-4s %7.1f GMAC/s  peak_%s_%s\n", kernel->type, peaks.measured[i].gmacs,
               kernel->type, kernel->isa);
    }
}

static void fill_input(void *input, const MnetTensor *tensor) {
    tool_noise(input, (size_t)mnet_tensor_elements(tensor), tensor->dtype);
}

void tool_print_profile(const char *path, const MnetModelOptions *options, int threads,
                        double seconds) {
    char names[256];
    MnetError error;
    Peaks peaks;
    MnetPlanMemory *memory;
    MnetModel *model = tool_open_model(path, options);
    const MnetGraph *graph = &model->graph;

    if (mnet_plan_memory_new(model->plan, threads, &memory, &error))
        tool_fail("%s", error.message);
    measure_peaks(&peaks, threads);

    double start = tool_now_ms();
    for (int i = 0; i < LEAST_RUNS; i++) {
        void *input = mnet_plan_memory_tensor(memory, graph->input);
        if (input)
            fill_input(input, &graph->tensors[graph->input]);
        mnet_plan_run(model->plan, memory);
    }
    double fitting = seconds * 1e3 * LEAST_RUNS / (tool_now_ms() - start);
    int runs = fitting < LEAST_RUNS ? LEAST_RUNS : fitting > MOST_RUNS ? MOST_RUNS : (int)fitting;
    char *text = mnet_plan_profile(model->plan, memory, runs,
                                   (MnetPlanPeaks){peaks.measured, peaks.kernels.n}, fill_input);
    if (!text)
        tool_fail("out of memory");
    printf("%s, %d thread%s, %s; peak %.1f f32, %.1f qs8 GMAC/s; medians of %d runs\n%s",
           mnet_model_info(model)->name, threads, threads == 1 ? "" : "s",
           mnet_cpu_names(mnet_cpu_features(), names, sizeof names), peaks.f32, peaks.qs8, runs,
           text);
    free(text);
    mnet_plan_memory_free(&memory);
    mnet_model_unref(&model);
}
