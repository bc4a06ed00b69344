#include "nn/plan/profile.h"

#include "nn/plan/print.h"
#include "nn/plan/step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct KernelSum {
    const char *name;
    double ms, macs;
    int steps;
} KernelSum;

static int compare_times(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int compare_kernels(const void *a, const void *b) {
    return compare_times(&((const KernelSum *)b)->ms, &((const KernelSum *)a)->ms);
}

/* times[run][step] -> medians[step] */
static void find_medians(const double *times, int runs, int n_steps, double *sorted,
                         double *medians) {
    for (int i = 0; i < n_steps; i++) {
        for (int run = 0; run < runs; run++)
            sorted[run] = times[(size_t)run * (size_t)n_steps + (size_t)i];
        qsort(sorted, (size_t)runs, sizeof *sorted, compare_times);
        medians[i] = (sorted[(runs - 1) / 2] + sorted[runs / 2]) / 2;
    }
}

static void add_to_kernel(KernelSum *sums, int *n_sums, const MnetStep *step, double ms) {
    int i = 0;

    while (i < *n_sums && strcmp(sums[i].name, step->kernel))
        i++;
    if (i == *n_sums)
        sums[(*n_sums)++] = (KernelSum){.name = step->kernel};
    sums[i].ms += ms;
    sums[i].macs += (double)step->macs;
    sums[i].steps++;
}

static void print_rate(FILE *out, double macs, double ms) {
    if (macs > 0 && ms > 0)
        fprintf(out, " %7.1f", macs * 1e-6 / ms);
    else
        fprintf(out, " %7s", "-");
}

/* "avx512" is in x_avx512 and x_avx512_vnni, where "avx512_vnni" is longer. */
static bool has_word(const char *kernel, const char *isa) {
    size_t length = strlen(isa);

    for (const char *at = kernel; (at = strstr(at, isa)); at++)
        if (at > kernel && at[-1] == '_' && (at[length] == '_' || !at[length]))
            return true;
    return false;
}

double mnet_plan_peak_of(MnetPlanPeaks peaks, const char *kernel, bool is_float) {
    const MnetPlanPeak *best = NULL;
    double highest = 0;

    for (int i = 0; i < peaks.n; i++) {
        const MnetPlanPeak *peak = &peaks.peaks[i];

        if (peak->is_float != is_float)
            continue;
        if (peak->gmacs > highest)
            highest = peak->gmacs;
        if (has_word(kernel, peak->isa) && (!best || strlen(peak->isa) > strlen(best->isa)))
            best = peak;
    }
    return best ? best->gmacs : highest;
}

static void print_step(FILE *out, const MnetPlan *plan, int i, double ms, double total,
                       MnetPlanPeaks peaks) {
    const MnetStep *step = &plan->steps[i];
    const MnetTensor *tensors = plan->graph->tensors;
    bool is_float = tensors[step->node->inputs[0]].dtype == MNET_DTYPE_F32;
    double peak = mnet_plan_peak_of(peaks, step->kernel, is_float);

    fprintf(out, "%3d %8.4f %5.1f", i, ms, total > 0 ? 100 * ms / total : 0);
    print_rate(out, (double)step->macs, ms);
    if (step->macs > 0 && ms > 0 && peak > 0)
        fprintf(out, " %5.1f", 100 * (double)step->macs * 1e-6 / ms / peak);
    else
        fprintf(out, " %5s", "-");
    fprintf(out, "  %-24s", step->kernel);
    mnet_plan_print_shape(out, &tensors[step->node->outputs[0]]);
    fprintf(out, "  %s\n", step->node->name);
}

static void print_profile(FILE *out, const MnetPlan *plan, const double *medians,
                          MnetPlanPeaks peaks, KernelSum *sums) {
    double total = 0, macs = 0;
    int n_sums = 0;

    for (int i = 0; i < plan->n_steps; i++) {
        total += medians[i];
        macs += (double)plan->steps[i].macs;
        add_to_kernel(sums, &n_sums, &plan->steps[i], medians[i]);
    }
    fprintf(out, "%3s %8s %5s %7s %5s  %-24s %s\n", "", "ms", "%", "GMAC/s", "%peak", "kernel",
            "output");
    for (int i = 0; i < plan->n_steps; i++)
        print_step(out, plan, i, medians[i], total, peaks);
    fprintf(out, "sum %8.4f %5.1f", total, 100.0);
    print_rate(out, macs, total);
    fprintf(out, "\n\n%8s %5s %7s %5s  kernel\n", "ms", "%", "GMAC/s", "steps");
    qsort(sums, (size_t)n_sums, sizeof *sums, compare_kernels);
    for (int i = 0; i < n_sums; i++) {
        fprintf(out, "%8.4f %5.1f", sums[i].ms, total > 0 ? 100 * sums[i].ms / total : 0);
        print_rate(out, sums[i].macs, sums[i].ms);
        fprintf(out, " %5d  %s\n", sums[i].steps, sums[i].name);
    }
}

char *mnet_plan_profile(const MnetPlan *plan, MnetPlanMemory *memory, int runs, MnetPlanPeaks peaks,
                        void (*fill)(void *input, const MnetTensor *tensor)) {
    const MnetGraph *graph = plan->graph;
    size_t n_steps = (size_t)plan->n_steps, size;
    double *times = calloc((size_t)runs * n_steps + 1, sizeof *times);
    double *medians = calloc(n_steps + 1, sizeof *medians);
    double *sorted = calloc((size_t)runs, sizeof *sorted);
    KernelSum *sums = calloc(n_steps + 1, sizeof *sums);
    void *input = mnet_plan_memory_tensor(memory, graph->input);
    char *text = NULL;
    FILE *out = NULL;

    if (times && medians && sorted && sums)
        out = open_memstream(&text, &size);
    if (out) {
        for (int run = 0; run < runs; run++) {
            if (input)
                fill(input, &graph->tensors[graph->input]);
            mnet_plan_run_profiled(plan, memory, times + (size_t)run * n_steps);
        }
        find_medians(times, runs, plan->n_steps, sorted, medians);
        print_profile(out, plan, medians, peaks, sums);
        if (fclose(out)) {
            free(text);
            text = NULL;
        }
    }
    free(times);
    free(medians);
    free(sorted);
    free(sums);
    return text;
}
