/** A model's inside, shared by model.c and session.c. */
#ifndef MNET_MODEL_H
#define MNET_MODEL_H

#include "nn/load/labels.h"
#include "nn/plan/plan.h"

#include <stdatomic.h>

struct MnetModel {
    atomic_int references;
    MnetFile file; /* mapped for as long as the graph's constants may point into it */
    MnetFile labels_file;
    MnetArena arena; /* strings of info, labels */
    MnetGraph graph;
    MnetPlan *plan;
    MnetLabels labels;
    MnetModelInfo info;
    bool output_is_probability; /* or a logit */
};

#endif
