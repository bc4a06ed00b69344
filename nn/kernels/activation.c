#include "nn/kernels/activation.h"

#define ROW_KERNEL(name, expression)                                                               \
    static void name##_f32_c(const MnetActivationF32 *self, const float *x, float *y,              \
                             size_t count) {                                                       \
        const MnetActivationF32 a = *self;                                                         \
        (void)a;                                                                                   \
        for (size_t i = 0; i < count; i++)                                                         \
            y[i] = (expression);                                                                   \
    }

ROW_KERNEL(clamp, mnet_clamp_f32(x[i], a.lo, a.hi))
ROW_KERNEL(hard_sigmoid, mnet_hard_sigmoid_f32(x[i], a.alpha, a.beta))
ROW_KERNEL(hard_swish, mnet_hard_swish_f32(x[i]))
ROW_KERNEL(sigmoid, mnet_sigmoid_f32(x[i]))
ROW_KERNEL(swish, mnet_swish_f32(x[i]))
ROW_KERNEL(tanh, tanhf(x[i]))

void mnet_activation_kernels_init(MnetActivationKernels *kernels, uint32_t cpu_features) {
    kernels->clamp = clamp_f32_c;
    kernels->hard_sigmoid = hard_sigmoid_f32_c;
    kernels->hard_swish = hard_swish_f32_c;
    kernels->sigmoid = sigmoid_f32_c;
    kernels->swish = swish_f32_c;
    kernels->tanh = tanh_f32_c;
}
