/** From a node's activation to what kernels take, for every op that can have one fused. */
#ifndef MNET_OPS_EPILOGUE_H
#define MNET_OPS_EPILOGUE_H

#include "nn/graph/graph.h"
#include "nn/kernels/activation.h"
#include "nn/kernels/quant.h"

/** The kernel for a float activation; run is NULL for MNET_ACTIVATION_NONE. */
MnetActivationF32 mnet_epilogue_f32(const MnetActivation *activation);

/** The same for kernels that do it in registers; none, and false, where it isn't one of theirs. */
bool mnet_epilogue_finish_f32(const MnetActivation *activation, MnetFinishF32 *finish);

/**
 * The range of a QS8 output with these quantisation parameters behind a CLAMP or none. Errors:
 * UNSUPPORTED for any other activation, naming the node; those need a table (MNET_OP_ACTIVATION).
 */
MnetStatus mnet_epilogue_qs8(const MnetGraph *graph, const MnetNode *node,
                             const MnetActivation *activation, const MnetQuant *quant,
                             MnetQuantRange *range, MnetError *error);

#endif
