/**
 * The engine's intermediate representation: tensors, and nodes in an order in which each input
 * stands before its use.
 *
 * A loader builds a graph whose layout is the file's (NCHW for most ONNX files). The passes of
 * nn/opt turn it into the canonical form that nn/plan runs:
 *   - every activation of rank 4 is logically N, H, W, C; convolution weights are O, KH, KW, I /
 * groups; fully connected weights are O, I. (How bytes really lie is the planner's; it is not seen
 * here.)
 *   - quantised tensors are MNET_DTYPE_QS8; what was uint8 has had 128 taken from its values and
 * zero points. Only the graph's input and output may keep the file's type: see
 * MnetGraph.input_dtype.
 *   - batch size 1 or more, all shapes known, padding explicit.
 * Which kinds and types are left after the passes is said at each MnetOpKind.
 */
#ifndef MNET_GRAPH_GRAPH_H
#define MNET_GRAPH_GRAPH_H

#include "nn/base/arena.h"
#include "nn/base/bytes.h"

#define MNET_MAX_RANK 6
#define MNET_NO_TENSOR (-1)

/** real = (q - zero_point) * scale. Per tensor (count 1), per channel along `axis` (count =
 * dims[axis]), or none (0). */
typedef struct MnetQuant {
    int count;
    int axis;
    const float *scale;
    const int32_t *zero_point;
} MnetQuant;

typedef struct MnetTensor {
    const char *name;
    MnetDtype dtype;
    int rank; /* 0 is a scalar; -1 is not known yet */
    int32_t dims[MNET_MAX_RANK];
    MnetQuant quant;
    const void *data; /* of a constant: in the file's mapping (may be unaligned!) or the graph's
                         arena; else NULL */
    size_t bytes;     /* of data */
    int maker;        /* where mnet_graph_producer() begins to look; nobody else's */
} MnetTensor;

/**
 * What is done to each element; alone as MNET_OP_ACTIVATION, or fused behind another op
 * (MnetNode.activation). On quantised tensors the parameters are in real values.
 */
typedef enum MnetActivationKind {
    MNET_ACTIVATION_NONE = 0,
    MNET_ACTIVATION_CLAMP, /* min(max(x, lo), hi): relu is 0..INFINITY, relu6 0..6, clip any */
    MNET_ACTIVATION_HARD_SIGMOID, /* min(max(alpha * x + beta, 0), 1) */
    MNET_ACTIVATION_HARD_SWISH,   /* x * min(max(x / 6 + 0.5, 0), 1) */
    MNET_ACTIVATION_SIGMOID,
    MNET_ACTIVATION_SWISH, /* x * sigmoid(x) */
    MNET_ACTIVATION_TANH
} MnetActivationKind;

typedef struct MnetActivation {
    MnetActivationKind kind;
    float lo, hi;      /* CLAMP */
    float alpha, beta; /* HARD_SIGMOID */
} MnetActivation;

typedef enum MnetPadding {
    MNET_PADDING_EXPLICIT = 0, /* pad[] as given */
    MNET_PADDING_SAME_UPPER,   /* TensorFlow's SAME: output = ceil(input / stride), the odd pixel at
                                  the end */
    MNET_PADDING_SAME_LOWER,
    MNET_PADDING_VALID
} MnetPadding;

/** Window of convolutions and pools; h before w. After the passes `padding` is EXPLICIT. */
typedef struct MnetWindow {
    int kernel[2];
    int stride[2];
    int dilation[2];
    MnetPadding padding;
    int pad[4]; /* top, left, bottom, right */
} MnetWindow;

typedef enum MnetOpKind {
    MNET_OP_NONE = 0, /* a dead node; the last pass removes it */

    /* Kept to the end. [f32 | qs8] are the types that nn/ops must run. */

    /* inputs x, w, bias (or none), residual (or none; only put there by a pass, of the output's
     * shape). x and w rank 4. groups = C and I / groups = 1 is a depthwise convolution (O may be a
     * multiple of C). real: y = activation(conv(x, w) + bias); with a residual y =
     * residual_activation(y + residual). [f32]: x, w, bias f32; w may be F16 (converted when
     * packed). [qs8]: x per tensor; w QS8 with quant.count 1 or O along axis 0, zero points may be
     * other than 0 (old uint8 models); bias S32 with scale x.scale * w.scale[o]. acc in int32; q =
     * round_to_nearest_even((float)acc * m[o]) + zero_point, m[o] = x.scale * w.scale[o] / y.scale
     * computed in double and rounded to float; then clamped to the activation's range. With a
     * residual the convolution is first brought to attrs.conv.inner (its own quantisation, with the
     * activation), then added like MNET_OP_ADD. */
    MNET_OP_CONV_2D,
    /* x [.., I], w [O, I], bias (or none) -> [.., O]. Types as MNET_OP_CONV_2D. */
    MNET_OP_FULLY_CONNECTED,
    MNET_OP_ACTIVATION, /* [f32, qs8] x -> y of the same shape; attrs none, MnetNode.activation says
                           which */
    MNET_OP_ADD, /* [f32, qs8] a, b with numpy broadcasting; then activation; also SUB, MUL, DIV */
    MNET_OP_SUB,
    MNET_OP_MUL,
    MNET_OP_DIV,
    MNET_OP_AVG_POOL, /* [f32, qs8] window; attrs.pool.count_include_pad; activation */
    MNET_OP_MAX_POOL, /* [f32, qs8] window; activation */
    MNET_OP_MEAN,     /* [f32, qs8] over attrs.reduce.axes (a bit set), keep_dims */
    MNET_OP_PAD,      /* [f32, qs8] attrs.pad.before/after a dimension, filled with the real value
                         attrs.pad.value */
    MNET_OP_CONCAT,   /* [f32, qs8] any number of inputs, attrs.axis; qs8 inputs of other scales are
                         requantised */
    MNET_OP_SPLIT, /* [f32, qs8] x -> several outputs along attrs.axis, sizes from their shapes */
    MNET_OP_SLICE, /* [f32, qs8] attrs.slice.begin/stride a dimension, sizes from the output's shape
                    */
    MNET_OP_TRANSPOSE,  /* [f32, qs8] attrs.perm: y.dims[i] = x.dims[perm[i]] */
    MNET_OP_RESHAPE,    /* [any] same elements in the same order (after the passes: a memory alias).
                           Loaders use it for flatten, squeeze, unsqueeze; input 1, if any, is the
                           shape (S32/S64), and goes when folded */
    MNET_OP_SOFTMAX,    /* [f32, qs8] along attrs.axis; attrs.beta */
    MNET_OP_QUANTIZE,   /* f32 -> qs8: q = clamp(round_to_nearest_even(x / scale) + zero_point) */
    MNET_OP_DEQUANTIZE, /* qs8 (or constant f16) -> f32 */
    MNET_OP_REQUANTIZE, /* qs8 -> qs8 of another scale or zero point; TFLite's QUANTIZE on a
                           quantised input */
    MNET_OP_TABLE, /* [qs8] y = attrs.table[(uint8_t)x]; only put there by a pass, for several ops
                      on one tensor */

    /* Gone after the passes: folded, or rewritten to the ones above. */

    MNET_OP_BATCH_NORM,        /* x, gamma, beta, mean, variance; attrs.epsilon */
    MNET_OP_IDENTITY,          /* also Dropout in inference */
    MNET_OP_SHAPE,             /* -> S64 vector */
    MNET_OP_GATHER,            /* data, indices; attrs.axis */
    MNET_OP_CAST,              /* to the output's dtype */
    MNET_OP_CONSTANT_OF_SHAPE, /* shape -> filled with attrs.value */
    MNET_OP_REDUCE_PROD,       /* integer vectors only; attrs.reduce */
    MNET_OP_COUNT
} MnetOpKind;

typedef union MnetAttrs {
    struct {
        MnetWindow window;
        int groups;
        MnetQuant inner;                    /* with a quantised residual: see MNET_OP_CONV_2D */
        MnetActivation residual_activation; /* after the residual */
    } conv;
    struct {
        MnetWindow window;
        bool count_include_pad;
        bool ceil_mode; /* of the output's size; resolved by shape inference into pad[] */
    } pool;
    struct {
        bool transpose_b; /* the file's weights are [O, I] already; when false a pass transposes the
                             constant */
    } fully_connected;
    struct {
        uint32_t axes;
        bool keep_dims;
    } reduce;
    struct {
        int32_t before[MNET_MAX_RANK], after[MNET_MAX_RANK];
        float value;
    } pad;
    struct {
        int32_t begin[MNET_MAX_RANK], stride[MNET_MAX_RANK];
        int32_t end[MNET_MAX_RANK]; /* exclusive, INT32_MAX: to the dimension's end; used by shape
                                       inference only */
    } slice;
    int32_t perm[MNET_MAX_RANK];
    struct {
        int axis;   /* of concat, split, softmax, gather; negative counts from the end until shape
                       inference */
        float beta; /* softmax */
    } along;
    const int8_t *table; /* 256 values, in the graph's arena */
    float epsilon;
    double value;
} MnetAttrs;

typedef struct MnetNode {
    MnetOpKind kind;
    const char *name;    /* of the node in the file, or of its first output */
    const char *op_type; /* the file's word, such as "Conv" or "DEPTHWISE_CONV_2D", for messages */
    int index;           /* place in the file, for messages */
    int n_inputs, n_outputs;
    int *inputs;  /* tensor ids; MNET_NO_TENSOR for an optional one left out */
    int *outputs; /* tensor ids */
    MnetAttrs attrs;
    MnetActivation activation;
} MnetNode;

/** What a model file says of its input beyond the tensors. */
typedef struct MnetMetadata {
    bool has_normalization;
    MnetNormalization normalization;
    const char *normalization_source; /* such as "TFLite metadata" */
    MnetBytes labels;           /* text of an embedded label file; size 0 where there is none */
    const char *labels_problem; /* why one that is there can't be read, and the mend; or NULL */
    const char *producer;       /* "pytorch", "tf2onnx", ... or "" */
} MnetMetadata;

typedef struct MnetGraph {
    MnetArena arena;    /* owns everything below */
    const char *file;   /* for messages */
    const char *format; /* "TFLite" or "ONNX" */
    MnetLayout
        layout; /* of rank-4 activations and convolution weights now: NCHW means NCHW and OIHW */
    MnetTensor *tensors;
    int n_tensors, tensors_capacity;
    MnetNode *nodes;
    int n_nodes, nodes_capacity;
    int input, output; /* tensor ids: a graph has one input; of several outputs in the file the
                          first counts */
    int embedding; /* tensor id of the classifier's input, or MNET_NO_TENSOR; set by the passes */

    /* The raw input and output as in the file. The canonical input tensor is NHWC and f32 or qs8;
     * the session converts at the edge (NCHW <-> NHWC, uint8 <-> int8, f32 -> qs8), so that the IR
     * stays canonical. Set by the loader, never changed by passes. */
    MnetLayout input_layout;
    MnetDtype input_dtype, output_dtype;
    MnetQuant input_quant, output_quant; /* as in the file, so uint8 zero points */
    MnetMetadata metadata;

    bool bf16; /* products of floats may round their factors to bf16 */
    char *log; /* what the passes did, a line each; may be NULL */
    size_t log_size;
} MnetGraph;

/** Ready to be built; on any failure later, mnet_graph_clear() frees what there is. */
void mnet_graph_init(MnetGraph *graph, const char *file);
void mnet_graph_clear(MnetGraph *graph);

/** Adds a tensor and returns its id; negative when out of memory. `name` is copied. Pointers to
 * tensors go stale. */
int mnet_graph_add_tensor(MnetGraph *graph, const char *name, MnetDtype dtype, int rank,
                          const int32_t *dims);
/** Adds a node at the end, its inputs and outputs all MNET_NO_TENSOR; NULL when out of memory.
 * Pointers to nodes go stale. */
MnetNode *mnet_graph_add_node(MnetGraph *graph, MnetOpKind kind, const char *name,
                              const char *op_type, int n_inputs, int n_outputs);
/** The same before nodes[at]. */
MnetNode *mnet_graph_insert_node(MnetGraph *graph, int at, MnetOpKind kind, const char *name,
                                 const char *op_type, int n_inputs, int n_outputs);

/** Per-tensor quantisation, its arrays in the graph's arena; false when out of memory. */
bool mnet_graph_set_quant(MnetGraph *graph, MnetQuant *quant, float scale, int32_t zero_point);

/** Index of the node that makes a tensor, or -1 (the input, a constant). Quick; not for two threads
 * at once. */
int mnet_graph_producer(const MnetGraph *graph, int tensor);
/** How many node inputs read a tensor, 2 or more standing for any more (the graph's output and
 * embedding not counted), and one of them in *node. */
int mnet_graph_consumers(const MnetGraph *graph, int tensor, int *node);

/** Elements; -1 where the shape isn't known or overflows 2^31 - 1. */
int64_t mnet_tensor_elements(const MnetTensor *tensor);
size_t mnet_dtype_size(MnetDtype dtype);
const char *mnet_dtype_name(MnetDtype dtype); /* "f32", "qs8", ... */
const char *mnet_op_name(MnetOpKind kind);    /* "conv_2d", ... */
/** Integers of a constant (S32 or S64), at most `count`; the number read, or -1 where it isn't one.
 */
int mnet_tensor_integers(const MnetTensor *tensor, int64_t *values, int count);
/** Element i of a float constant (F32 or F16) as float. */
float mnet_tensor_float(const MnetTensor *tensor, int64_t i);

/**
 * Shapes and types of all tensors from the input on; also explicit padding, axes and slices counted
 * from 0, and the quantisation of outputs that only move elements. What is known already is
 * checked. A shape that hangs on arithmetic not folded yet stays unknown, and so do those behind
 * it. Errors name the node, its op and its shapes. May run after each pass. Conventions until it
 * has run: a kernel of 0 is the weights' (of a pool: the whole input); reduce.axes may hold axis -i
 * as bit 32 - i, and 0 for all; an output of SPLIT with rank -1 may hold its size along the axis in
 * dims[0].
 */
MnetStatus mnet_graph_infer_shapes(MnetGraph *graph, MnetError *error);
/** The same for one node whose producers are done: for a loader that wants to know ranks while it
 * goes. */
MnetStatus mnet_graph_infer_node(MnetGraph *graph, int index, MnetError *error);
/** Checks the whole graph: ids, order, types, shapes, sizes against data, quantisation.
 * nn/graph/verify.c */
MnetStatus mnet_graph_verify(const MnetGraph *graph, bool canonical, MnetError *error);
/** Text, a line a node: kind, name, shapes, types, fused parts. malloc'ed, the caller frees.
 * nn/graph/print.c */
char *mnet_graph_print(const MnetGraph *graph);
/** Multiply-accumulates of convolutions and fully connected layers; elements of their weights and
 * biases. */
void mnet_graph_count(const MnetGraph *graph, int64_t *macs, int64_t *parameters);

#endif
