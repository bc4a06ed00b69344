#include "nn/ops/fused.h"

#include "nn/ops/fused_bands.h"

/* Of the cache, what a band may take: the weights, which pass by, need the rest. */
#define CACHE_SHARE 2
/* Strips at least this many times as high as the rows that they do twice. */
#define STRIP_SHARE 6
#define LEAST_STRIPS 4 /* fewer leave threads idle; then the project stays apart */

static int max_int(int a, int b) {
    return a > b ? a : b;
}

/* The first input row under output row `row`, inside or not. */
static int row_above(const MnetPatches *p, int row) {
    return row * p->stride[0] - p->pad[0];
}

static int top_of(const MnetPatches *p, int row) {
    int top = row_above(p, row);
    return top < 0 ? 0 : top > p->size[0] ? p->size[0] : top;
}

static int bottom_of(const MnetPatches *p, int last) {
    int bottom = row_above(p, last - 1) + p->kernel[0];
    return bottom > p->size[0] ? p->size[0] : max_int(bottom, 0);
}

/* The band that starts at output row `begin` of rows [first, last); `first` has no band before
 * it. */
static MnetBand band_at(const MnetFused *fused, int image, int first, int begin, int last) {
    const MnetPatches *p = &fused->depthwise->patches;
    MnetBand band = {.image = image, .begin = begin};

    band.end = begin + fused->band < last ? begin + fused->band : last;
    band.top = top_of(p, begin);
    band.bottom = max_int(bottom_of(p, band.end), band.top);
    if (begin > first)
        band.kept = max_int(bottom_of(p, begin) - band.top, 0);
    band.next_top = band.end < last ? top_of(p, band.end) : band.bottom;
    if (band.next_top > band.bottom)
        band.next_top = band.bottom;
    return band;
}

MnetPatches mnet_fused_geometry(const MnetFused *fused, const MnetBand *band, int channels) {
    MnetPatches p = fused->depthwise->patches;

    p.channels = p.n_channels = channels;
    p.pad[0] = band->top - row_above(&fused->depthwise->patches, band->begin);
    p.size[0] = band->bottom - band->top;
    p.out_size[0] = band->end - band->begin;
    return p;
}

static const MnetConv *conv_of(const MnetStep *step) {
    return step ? step->params : NULL;
}

static bool fits(const MnetFused *fused) {
    const MnetConv *head = fused->head, *depthwise = fused->depthwise, *project = fused->project;

    if (depthwise->patches.dilation[0] != 1 || depthwise->patches.dilation[1] != 1 ||
        depthwise->residual != MNET_NO_TENSOR)
        return false;
    if (head &&
        (head->patches.dilation[0] != 1 || head->groups != 1 || head->residual != MNET_NO_TENSOR))
        return false;
    /* No product of a single row, whose floats are summed in another order. */
    if (depthwise->patches.size[1] < 2 || depthwise->patches.out_size[1] < 2)
        return false;
    if (project && (project->groups != 1 || !project->pointwise))
        return false;
    return depthwise->quantized || mnet_fused_f32_fits(fused);
}

/* Bytes of a row of the head's output, and of the depthwise convolution's. */
static size_t wide_row(const MnetFused *fused) {
    const MnetConv *d = fused->depthwise;
    return (size_t)d->patches.size[1] * (size_t)d->out_channels * (d->quantized ? 1 : 4);
}

static size_t out_row(const MnetFused *fused) {
    const MnetConv *d = fused->depthwise;
    return (size_t)d->patches.out_size[1] * (size_t)d->out_channels * (d->quantized ? 1 : 4);
}

/* Operator by operator, tensors that don't fit the cache go through the next level and back; a
 * fused step's don't, but rows that strips share are done twice and bands keep some. */
static bool pays(const MnetFused *fused, size_t cache_bytes) {
    const MnetPatches *p = &fused->depthwise->patches;
    size_t bytes = fused->head ? wide_row(fused) * (size_t)p->size[0] : 0;

    if (fused->project)
        bytes += out_row(fused) * (size_t)p->out_size[0];
    return bytes > cache_bytes;
}

static void set_rows(MnetFused *fused, int band) {
    const MnetPatches *p = &fused->depthwise->patches;

    fused->band = band < 1 ? 1 : band > p->out_size[0] ? p->out_size[0] : band;
    fused->overlap = fused->band < p->out_size[0] ? max_int(p->kernel[0] - p->stride[0], 0) : 0;
    fused->rows = (fused->band - 1) * p->stride[0] + p->kernel[0];
    fused->rows = fused->rows < p->size[0] ? fused->rows : p->size[0];
}

/* Bytes that a band touches again and again. */
static size_t working_set(const MnetFused *fused) {
    size_t panel = fused->head ? wide_row(fused) / (size_t)fused->head->panels : 0;
    size_t kept = fused->head ? (size_t)fused->overlap * wide_row(fused) : 0;

    if (!fused->project)
        return (size_t)fused->rows * panel;
    return (size_t)fused->rows * panel + kept + (size_t)fused->band * out_row(fused);
}

/* The most rows whose working set fits. */
static void choose_band(MnetFused *fused, size_t cache_bytes) {
    int band = fused->depthwise->patches.out_size[0];

    for (set_rows(fused, band); band > 1 && working_set(fused) > cache_bytes / CACHE_SHARE;)
        set_rows(fused, --band);
}

/* Units, and how many should be done together; false where a picture is too low for enough such
 * strips of it. */
static bool divide(MnetFused *fused, MnetStep *step) {
    const MnetPatches *p = &fused->depthwise->patches;
    int shared = fused->head ? max_int(p->kernel[0] - p->stride[0], 0) : 0;

    if (fused->project) {
        fused->units = p->out_size[0];
        step->grain = max_int(shared * STRIP_SHARE / p->stride[0], 1);
    } else {
        fused->units = fused->head->panels;
        step->grain = max_int(fused->units / LEAST_STRIPS, 1);
    }
    step->units = fused->depthwise->batch * fused->units;
    return !fused->project || fused->units / step->grain >= LEAST_STRIPS;
}

size_t mnet_fused_place(size_t *end, size_t bytes) {
    size_t at = *end;

    *end += (bytes + MNET_ALIGN - 1) / MNET_ALIGN * MNET_ALIGN + MNET_ALIGN;
    return at;
}

/* Output rows [first, last) of panels [panel, end). */
static void run_bands(const MnetFused *fused, const MnetStepMemory *memory, int image, int first,
                      int last, size_t panel, size_t end) {
    for (int begin = first; begin < last; begin += fused->band) {
        const MnetBand band = band_at(fused, image, first, begin, last);

        if (fused->head)
            fused->kernels->fill(fused, memory, &band);
        for (size_t i = panel; i < end; i++)
            fused->kernels->panel(fused, memory, &band, i);
        if (fused->project)
            fused->kernels->project(fused, memory, &band);
    }
}

static void run(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const MnetFused *fused = step->params;
    int rows = fused->depthwise->patches.out_size[0];
    int units = fused->units;
    size_t panels = fused->head ? (size_t)fused->head->panels : 1;

    while (begin < end) { /* picture by picture */
        int image = begin / units, unit = begin % units;
        int n = end - begin < units - unit ? end - begin : units - unit;

        if (fused->project)
            run_bands(fused, memory, image, unit, unit + n, 0, panels);
        else
            run_bands(fused, memory, image, 0, rows, (size_t)unit, (size_t)(unit + n));
        begin += n;
    }
    if (fused->kernels->end)
        fused->kernels->end(fused);
}

MnetStatus mnet_op_fuse(const MnetGraph *graph, const MnetFusedParts *parts, size_t cache_bytes,
                        MnetArena *memory, MnetStep *step, bool *made, MnetError *error) {
    const MnetStep *last = parts->project ? parts->project : parts->depthwise;
    const MnetStep *all[] = {parts->head, parts->depthwise, parts->project};
    const MnetNode *nodes[3] = {NULL};
    MnetFused *fused = mnet_arena_alloc(memory, sizeof(*fused));
    const MnetConv *depthwise = conv_of(parts->depthwise);

    *made = false;
    if (!fused)
        return mnet_conv_fail(graph, last->node, error, MNET_ERROR_MEMORY, "out of memory");
    fused->head = conv_of(parts->head);
    fused->depthwise = depthwise;
    fused->project = conv_of(parts->project);
    if (!fits(fused) || !pays(fused, cache_bytes))
        return MNET_OK;
    choose_band(fused, cache_bytes);
    *step = *last;
    if (!divide(fused, step))
        return MNET_OK;
    step->run = run;
    step->params = fused;
    step->macs = 0;
    step->n_parts = 0;
    for (int i = 0; i < 3; i++) {
        if (!all[i])
            continue;
        nodes[i] = all[i]->node;
        step->parts[step->n_parts++] = all[i]->node;
        step->macs += all[i]->macs;
    }
    *made = true;
    return depthwise->quantized ? mnet_fused_qs8_prepare(graph, nodes, fused, memory, step, error)
                                : mnet_fused_f32_prepare(graph, nodes, fused, memory, step, error);
}
