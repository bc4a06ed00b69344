/**
 * What the ONNX operators' readers share: the graph being built, the file's values by name, a
 * node's inputs and attributes.
 *
 * Failure is sticky: the first one sets MnetOnnx.status and the error, everything after it returns
 * a harmless value, and the loop over the nodes stops. So readers need no check after each call,
 * only before they use a pointer that may be NULL.
 */
#ifndef MNET_LOAD_ONNX_BUILD_H
#define MNET_LOAD_ONNX_BUILD_H

#include "nn/graph/graph.h"
#include "nn/load/onnx.pb-c.h"

#define MNET_ONNX_MAX_NODES 8192
#define MNET_ONNX_MAX_NAME 4096

typedef struct MnetOnnxNumbers {
    bool given;
    float values[3]; /* R, G, B */
} MnetOnnxNumbers;

/**
 * metadata_props. Ours: mnet.mean and mnet.scale (for values from 0 to 255), mnet.order ("RGB",
 * "BGR": the model's, the numbers stay R, G, B), mnet.labels (one a line). Common: mean and std;
 * where all six are at most 1 they are of values from 0 to 1, as in torchvision, else of 0 to 255.
 * Each is one or three numbers; what says something else is ignored.
 */
typedef struct MnetOnnxMetadata {
    MnetOnnxNumbers own_mean, own_scale, mean, std;
} MnetOnnxMetadata;

/** A name of the file: an initializer or other constant, the input, or a node's output. */
typedef struct MnetOnnxValue {
    const char *name;
    uint32_t hash;
    int tensor;          /* in the graph; a constant has none until a node reads it */
    MnetTensor constant; /* data NULL: not a constant; dequantised numbers have a node as well */
    const float
        *scale; /* as quantisation parameters, converted once however many nodes share them */
    const int32_t *zero_point;
} MnetOnnxValue;

typedef struct MnetOnnx {
    MnetGraph *graph;
    MnetError *error;
    MnetStatus status;
    int64_t opset; /* of the default domain */
    size_t
        memory_limit; /* of graph->arena.total: far over what an honest file of this size needs */
    int n_nodes;      /* of the file, read so far */
    MnetOnnxMetadata metadata;
    int n_settled;     /* nodes of the graph whose shapes have been inferred */
    MnetArena names;   /* of values; freed after loading */
    MnetArena scratch; /* of one message */
    MnetOnnxValue *values;
    int n_values, values_capacity;
    int *slots; /* hash table of indices into values, -1: empty */
    int n_slots;
} MnetOnnx;

typedef struct MnetOnnxNode {
    const Mnet__OnnxNode *proto;
    MnetBytes tensor; /* of its tensor attribute "value"; size 0 where it has none */
    int index;        /* in the file */
    const char *name; /* its own, or its first output's */
} MnetOnnxNode;

/** Reads one node of an operator and adds what it means to the graph. */
typedef void (*MnetOnnxReader)(MnetOnnx *onnx, const MnetOnnxNode *node);

/** What the first input may be for an operator; see the table in onnx_node.c. */
typedef enum MnetOnnxTypes {
    MNET_ONNX_FLOAT = 1,
    MNET_ONNX_INTEGER = 2, /* S32, S64, BOOL: shape arithmetic */
    MNET_ONNX_QUANTIZED = 4,
    MNET_ONNX_ANY = 7
} MnetOnnxTypes;

typedef struct MnetOnnxOperator {
    const char *name;
    MnetOnnxReader read;
    int types;      /* a set of MnetOnnxTypes */
    int min_inputs; /* that must be there */
} MnetOnnxOperator;

/** By families, each ending in a NULL name. Those of fused and qlinear may be in the domain
 * com.microsoft. */
extern const MnetOnnxOperator mnet_onnx_operators_layers[];
extern const MnetOnnxOperator mnet_onnx_operators_math[];
extern const MnetOnnxOperator mnet_onnx_operators_shape[];
extern const MnetOnnxOperator mnet_onnx_operators_values[];
extern const MnetOnnxOperator mnet_onnx_operators_quant[];
extern const MnetOnnxOperator mnet_onnx_operators_fused[];
extern const MnetOnnxOperator mnet_onnx_operators_qlinear[];

/** Fails; the message is prefixed with the file and, where node isn't NULL, its index, name,
 * operator and domain. */
void mnet_onnx_fail(MnetOnnx *onnx, const MnetOnnxNode *node, MnetStatus status, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));
void mnet_onnx_fail_memory(MnetOnnx *onnx);

/* Values: onnx_values.c */

/** NULL where the name is unknown. Pointers go stale when a value is added. */
MnetOnnxValue *mnet_onnx_value(MnetOnnx *onnx, const char *name);
/** Adds a value; NULL and a failure where the name is taken, too long, or memory is short. */
MnetOnnxValue *mnet_onnx_value_add(MnetOnnx *onnx, const MnetOnnxNode *node, const char *name);
/** Forgets the values (not the graph). */
void mnet_onnx_values_clear(MnetOnnx *onnx);

/** TensorProto -> constant; its data lies in the file's mapping or the graph's arena. The name is
 * in onnx->scratch. */
bool mnet_onnx_tensor_read(MnetOnnx *onnx, const MnetOnnxNode *node, MnetBytes message,
                           MnetTensor *tensor);
/** Of TensorProto.DataType; MNET_DTYPE_NONE where the engine has none. */
MnetDtype mnet_onnx_tensor_dtype(int64_t type);
/** A constant of `count` S64 in the arena, as a tensor of the graph. */
int mnet_onnx_add_integers(MnetOnnx *onnx, const char *name, const int64_t *values, int count);

/** NodeProto -> nodes of the graph, or a constant. */
void mnet_onnx_node_read(MnetOnnx *onnx, MnetBytes message, int index);
/** Evaluates a node all of whose inputs are small constants; false where it isn't one, or not of
 * such an operator. */
bool mnet_onnx_fold(MnetOnnx *onnx, const MnetOnnxNode *node);

/* A node's attributes and inputs: onnx_inputs.c */

bool mnet_onnx_has_attribute(const MnetOnnxNode *node, const char *name);
int64_t mnet_onnx_int(const MnetOnnxNode *node, const char *name, int64_t otherwise);
float mnet_onnx_float(const MnetOnnxNode *node, const char *name, float otherwise);
/** Whether a string attribute (or, where it's missing, `otherwise`) is `text`. */
bool mnet_onnx_string_is(const MnetOnnxNode *node, const char *name, const char *otherwise,
                         const char *text);
/** Elements of a list attribute; -1 where it's missing or has more than `max`. */
int mnet_onnx_ints(const MnetOnnxNode *node, const char *name, int64_t *values, int max);
int mnet_onnx_floats(const MnetOnnxNode *node, const char *name, float *values, int max);

/** NULL where the input is left out, and with a failure where nothing made it. */
MnetOnnxValue *mnet_onnx_input_value(MnetOnnx *onnx, const MnetOnnxNode *node, int i);
bool mnet_onnx_has_input(const MnetOnnxNode *node, int i);
/** Tensor of an input; MNET_NO_TENSOR where it's left out. F16 constants become F32. */
int mnet_onnx_input(MnetOnnx *onnx, const MnetOnnxNode *node, int i);
/** The same, F16 constants as they are. */
int mnet_onnx_weights(MnetOnnx *onnx, const MnetOnnxNode *node, int i);
/** An input that is a constant of the file; NULL where it isn't. */
const MnetTensor *mnet_onnx_constant(MnetOnnx *onnx, const MnetOnnxNode *node, int i);
/** A parameter's integers, which must be constant; -1 where the input is left out, and on failure.
 */
int mnet_onnx_input_ints(MnetOnnx *onnx, const MnetOnnxNode *node, int i, const char *what,
                         int64_t *values, int max);
/** A constant scalar; `otherwise` where the input is left out. */
float mnet_onnx_input_float(MnetOnnx *onnx, const MnetOnnxNode *node, int i, const char *what,
                            float otherwise);
/** A list that was an attribute before opset `since`, and is an input from it on. As
 * mnet_onnx_input_ints(). */
int mnet_onnx_list(MnetOnnx *onnx, const MnetOnnxNode *node, const char *name, int64_t since, int i,
                   int64_t *values, int max);

/* Nodes and tensors of the graph: onnx_emit.c */

/**
 * Adds a node that makes the file node's first n_outputs outputs, of the dtype given and unknown
 * shape; copies `inputs`. NULL on failure.
 */
MnetNode *mnet_onnx_emit(MnetOnnx *onnx, const MnetOnnxNode *node, MnetOpKind kind, MnetDtype dtype,
                         const int *inputs, int n_inputs, int n_outputs);
/** Makes the node's first output a constant instead; its data must outlive the graph. */
void mnet_onnx_define(MnetOnnx *onnx, const MnetOnnxNode *node, const MnetTensor *constant);
/** An intermediate tensor and its node, of which the file knows nothing. */
MnetNode *mnet_onnx_emit_hidden(MnetOnnx *onnx, const MnetOnnxNode *node, MnetOpKind kind,
                                MnetDtype dtype, const int *inputs, int n_inputs, int *output);
/** A node of one input that makes a tensor which is there already. */
MnetNode *mnet_onnx_emit_to(MnetOnnx *onnx, const MnetOnnxNode *node, MnetOpKind kind, int input,
                            int output);
MnetDtype mnet_onnx_dtype(const MnetOnnx *onnx, int tensor);
/** Rank of a tensor, its dims being known then; -1 and a failure where shapes can't be known. */
int mnet_onnx_shape(MnetOnnx *onnx, const MnetOnnxNode *node, int tensor, int32_t *dims);
/** Infers the shapes of what has been emitted; its attributes must be set. */
void mnet_onnx_settle(MnetOnnx *onnx);
/** Made of constants only: the data itself, or dequantised and moved constants. */
bool mnet_onnx_is_constant(const MnetOnnx *onnx, int tensor);
/** Brings an axis from [-rank, rank) to [0, rank); fails elsewhere. */
int mnet_onnx_axis(MnetOnnx *onnx, const MnetOnnxNode *node, int64_t axis, int rank);

/* Shared by the float and the quantised forms of an operator: onnx_layers.c, onnx_math.c */

/** Window attributes of a convolution or pool; a kernel that the node leaves out is 0. */
bool mnet_onnx_window(MnetOnnx *onnx, const MnetOnnxNode *node, MnetWindow *window);
/** Emits from x, weights, bias (or MNET_NO_TENSOR); false on failure. */
bool mnet_onnx_conv(MnetOnnx *onnx, const MnetOnnxNode *node, const int *inputs, MnetDtype dtype);
bool mnet_onnx_fully_connected(MnetOnnx *onnx, const MnetOnnxNode *node, const int *inputs,
                               bool transpose_b, MnetDtype dtype);
/** A constant bias [1, outputs] as [outputs]; any other tensor as it is. */
int mnet_onnx_row_bias(MnetOnnx *onnx, const MnetOnnxNode *node, int bias, int outputs);
bool mnet_onnx_gemm_is_plain(MnetOnnx *onnx, const MnetOnnxNode *node);
bool mnet_onnx_pool(MnetOnnx *onnx, const MnetOnnxNode *node, MnetOpKind kind, int input);
int mnet_onnx_softmax_axis(MnetOnnx *onnx, const MnetOnnxNode *node, int input, int64_t opset);

/* Quantisation: onnx_quant.c */

/** Reads scale and zero point inputs; a missing zero point is 0. */
bool mnet_onnx_quant(MnetOnnx *onnx, const MnetOnnxNode *node, int scale, int zero_point,
                     MnetQuant *quant);
/** Gives a tensor its quantisation; where it has another already, an alias of the same bytes is
 * returned. */
int mnet_onnx_quantized(MnetOnnx *onnx, const MnetOnnxNode *node, int tensor,
                        const MnetQuant *quant);
/** Input i with the parameters in inputs scale and scale + 1, per channel along `axis` (-1: per
 * tensor only). */
int mnet_onnx_quantized_input(MnetOnnx *onnx, const MnetOnnxNode *node, int i, int scale, int axis);

/* Quantisation of parameters: onnx_quant_fold.c */

/** QuantizeLinear of a short float constant: its output becomes one too. False where it isn't one.
 */
bool mnet_onnx_fold_quantize(MnetOnnx *onnx, const MnetOnnxNode *node, MnetDtype dtype,
                             const MnetQuant *quant);
/** Makes the numbers of a DequantizeLinear known, where `input` is a short constant, for nodes that
 * want parameters. */
void mnet_onnx_know_dequantized(MnetOnnx *onnx, const MnetOnnxNode *node, int input,
                                const MnetQuant *quant);

/* Metadata: onnx_metadata.c */

/** Takes in one StringStringEntryProto. */
void mnet_onnx_metadata_add(MnetOnnx *onnx, MnetOnnxMetadata *metadata, MnetBytes message);
/** Settles the graph's normalisation; ours goes before the common one. */
void mnet_onnx_metadata_finish(MnetGraph *graph, const MnetOnnxMetadata *metadata);

#endif
