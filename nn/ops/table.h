/** Any function of one quantised value as 256 bytes. */
#ifndef MNET_OPS_TABLE_H
#define MNET_OPS_TABLE_H

#include "nn/graph/graph.h"

#define MNET_TABLE_SIZE 256

/** q of a real value: rounded to the nearest (ties to even) and saturated; NaN gives the zero
 * point. */
int8_t mnet_quant_value(const MnetQuant *quant, double real);
/** What the activation makes of a real value, in double. */
double mnet_activation_value(const MnetActivation *activation, double x);

/**
 * table[(uint8_t)q] for y = activation(x), computed in double so that it is the same on every
 * machine. The activation may be NULL. NULL when out of memory.
 */
int8_t *mnet_table_new(MnetArena *memory, const MnetQuant *x, const MnetActivation *activation,
                       const MnetQuant *y);

#endif
