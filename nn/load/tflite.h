/**
 * TFLite -> graph, between the files of this loader: tflite.c (the model and its tensors),
 * tflite_op.c (one operator and its arguments), tflite_build.c and tflite_shape.c (what each
 * operator becomes), tflite_metadata.c, tflite_names.c. The schema is
 * tensorflow/compiler/mlir/lite/schema/schema.fbs (version 3); fields are named by number at their
 * use.
 *
 * A tensor of the file has the same id in the graph; what the loader adds comes behind. Of several
 * subgraphs the first is the model.
 */
#ifndef MNET_LOAD_TFLITE_H
#define MNET_LOAD_TFLITE_H

#include "nn/graph/graph.h"
#include "nn/load/flatbuffer.h"

#define MNET_TFLITE_MAX_ARGS 64

/** BuiltinOperator: those that are supported. */
enum {
    TFLITE_ADD = 0,
    TFLITE_AVERAGE_POOL_2D = 1,
    TFLITE_CONCATENATION = 2,
    TFLITE_CONV_2D = 3,
    TFLITE_DEPTHWISE_CONV_2D = 4,
    TFLITE_DEQUANTIZE = 6,
    TFLITE_FULLY_CONNECTED = 9,
    TFLITE_LOGISTIC = 14,
    TFLITE_MAX_POOL_2D = 17,
    TFLITE_MUL = 18,
    TFLITE_RELU = 19,
    TFLITE_RELU_N1_TO_1 = 20,
    TFLITE_RELU6 = 21,
    TFLITE_RESHAPE = 22,
    TFLITE_SOFTMAX = 25,
    TFLITE_TANH = 28,
    TFLITE_PAD = 34,
    TFLITE_GATHER = 36,
    TFLITE_TRANSPOSE = 39,
    TFLITE_MEAN = 40,
    TFLITE_SUB = 41,
    TFLITE_DIV = 42,
    TFLITE_SQUEEZE = 43,
    TFLITE_STRIDED_SLICE = 45,
    TFLITE_SPLIT = 49,
    TFLITE_CAST = 53,
    TFLITE_MAXIMUM = 55,
    TFLITE_MINIMUM = 57,
    TFLITE_PADV2 = 60,
    TFLITE_SLICE = 65,
    TFLITE_EXPAND_DIMS = 70,
    TFLITE_SHAPE = 77,
    TFLITE_PACK = 83,
    TFLITE_SPLIT_V = 102,
    TFLITE_QUANTIZE = 114,
    TFLITE_HARD_SWISH = 117,
    TFLITE_RELU_0_TO_1 = 152,
};

typedef struct MnetTflite {
    MnetFlatbuffer buffer;
    MnetGraph *graph;
    MnetTable model, subgraph;
    MnetVector codes, buffers, tensors;
    bool *made; /* for each tensor of the file: is there a value, as a constant, the input, or an
                   earlier output? */
    int *depthwise;      /* for each tensor of the file: the same weights as [O, KH, KW, 1];
                            MNET_NO_TENSOR before */
    size_t memory_limit; /* of the graph's arena: a small file must not ask for much */
} MnetTflite;

/** An operator that is being built. */
typedef struct MnetTfliteOp {
    MnetTflite *file;
    MnetError *error;
    const struct MnetTfliteBuilder *builder;
    const char *name; /* "CONV_2D" */
    int index;        /* in the subgraph */
    MnetTable options;
    int n_inputs, n_outputs;
    int inputs[MNET_TFLITE_MAX_ARGS]; /* tensor ids or MNET_NO_TENSOR */
    int outputs[MNET_TFLITE_MAX_ARGS];
} MnetTfliteOp;

/** What becomes of one kind of operator. `variant` tells apart the kinds that one function builds.
 */
typedef struct MnetTfliteBuilder {
    int code;    /* BuiltinOperator */
    int options; /* BuiltinOptions: the type of its options table */
    int min_inputs, max_inputs;
    MnetStatus (*build)(MnetTfliteOp *op);
    int variant;
} MnetTfliteBuilder;

/* tflite_names.c */

/** Name of a BuiltinOperator; NULL where the schema has none. */
const char *mnet_tflite_op_name(int code);
/** Name of a TensorType, such as "INT16"; NULL where the schema has none. */
const char *mnet_tflite_type_name(int type);

/* tflite_op.c: errors name the file, the operator and its place */

/** Reads operator `index`, checks its arguments and builds it. */
MnetStatus mnet_tflite_op(MnetTflite *file, const MnetTable *table, int index, MnetError *error);

MnetStatus mnet_tflite_op_fail(const MnetTfliteOp *op, MnetStatus status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
MnetStatus mnet_tflite_op_no_memory(const MnetTfliteOp *op);

/** Tensor of input or output i. Goes stale when a tensor is added. */
MnetTensor *mnet_tflite_input(const MnetTfliteOp *op, int i);
MnetTensor *mnet_tflite_output(const MnetTfliteOp *op, int i);

/** Exactly `count` integers of input i, which must be a constant; `what` names them in the error.
 */
MnetStatus mnet_tflite_integers(const MnetTfliteOp *op, int i, const char *what, int count,
                                int64_t *values);
/** One axis of a tensor of `rank` dimensions, negative counting from the end -> 0 to rank - 1. */
MnetStatus mnet_tflite_axis(const MnetTfliteOp *op, int64_t axis, int rank, int *out);
/** ActivationFunctionType in field `field` of the options. */
MnetStatus mnet_tflite_fused(const MnetTfliteOp *op, int field, MnetActivation *activation);
MnetActivation mnet_tflite_clamp(float lo, float hi);

/** Makes a constant of float16 or quantised integers float32, in place. Nothing where it is float32
 * already. */
MnetStatus mnet_tflite_make_float(const MnetTfliteOp *op, int tensor);

/** The node of this operator, its first `n_inputs` inputs and all outputs set; NULL when out of
 * memory. */
MnetNode *mnet_tflite_node(const MnetTfliteOp *op, MnetOpKind kind, int n_inputs);
/** RESHAPE of `from` to tensor `to`, whose shape is known. */
MnetStatus mnet_tflite_reshape_to(const MnetTfliteOp *op, int from, int to);
/** A tensor of the type and quantisation of `like`; MNET_NO_TENSOR when out of memory. */
int mnet_tflite_tensor_like(const MnetTfliteOp *op, int like, int rank, const int32_t *dims);

/* tflite_build.c, tflite_shape.c */

extern const MnetTfliteBuilder mnet_tflite_compute_builders[];
extern const int mnet_tflite_n_compute_builders;
extern const MnetTfliteBuilder mnet_tflite_shape_builders[];
extern const int mnet_tflite_n_shape_builders;

/* tflite_metadata.c */

/**
 * Reads normalisation and labels into graph->metadata. Metadata that is broken or absent leaves it
 * as it is; labels that are there but can't be read are a labels_problem.
 */
void mnet_tflite_metadata(MnetTflite *file);
/** Content of a buffer, inside the flatbuffer or behind it; false where it is outside the file. */
bool mnet_tflite_buffer(const MnetTflite *file, uint32_t index, MnetBytes *content);

#endif
