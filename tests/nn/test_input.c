/* nn/input.c against element by element: layouts, types, sizes beside the parts that are done at
 * once, threads, and tensors at odd addresses. */
#include "nn/input.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SCALE 0.037f
#define ZERO_POINT -11

static float value(size_t i) {
    return (float)((int)(i * 7919 % 20011) - 10000) * 1e-3f;
}

/* The graph's input alone, of the types that passes leave. */
static void begin(MnetGraph *graph, MnetLayout layout, MnetDtype raw, MnetDtype canonical,
                  const int32_t dims[4]) {
    mnet_graph_init(graph, "test");
    graph->input_layout = layout;
    graph->input_dtype = raw;
    graph->input = mnet_graph_add_tensor(graph, "input", canonical, 4, dims);
    if (canonical == MNET_DTYPE_QS8 &&
        !mnet_graph_set_quant(graph, &graph->tensors[graph->input].quant, SCALE, ZERO_POINT))
        abort();
}

static void check(MnetLayout layout, MnetDtype raw_type, MnetDtype type, const int32_t dims[4]) {
    size_t pixels = (size_t)dims[1] * (size_t)dims[2], channels = (size_t)dims[3];
    size_t count = pixels * channels, raw_size = mnet_dtype_size(raw_type);
    size_t size = mnet_dtype_size(type);
    uint8_t *raw = malloc(count * raw_size + 1), *out = malloc(count * size + 1);
    MnetGraph graph;

    begin(&graph, layout, raw_type, type, dims);
    const MnetInput input = mnet_input_make(&graph);
    for (int run = 0; run < 4; run++) {
        uint8_t *from = raw + run % 2;
        size_t wrong = 0;

        for (size_t i = 0; i < count; i++) {
            float x = value(i);
            if (raw_type == MNET_DTYPE_F32)
                memcpy(from + 4 * i, &x, sizeof x);
            else
                from[i] = (uint8_t)(i * 89);
        }
        memset(out, 0x5a, count * size + 1);
        mnet_input_write(&input, 1 + run / 2, from, out);
        for (size_t i = 0; i < count; i++) {
            size_t pixel = i / channels, c = i % channels;
            size_t at = layout == MNET_LAYOUT_NCHW ? c * pixels + pixel : i;

            if (type == MNET_DTYPE_F32) {
                float x = value(at);
                wrong += memcmp(out + 4 * i, &x, sizeof x) != 0;
            } else if (raw_type == MNET_DTYPE_F32) {
                float q = rintf(value(at) / SCALE) + ZERO_POINT;
                wrong += (int8_t)out[i] != (q < -128 ? -128 : q > 127 ? 127 : (int)q);
            } else {
                int x = (uint8_t)(at * 89);
                wrong += (int8_t)out[i] != (raw_type == MNET_DTYPE_QU8 ? x - 128 : (int8_t)x);
            }
        }
        CHECK(!wrong && out[count * size] == 0x5a, "%zu pixels of %zu, run %d: %zu of %zu wrong",
              pixels, channels, run, wrong, count);
    }
    mnet_graph_clear(&graph);
    free(raw);
    free(out);
}

static void all_kinds(void) {
    static const int32_t shapes[][4] = {{1, 1, 1, 1},   {1, 5, 3, 3},   {1, 32, 32, 3},
                                        {1, 41, 25, 3}, {1, 33, 64, 1}, {1, 40, 30, 4},
                                        {1, 3, 7, 40},  {1, 96, 96, 3}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int layout = 0; layout < 2; layout++) {
            check((MnetLayout)layout, MNET_DTYPE_F32, MNET_DTYPE_F32, shapes[s]);
            check((MnetLayout)layout, MNET_DTYPE_F32, MNET_DTYPE_QS8, shapes[s]);
            check((MnetLayout)layout, MNET_DTYPE_QU8, MNET_DTYPE_QS8, shapes[s]);
            check((MnetLayout)layout, MNET_DTYPE_QS8, MNET_DTYPE_QS8, shapes[s]);
        }
}

int main(void) {
    RUN(all_kinds);
    return test_end();
}
