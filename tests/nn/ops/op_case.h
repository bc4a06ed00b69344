/**
 * One operator alone: a graph around a node, its tensors between canaries, run in one go and in
 * random splits. What comes out is compared with real values that the test computes in double.
 */
#ifndef MNET_TESTS_OP_CASE_H
#define MNET_TESTS_OP_CASE_H

#include "nn/ops/op.h"
#include "tests/test.h"

#include <math.h>
#include <time.h>

#define CASE_TENSORS 8
#define CASE_GUARD 64
#define CASE_POISON 0xa5

typedef struct OpCase {
    MnetGraph graph;
    MnetNode *node;
    uint8_t *blocks[CASE_TENSORS];
    void *tensors[CASE_TENSORS];
    size_t bytes[CASE_TENSORS];
} OpCase;

static uint64_t case_state;

/* Seeds from the first argument, or from the clock; prints what it takes to see a failure again. */
static inline void case_seed(int argc, char **argv) {
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);
    printf("seed %llu\n", (unsigned long long)seed);
    case_state = seed * 0x9e3779b97f4a7c15u + 1;
}

static inline uint32_t case_random(void) {
    case_state = case_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(case_state >> 32);
}

/* lo to hi, both included. */
static inline int case_int(int lo, int hi) {
    return lo + (int)(case_random() % (uint32_t)(hi - lo + 1));
}

static inline double case_real(double lo, double hi) {
    return lo + (hi - lo) * case_random() / 4294967295.0;
}

static inline bool case_chance(int percent) {
    return case_int(1, 100) <= percent;
}

static inline void case_begin(OpCase *c) {
    memset(c, 0, sizeof(*c));
    mnet_graph_init(&c->graph, "test");
}

static inline void case_end(OpCase *c) {
    for (int i = 0; i < CASE_TENSORS; i++)
        free(c->blocks[i]);
    mnet_graph_clear(&c->graph);
}

/* A tensor of random content: floats of -4 to 4; or any bytes, now and then only extremes, of a
 * random quantisation. */
static inline int case_tensor(OpCase *c, MnetDtype dtype, int rank, const int32_t *dims) {
    int id = mnet_graph_add_tensor(&c->graph, "t", dtype, rank, dims);
    MnetTensor *tensor = &c->graph.tensors[id];
    size_t count = (size_t)mnet_tensor_elements(tensor);
    bool extremes = case_chance(10);

    if (dtype == MNET_DTYPE_QS8)
        mnet_graph_set_quant(&c->graph, &tensor->quant, (float)exp(case_real(-6, -2)),
                             case_chance(20) ? (case_chance(50) ? -128 : 127)
                                             : case_int(-128, 127));
    c->bytes[id] = count * mnet_dtype_size(dtype);
    c->blocks[id] = malloc(c->bytes[id] + 2 * CASE_GUARD);
    memset(c->blocks[id], CASE_POISON, c->bytes[id] + 2 * CASE_GUARD);
    c->tensors[id] = c->blocks[id] + CASE_GUARD;
    for (size_t i = 0; i < count; i++) {
        if (dtype == MNET_DTYPE_F32)
            ((float *)c->tensors[id])[i] = (float)case_real(-4, 4);
        else if (dtype == MNET_DTYPE_QS8)
            ((int8_t *)c->tensors[id])[i] =
                (int8_t)(extremes ? (case_chance(50) ? -128 : 127) : case_int(-128, 127));
        else
            memset((uint8_t *)c->tensors[id] + i * mnet_dtype_size(dtype), case_int(0, 255),
                   mnet_dtype_size(dtype));
    }
    return id;
}

/* Makes the node; `ids` are the inputs, then the outputs. */
static inline MnetNode *case_node(OpCase *c, MnetOpKind kind, int n_inputs, int n_outputs,
                                  const int *ids) {
    c->node = mnet_graph_add_node(&c->graph, kind, "node", NULL, n_inputs, n_outputs);
    memcpy(c->node->inputs, ids, (size_t)n_inputs * sizeof(*ids));
    memcpy(c->node->outputs, ids + n_inputs, (size_t)n_outputs * sizeof(*ids));
    return c->node;
}

/* The activations that may be fused: any on floats, only clamps on quantised values. */
static inline MnetActivation case_activation(MnetDtype dtype) {
    int kind = case_int(MNET_ACTIVATION_NONE, MNET_ACTIVATION_TANH);
    MnetActivation activation = {.alpha = (float)case_real(0.1, 0.5), .beta = 0.5f};

    if (dtype == MNET_DTYPE_QS8 && kind != MNET_ACTIVATION_NONE)
        kind = MNET_ACTIVATION_CLAMP;
    activation.kind = (MnetActivationKind)kind;
    activation.lo = case_chance(20) ? -INFINITY : (float)case_real(-2, 0);
    activation.hi = case_chance(50) ? INFINITY : (float)case_real(0, 6);
    return activation;
}

static inline double case_activate(const MnetActivation *a, double x) {
    switch (a->kind) {
    case MNET_ACTIVATION_CLAMP:
        return x < a->lo ? a->lo : x > a->hi ? a->hi : x;
    case MNET_ACTIVATION_HARD_SIGMOID:
        x = (double)a->alpha * x + (double)a->beta;
        return x < 0 ? 0 : x > 1 ? 1 : x;
    case MNET_ACTIVATION_HARD_SWISH:
        return x <= -3 ? 0 : x >= 3 ? x : x * (x + 3) / 6;
    case MNET_ACTIVATION_SIGMOID:
        return 1 / (1 + exp(-x));
    case MNET_ACTIVATION_SWISH:
        return x / (1 + exp(-x));
    case MNET_ACTIVATION_TANH:
        return tanh(x);
    default:
        return x;
    }
}

static inline const MnetTensor *case_info(const OpCase *c, int id) {
    return &c->graph.tensors[id];
}

/* Real value of element i. */
static inline double case_value(const OpCase *c, int id, int64_t i) {
    const MnetTensor *tensor = case_info(c, id);

    if (tensor->dtype == MNET_DTYPE_F32)
        return (double)((const float *)c->tensors[id])[i];
    return (((const int8_t *)c->tensors[id])[i] - tensor->quant.zero_point[0]) *
           (double)tensor->quant.scale[0];
}

static inline void case_poison(const OpCase *c, const MnetNode *node) {
    for (int o = 0; o < node->n_outputs; o++)
        memset(c->tensors[node->outputs[o]], CASE_POISON, c->bytes[node->outputs[o]]);
}

static inline bool case_guards_intact(const OpCase *c) {
    for (int id = 0; id < c->graph.n_tensors; id++) {
        for (size_t i = 0; i < CASE_GUARD; i++) {
            if (c->blocks[id][i] != CASE_POISON ||
                c->blocks[id][CASE_GUARD + c->bytes[id] + i] != CASE_POISON)
                return false;
        }
    }
    return true;
}

/* All units in pieces of random sizes, the last piece first. */
static inline void case_run_split(const MnetStep *step, const MnetStepMemory *memory) {
    for (int end = step->units; end > 0;) {
        int begin = end - case_int(1, end < 7 ? end : case_chance(50) ? 7 : end);

        step->run(step, memory, begin, end);
        end = begin;
    }
}

/* Prepares, runs whole and split, compares both. False where there is nothing to look at. */
static inline bool case_run(OpCase *c, MnetOpPrepare prepare) {
    MnetArena arena = {0};
    MnetError error = {0};
    MnetStep step = {.node = c->node, .graph = &c->graph};
    MnetStepMemory memory = {.tensors = c->tensors};
    MnetStatus status = prepare(&c->graph, c->node, &arena, &step, &error);
    bool ran = !status && step.units >= 1 && step.run && step.kernel;

    CHECK(!status, "%s", error.message);
    CHECK(status || ran, "%d units", step.units);
    if (ran) {
        uint8_t *whole[CASE_TENSORS] = {0};

        memory.scratch = malloc(step.scratch_bytes + 1);
        case_poison(c, c->node);
        step.run(&step, &memory, 0, step.units);
        for (int o = 0; o < c->node->n_outputs; o++) {
            int id = c->node->outputs[o];

            whole[o] = malloc(c->bytes[id]);
            memcpy(whole[o], c->tensors[id], c->bytes[id]);
        }
        case_poison(c, c->node);
        case_run_split(&step, &memory);
        for (int o = 0; o < c->node->n_outputs; o++) {
            int id = c->node->outputs[o];

            CHECK(!memcmp(whole[o], c->tensors[id], c->bytes[id]), "split differs");
            free(whole[o]);
        }
        CHECK(case_guards_intact(c), "written outside a tensor");
        free(memory.scratch);
    }
    mnet_arena_clear(&arena);
    return ran;
}

/*
 * Whether element i of an output is what a real value becomes. Quantised: the nearest step, either
 * of the two where the value lies between them but for the rounding of a few float operations.
 */
static inline void case_expect(const OpCase *c, int id, int64_t i, double expected) {
    const MnetTensor *tensor = case_info(c, id);
    double got = case_value(c, id, i);

    if (tensor->dtype == MNET_DTYPE_F32) {
        CHECK(fabs(got - expected) <= 1e-4 * fmax(1, fabs(expected)), "[%lld] is %g, not %g",
              (long long)i, got, expected);
    } else {
        const double zero_point = tensor->quant.zero_point[0];
        double steps = expected / (double)tensor->quant.scale[0];
        int q = ((const int8_t *)c->tensors[id])[i];

        steps = fmin(fmax(steps, -128 - zero_point), 127 - zero_point);
        CHECK(fabs(q - zero_point - steps) <= 0.5 + 1e-4, "[%lld] is %d, not %.4f (scale %g)",
              (long long)i, q, steps + zero_point, (double)tensor->quant.scale[0]);
    }
}

/* Index of element i along every dimension, and back. */
static inline void case_unravel(const MnetTensor *tensor, int64_t i, int32_t *index) {
    for (int d = tensor->rank - 1; d >= 0; d--) {
        index[d] = (int32_t)(i % tensor->dims[d]);
        i /= tensor->dims[d];
    }
}

static inline int64_t case_ravel(const MnetTensor *tensor, const int32_t *index) {
    int64_t i = 0;

    for (int d = 0; d < tensor->rank; d++)
        i = i * tensor->dims[d] + index[d];
    return i;
}

/* Sides of 1 to `most`, fewer where there are many dimensions. */
static inline void case_dims(int rank, int most, int32_t *dims) {
    for (int d = 0; d < rank; d++)
        dims[d] = case_int(1, rank > 4 ? 5 : most);
}

static inline MnetDtype case_dtype(void) {
    return case_chance(50) ? MNET_DTYPE_F32 : MNET_DTYPE_QS8;
}

#endif
