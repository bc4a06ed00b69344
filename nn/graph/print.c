#include "nn/graph/check.h"

#include <stdio.h>
#include <stdlib.h>

static void print_tensor(FILE *out, const MnetTensor *tensor) {
    char text[96];
    fputs(mnet_tensor_text(tensor, text, sizeof text), out);
    if (tensor->quant.count == 1)
        fprintf(out, "(%.6g,%d)", tensor->quant.scale[0], tensor->quant.zero_point[0]);
    else if (tensor->quant.count)
        fprintf(out, "(%d scales)", tensor->quant.count);
}

static void print_activation(FILE *out, const MnetActivation *activation) {
    switch (activation->kind) {
    case MNET_ACTIVATION_NONE:
        break;
    case MNET_ACTIVATION_CLAMP:
        fprintf(out, " clamp %g..%g", activation->lo, activation->hi);
        break;
    case MNET_ACTIVATION_HARD_SIGMOID:
        fprintf(out, " hard_sigmoid %g,%g", activation->alpha, activation->beta);
        break;
    case MNET_ACTIVATION_HARD_SWISH:
        fputs(" hard_swish", out);
        break;
    case MNET_ACTIVATION_SIGMOID:
        fputs(" sigmoid", out);
        break;
    case MNET_ACTIVATION_SWISH:
        fputs(" swish", out);
        break;
    case MNET_ACTIVATION_TANH:
        fputs(" tanh", out);
        break;
    }
}

static void print_window(FILE *out, const MnetWindow *window) {
    static const char *const paddings[] = {"", " same_upper", " same_lower", " valid"};
    const int *pad = window->pad;
    fprintf(out, " kernel %dx%d", window->kernel[0], window->kernel[1]);
    if (window->stride[0] != 1 || window->stride[1] != 1)
        fprintf(out, " stride %dx%d", window->stride[0], window->stride[1]);
    if (window->dilation[0] != 1 || window->dilation[1] != 1)
        fprintf(out, " dilation %dx%d", window->dilation[0], window->dilation[1]);
    if (window->padding != MNET_PADDING_EXPLICIT)
        fputs(paddings[window->padding & 3], out);
    else if (pad[0] || pad[1] || pad[2] || pad[3])
        fprintf(out, " pad %d,%d,%d,%d", pad[0], pad[1], pad[2], pad[3]);
}

static void print_list(FILE *out, const char *name, const int32_t *values, int count) {
    fprintf(out, " %s ", name);
    for (int i = 0; i < count; i++)
        fprintf(out, i ? ",%d" : "%d", values[i]);
}

static void print_attrs(FILE *out, const MnetNode *node, int rank) {
    const MnetAttrs *attrs = &node->attrs;
    switch (node->kind) {
    case MNET_OP_CONV_2D:
        print_window(out, &attrs->conv.window);
        if (attrs->conv.groups != 1)
            fprintf(out, " groups %d", attrs->conv.groups);
        break;
    case MNET_OP_AVG_POOL:
    case MNET_OP_MAX_POOL:
        print_window(out, &attrs->pool.window);
        if (attrs->pool.count_include_pad)
            fputs(" count_include_pad", out);
        break;
    case MNET_OP_MEAN:
    case MNET_OP_REDUCE_PROD:
        fputs(" axes", out);
        for (int i = 0; i < rank; i++)
            if (attrs->reduce.axes & 1u << i)
                fprintf(out, " %d", i);
        break;
    case MNET_OP_PAD:
        print_list(out, "before", attrs->pad.before, rank);
        print_list(out, "after", attrs->pad.after, rank);
        break;
    case MNET_OP_SLICE:
        print_list(out, "begin", attrs->slice.begin, rank);
        print_list(out, "step", attrs->slice.stride, rank);
        break;
    case MNET_OP_TRANSPOSE:
        print_list(out, "perm", attrs->perm, rank);
        break;
    case MNET_OP_CONCAT:
    case MNET_OP_SPLIT:
    case MNET_OP_SOFTMAX:
    case MNET_OP_GATHER:
        fprintf(out, " axis %d", attrs->along.axis);
        break;
    default:
        break;
    }
}

/* "%7 conv_2d f32[1,112,112,32] <- %3, f32[32,3,3,3] ...  'name'": %n is a tensor, a constant shows
 * its shape. */
static void print_node(FILE *out, const MnetGraph *graph, const MnetNode *node) {
    const MnetTensor *x = mnet_node_input(graph, node, 0);
    for (int o = 0; o < node->n_outputs; o++)
        fprintf(out, o ? ", %%%d" : "%%%d", node->outputs[o]);
    fprintf(out, " %s ", mnet_op_name(node->kind));
    for (int o = 0; o < node->n_outputs; o++) {
        fputs(o ? ", " : "", out);
        print_tensor(out, &graph->tensors[node->outputs[o]]);
    }
    for (int i = 0; i < node->n_inputs; i++) {
        const MnetTensor *input = mnet_node_input(graph, node, i);
        fputs(i ? ", " : " <- ", out);
        if (!input)
            fputc('-', out);
        else if (input->data)
            print_tensor(out, input);
        else
            fprintf(out, "%%%d", node->inputs[i]);
    }
    print_attrs(out, node, x ? x->rank : 0);
    print_activation(out, &node->activation);
    if (node->kind == MNET_OP_CONV_2D && mnet_node_input(graph, node, 3)) {
        fputs(" + residual", out);
        print_activation(out, &node->attrs.conv.residual_activation);
    }
    fprintf(out, "  '%s'\n", node->name ? node->name : "");
}

char *mnet_graph_print(const MnetGraph *graph) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    if (graph->input >= 0) {
        fprintf(out, "%%%d input ", graph->input);
        print_tensor(out, &graph->tensors[graph->input]);
        fprintf(out, "  '%s'\n", graph->tensors[graph->input].name);
    }
    for (int n = 0; n < graph->n_nodes; n++)
        if (graph->nodes[n].kind != MNET_OP_NONE)
            print_node(out, graph, &graph->nodes[n]);
    if (graph->output >= 0)
        fprintf(out, "output %%%d\n", graph->output);
    if (fclose(out)) {
        free(text);
        return NULL;
    }
    return text;
}

void mnet_graph_count(const MnetGraph *graph, int64_t *macs, int64_t *parameters) {
    *macs = *parameters = 0;
    for (int n = 0; n < graph->n_nodes; n++) {
        const MnetNode *node = &graph->nodes[n];
        if (node->kind != MNET_OP_CONV_2D && node->kind != MNET_OP_FULLY_CONNECTED)
            continue;
        const MnetTensor *w = mnet_node_input(graph, node, 1);
        const MnetTensor *bias = mnet_node_input(graph, node, 2);
        const MnetTensor *y = &graph->tensors[node->outputs[0]];
        int64_t weights = mnet_tensor_elements(w), outputs = mnet_tensor_elements(y);
        bool transposed = node->kind == MNET_OP_CONV_2D || node->attrs.fully_connected.transpose_b;
        int32_t channels = w->rank > 0 ? w->dims[transposed ? 0 : 1] : 0;
        if (weights < 0 || outputs < 0 || channels < 1)
            continue;
        *macs += outputs * (weights / channels);
        *parameters += weights + (bias ? mnet_tensor_elements(bias) : 0);
    }
}
