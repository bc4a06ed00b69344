#include "nn/load/onnx_build.h"

#include <stdlib.h>
#include <string.h>

static uint32_t hash_of(const char *name) {
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    return hash;
}

static int *slot_of(const MnetOnnx *onnx, const char *name, uint32_t hash) {
    for (uint32_t i = hash;; i++) {
        int *slot = &onnx->slots[i & (onnx->n_slots - 1)];
        if (*slot < 0 ||
            (onnx->values[*slot].hash == hash && strcmp(onnx->values[*slot].name, name) == 0))
            return slot;
    }
}

MnetOnnxValue *mnet_onnx_value(MnetOnnx *onnx, const char *name) {
    if (!onnx->n_slots)
        return NULL;
    int index = *slot_of(onnx, name, hash_of(name));
    return index < 0 ? NULL : &onnx->values[index];
}

static bool grow(MnetOnnx *onnx) {
    int capacity = onnx->values_capacity ? onnx->values_capacity * 2 : 256;
    MnetOnnxValue *values = realloc(onnx->values, capacity * sizeof *values);
    if (!values)
        return false;
    onnx->values = values;
    int *slots = malloc(2 * (size_t)capacity * sizeof *slots);
    if (!slots)
        return false;
    memset(slots, -1, 2 * (size_t)capacity * sizeof *slots);
    free(onnx->slots);
    onnx->slots = slots;
    onnx->n_slots = 2 * capacity; /* a power of two */
    onnx->values_capacity = capacity;
    for (int i = 0; i < onnx->n_values; i++)
        *slot_of(onnx, values[i].name, values[i].hash) = i;
    return true;
}

MnetOnnxValue *mnet_onnx_value_add(MnetOnnx *onnx, const MnetOnnxNode *node, const char *name) {
    if (strlen(name) > MNET_ONNX_MAX_NAME) {
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "a name of %zu bytes (at most %d)",
                       strlen(name), MNET_ONNX_MAX_NAME);
        return NULL;
    }
    if (mnet_onnx_value(onnx, name)) {
        mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "two values are named '%s'", name);
        return NULL;
    }
    if (onnx->n_values > 16 * MNET_ONNX_MAX_NODES) {
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "more than %d values",
                       16 * MNET_ONNX_MAX_NODES);
        return NULL;
    }
    const char *copy = mnet_arena_string(&onnx->names, name);
    if (!copy || (onnx->n_values == onnx->values_capacity && !grow(onnx))) {
        mnet_onnx_fail_memory(onnx);
        return NULL;
    }
    uint32_t hash = hash_of(copy);
    *slot_of(onnx, copy, hash) = onnx->n_values;
    MnetOnnxValue *value = &onnx->values[onnx->n_values++];
    *value = (MnetOnnxValue){.name = copy, .hash = hash, .tensor = MNET_NO_TENSOR};
    return value;
}

void mnet_onnx_values_clear(MnetOnnx *onnx) {
    free(onnx->values);
    free(onnx->slots);
    mnet_arena_clear(&onnx->names);
    mnet_arena_clear(&onnx->scratch);
    onnx->values = NULL;
    onnx->slots = NULL;
    onnx->n_values = onnx->values_capacity = onnx->n_slots = 0;
}
