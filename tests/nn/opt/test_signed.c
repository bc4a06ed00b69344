#include "tests/nn/opt/build.h"

static void shifts_constants_and_zero_points(void) {
    MnetGraph g;
    begin(&g, MNET_DTYPE_QU8, 2, 2, 2);
    quantized(&g, g.input, 0.5f, 128);
    int b = quantized(&g, constant(&g, MNET_DTYPE_QU8, 1, DIMS(2), "\x00\xff"), 0.25f, 3);
    const void *in_file = g.tensors[b].data;
    g.output = quantized(&g, same(&g, MNET_OP_ADD, g.input, b), 0.5f, 255);
    g.input_dtype = MNET_DTYPE_QU8;
    g.input_quant = g.tensors[g.input].quant;
    CHECK(run(&g, mnet_opt_signed) == 3 && run(&g, mnet_opt_signed) == 0);
    CHECK(g.tensors[g.input].dtype == MNET_DTYPE_QS8);
    CHECK(g.tensors[g.input].quant.zero_point[0] == 0);
    CHECK(g.tensors[b].quant.zero_point[0] == -125 && g.tensors[b].quant.scale[0] == 0.25f);
    CHECK(g.tensors[g.output].quant.zero_point[0] == 127);
    CHECK(!memcmp(g.tensors[b].data, "\x80\x7f", 2));
    CHECK(!memcmp(in_file, "\x00\xff", 2), "the file's bytes stay");
    CHECK(g.input_quant.zero_point[0] == 128 && g.input_dtype == MNET_DTYPE_QU8,
          "the raw input stays");
    mnet_graph_clear(&g);
}

static void arrays_that_tensors_share_are_shifted_once(void) {
    MnetGraph g;
    begin(&g, MNET_DTYPE_QU8, 2, 2, 2);
    quantized(&g, g.input, 0.5f, 100);
    g.output = same(&g, MNET_OP_MAX_POOL, g.input, MNET_NO_TENSOR);
    last(&g)->attrs.pool.window =
        (MnetWindow){.kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}};
    g.tensors[g.output].quant = g.tensors[g.input].quant;
    CHECK(run(&g, mnet_opt_signed) == 2);
    CHECK(g.tensors[g.input].quant.zero_point[0] == -28);
    CHECK(g.tensors[g.output].quant.zero_point[0] == -28);
    mnet_graph_clear(&g);
}

static void plain_bytes_get_scale_1(void) {
    MnetGraph g;
    begin(&g, MNET_DTYPE_QU8, 2, 2, 2);
    g.output = same(&g, MNET_OP_DEQUANTIZE, g.input, MNET_NO_TENSOR);
    CHECK(run(&g, mnet_opt_signed) == 1);
    const MnetQuant *quant = &g.tensors[g.input].quant;
    CHECK(quant->count == 1 && quant->scale[0] == 1 && quant->zero_point[0] == -128);
    mnet_graph_clear(&g);
}

int main(void) {
    RUN(shifts_constants_and_zero_points);
    RUN(arrays_that_tensors_share_are_shifted_once);
    RUN(plain_bytes_get_scale_1);
    return test_end();
}
