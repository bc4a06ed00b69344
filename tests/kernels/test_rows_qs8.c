/*
 * Rows of int8 matrices: every tier that this CPU has against C, for each form of rows; and patches
 * of every tier against the formula.
 */
#include "nn/kernels/patches.h"
#include "nn/kernels/rows_qs8.h"
#include "tests/kernels/qs8.h"
#include "tests/test.h"

static int8_t *random_bytes(size_t n) {
    int8_t *x = poisoned(n);

    for (size_t i = 0; i < n; i++)
        x[i] = (int8_t)tier_int(-128, 127);
    return x;
}

static void filling(void) {
    for (int i = 0; i < 600; i++) {
        MnetRowType type = (MnetRowType)(i % MNET_ROW_TYPES);
        size_t rows = (size_t)tier_int(1, 9), count = (size_t)tier_int(1, 70);
        size_t x_stride = count + (size_t)(i & 8 ? tier_int(0, 20) : 0);
        size_t out_stride = count + (size_t)(i & 16 ? tier_int(0, 20) : 0), bytes;
        int8_t *x = random_bytes((rows - 1) * x_stride + count);
        int zero_point = tier_int(-128, 127);
        int32_t sums[2][9];
        MnetRowsQs8 c;
        uint8_t *expected;

        mnet_rows_qs8_init(&c, type, 0);
        bytes = ((rows - 1) * out_stride + count) * c.element;
        expected = poisoned(bytes);
        c.fill(rows, count, x, x_stride, zero_point, expected, out_stride);
        c.sum(rows, count, expected, out_stride, zero_point, sums[0]);
        for (size_t r = 0; r < rows; r++) {
            for (size_t j = 0; j < count; j++)
                sums[0][r] -= x[r * x_stride + j] - zero_point;
            CHECK(sums[0][r] == 0, "row %zu", r);
        }
        c.sum(rows, count, expected, out_stride, zero_point, sums[0]);
        for (int t = 0; t < tier_count(); t++) {
            uint8_t *out = poisoned(bytes);
            MnetRowsQs8 kernels;

            mnet_rows_qs8_init(&kernels, type, tier_features(t));
            kernels.fill(rows, count, x, x_stride, zero_point, out, out_stride);
            CHECK(!memcmp(out, expected, bytes), "type %d, %zu of %zu", type, rows, count);
            CHECK(guards_intact(out, bytes), "type %d, %zu of %zu", type, rows, count);
            kernels.sum(rows, count, out, out_stride, zero_point, sums[1]);
            CHECK(!memcmp(sums[0], sums[1], rows * sizeof(**sums)), "type %d, %zu", type, count);
            release(out);
        }
        release(expected);
        release(x);
    }
}

static int element(const MnetRowsQs8 *kernels, const uint8_t *out, size_t i) {
    if (kernels->type == MNET_ROW_S16)
        return ((const int16_t *)out)[i];
    return kernels->type == MNET_ROW_U8 ? out[i] : ((const int8_t *)out)[i];
}

/* What element i of output pixel `row` is by the definition, without the zero point. */
static int patch_element(const MnetPatches *p, const int8_t *x, int zero_point, int row, int i) {
    int c = i % p->n_channels, kx = i / p->n_channels % p->kernel[1];
    int ky = i / p->n_channels / p->kernel[1];
    int ox = row % p->out_size[1], oy = row / p->out_size[1] % p->out_size[0];
    int image = row / p->out_size[1] / p->out_size[0];
    int sy = oy * p->stride[0] - p->pad[0] + ky * p->dilation[0];
    int sx = ox * p->stride[1] - p->pad[1] + kx * p->dilation[1];

    if (sy < 0 || sx < 0 || sy >= p->size[0] || sx >= p->size[1])
        return 0;
    return x[((image * p->size[0] + sy) * p->size[1] + sx) * p->channels + p->channel + c] -
           zero_point;
}

static MnetPatches random_patches(bool first_convolution) {
    MnetPatches p = {.channels = first_convolution ? 3 : tier_int(1, 9)};

    p.n_channels = first_convolution || tier_int(0, 1) ? p.channels : tier_int(1, p.channels);
    p.channel = tier_int(0, p.channels - p.n_channels);
    for (int i = 0; i < 2; i++) {
        int reach, room;

        p.kernel[i] = first_convolution ? 3 : tier_int(1, 4);
        p.stride[i] = tier_int(1, 3);
        p.dilation[i] = first_convolution || tier_int(0, 2) ? 1 : 2;
        p.pad[i] = tier_int(0, p.kernel[i] - 1);
        reach = (p.kernel[i] - 1) * p.dilation[i] + 1;
        p.size[i] = tier_int(1, 20);
        room = p.size[i] + 2 * p.pad[i] - reach;
        p.out_size[i] = room < 0 ? 1 : room / p.stride[i] + 1;
    }
    return p;
}

static void patches(void) {
    for (int i = 0; i < 400; i++) {
        MnetPatches p = random_patches(i & 1);
        int batch = tier_int(1, 2), zero_point = tier_int(-128, 127);
        int all = batch * p.out_size[0] * p.out_size[1], first = tier_int(0, all - 1);
        size_t rows = (size_t)tier_int(1, all - first);
        size_t k = (size_t)(p.kernel[0] * p.kernel[1] * p.n_channels);
        size_t stride = k + (size_t)tier_int(0, 7);
        int8_t *x = random_bytes((size_t)(batch * p.size[0] * p.size[1] * p.channels));

        for (int t = 0; t < tier_count() * MNET_ROW_TYPES; t++) {
            MnetRowsQs8 kernels;
            uint8_t *out;
            int wrong = 0;

            mnet_rows_qs8_init(&kernels, (MnetRowType)(t % MNET_ROW_TYPES),
                               tier_features(t / MNET_ROW_TYPES));
            out = poisoned(rows * stride * kernels.element);
            mnet_patches_qs8(&p, x, zero_point, (size_t)first, rows, &kernels, out, stride);
            for (size_t r = 0; r < rows; r++) {
                for (size_t j = 0; j < stride; j++) {
                    int expected = 0;

                    if (j < k)
                        expected = patch_element(&p, x, zero_point, first + (int)r, (int)j) +
                                   mnet_row_zero(kernels.type, zero_point);
                    wrong += element(&kernels, out, r * stride + j) != expected;
                }
            }
            CHECK(!wrong, "%d elements of %zux%zu, type %d", wrong, rows, stride, kernels.type);
            CHECK(guards_intact(out, rows * stride * kernels.element), "type %d", kernels.type);
            release(out);
        }
        release(x);
    }
}

int main(int argc, char **argv) {
    tier_seed(argc, argv);
    RUN(filling);
    RUN(patches);
    return test_end();
}
