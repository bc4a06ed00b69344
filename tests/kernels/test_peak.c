/* Loops that measure peaks do all their rounds, and each has another name. */
#include "nn/kernels/peak.h"

#include "nn/base/cpu.h"
#include "tests/test.h"

#include <math.h>

/* A round adds as much as any other. Only C's loop of whole numbers cuts its sums instead. */
static void test_rounds(const MnetPeakKernel *kernel) {
    float few = kernel->run(1), many = kernel->run(101), more = kernel->run(201);
    CHECK(many == kernel->run(101), "%s %s", kernel->type, kernel->isa);
    if (!strcmp(kernel->type, "qs8") && !strcmp(kernel->isa, "c"))
        return;
    CHECK(many != few, "%s %s", kernel->type, kernel->isa);
    CHECK(fabsf((more - many) - (many - few)) <= 1e-5f * fabsf(more), "%s %s: %g, %g, %g",
          kernel->type, kernel->isa, few, many, more);
}

int main(void) {
    MnetPeakKernels kernels;
    mnet_peak_kernels_init(&kernels, mnet_cpu_features());
    CHECK(kernels.n >= 2 && kernels.n <= MNET_PEAK_MOST, "%d", kernels.n);
    for (int i = 0; i < kernels.n; i++) {
        const MnetPeakKernel *kernel = &kernels.kernels[i];
        CHECK(kernel->macs > 0, "%s %s", kernel->type, kernel->isa);
        for (int k = 0; k < i; k++)
            CHECK(strcmp(kernel->isa, kernels.kernels[k].isa) != 0 ||
                      strcmp(kernel->type, kernels.kernels[k].type) != 0,
                  "%s %s twice", kernel->type, kernel->isa);
        test_rounds(kernel);
        printf("peak_%s_%s\n", kernel->type, kernel->isa);
    }
    return test_end();
}
