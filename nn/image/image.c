#include "nn/image/image.h"

#include "nn/base/arena.h"
#include "nn/base/threads.h"
#include "nn/image/check.h"
#include "nn/image/color.h"
#include "nn/image/rows.h"
#include "nn/image/store.h"

#include <stdlib.h>
#include <string.h>

/** All of an image that weights and buffers depend on. */
typedef struct Geometry {
    MnetPixelFormat format;
    int width, height;
    MnetChromaSite chroma_site;
    MnetRect crop;
    MnetOrientation orientation;
} Geometry;

/** The samples of a plane that are read of each row. */
typedef struct Span {
    int first, end;
} Span;

/** Scratch of one worker. */
typedef struct Scratch {
    float *sum;   /* a plane's row, components interleaved */
    float *split; /* one component of it */
    float *rows[3];
} Scratch;

struct MnetImageConverter {
    MnetImageTarget target;
    MnetPreprocess preprocess;
    int threads;

    bool planned; /* what follows fits `geometry` */
    Geometry geometry;
    const MnetFormatInfo *info;
    MnetFilter x[2], y[2]; /* by subsampling (log2) */
    Span spans[3];
    MnetStore store;
    MnetArena arena; /* filters and scratch */
    Scratch scratch[MNET_MAX_THREADS];
};

/** What the tasks of one conversion share. */
typedef struct Job {
    const MnetImageConverter *converter;
    const MnetImage *image;
    MnetColor color;
    void *tensor;
} Job;

MnetStatus mnet_image_converter_new(const MnetImageTarget *target, const MnetPreprocess *preprocess,
                                    int threads, MnetImageConverter **converter, MnetError *error) {
    MnetStatus status = mnet_check_target(target, error);
    if (status)
        return status;
    if (threads < 1 || threads > MNET_MAX_THREADS)
        return mnet_fail(error, MNET_ERROR_ARGUMENT, "threads %d is not 1 to %d", threads,
                         MNET_MAX_THREADS);
    MnetPreprocess checked;
    status = mnet_check_preprocess(preprocess, &checked, error);
    if (status)
        return status;

    MnetImageConverter *made = calloc(1, sizeof(*made));
    if (!made)
        return mnet_fail(error, MNET_ERROR_MEMORY, "out of memory for an image converter");
    made->target = *target;
    made->preprocess = checked;
    made->threads = threads;
    *converter = made;
    return MNET_OK;
}

void mnet_image_converter_free(MnetImageConverter **converter) {
    if (!converter || !*converter)
        return;
    mnet_arena_clear(&(*converter)->arena);
    free(*converter);
    *converter = NULL;
}

MnetStatus mnet_image_converter_set_preprocess(MnetImageConverter *converter,
                                               const MnetPreprocess *preprocess, MnetError *error) {
    MnetPreprocess checked;
    MnetStatus status = mnet_check_preprocess(preprocess, &checked, error);
    if (status)
        return status;
    converter->preprocess = checked;
    converter->planned = false;
    return MNET_OK;
}

static Geometry geometry_of(const MnetImage *image) {
    return (Geometry){.format = image->format,
                      .width = image->width,
                      .height = image->height,
                      .chroma_site = image->chroma_site,
                      .crop = image->crop,
                      .orientation = image->orientation};
}

static bool same_rect(MnetRect a, MnetRect b) {
    return a.x == b.x && a.y == b.y && a.width == b.width && a.height == b.height;
}

static bool same_geometry(const Geometry *a, const Geometry *b) {
    return a->format == b->format && a->width == b->width && a->height == b->height &&
           a->chroma_site == b->chroma_site && same_rect(a->crop, b->crop) &&
           a->orientation == b->orientation;
}

static bool build_filters(MnetImageConverter *c, const MnetGeometry *geometry) {
    bool cosited_x = c->geometry.chroma_site != MNET_CHROMA_SITE_CENTER;
    bool cosited_y = c->geometry.chroma_site == MNET_CHROMA_SITE_TOP_LEFT;
    MnetResize resize = c->preprocess.resize;
    for (int shift = 0; shift < 2; shift++)
        if (!mnet_filter_build(&c->x[shift], &c->arena, &geometry->x, resize, shift, cosited_x) ||
            !mnet_filter_build(&c->y[shift], &c->arena, &geometry->y, resize, shift, cosited_y))
            return false;
    return true;
}

/** Which samples of each plane's rows its components need; returns the longest. */
static int find_spans(MnetImageConverter *c) {
    int longest = 0;
    for (int p = 0; p < c->info->n_planes; p++)
        c->spans[p] = (Span){INT32_MAX, 0};
    for (int i = 0; i < c->info->n_components; i++) {
        const MnetComponentInfo *component = &c->info->components[i];
        const MnetFilter *x = &c->x[component->shift_x];
        Span *span = &c->spans[component->plane];
        int first = x->first * component->step + component->offset;
        int end = (x->end - 1) * component->step + component->offset + 1;
        if (first < span->first)
            span->first = first;
        if (end > span->end)
            span->end = end;
        if (span->end - span->first > longest)
            longest = span->end - span->first;
    }
    return longest;
}

static bool allocate_scratch(MnetImageConverter *c, int samples) {
    size_t row = (size_t)samples + MNET_FILTER_PAD, out = (size_t)c->x[0].n_outputs;
    for (int t = 0; t < c->threads; t++) {
        Scratch *s = &c->scratch[t];
        s->sum = mnet_arena_array(&c->arena, row, sizeof(float));
        s->split = mnet_arena_array(&c->arena, row, sizeof(float));
        for (int i = 0; i < 3; i++)
            s->rows[i] = mnet_arena_array(&c->arena, out, sizeof(float));
        if (!s->sum || !s->split || !s->rows[0] || !s->rows[1] || !s->rows[2])
            return false;
    }
    return true;
}

static MnetStatus plan(MnetImageConverter *c, const MnetImage *image, MnetError *error) {
    Geometry wanted = geometry_of(image);
    if (c->planned && same_geometry(&wanted, &c->geometry))
        return MNET_OK;

    MnetGeometry geometry =
        mnet_geometry_plan(image, &c->preprocess, c->target.width, c->target.height);
    mnet_arena_clear(&c->arena);
    c->planned = false;
    c->geometry = wanted;
    c->info = mnet_format_info(image->format);
    c->store = mnet_store_make(&c->target, &geometry);
    if (!build_filters(c, &geometry) || !allocate_scratch(c, find_spans(c)))
        return mnet_fail(error, MNET_ERROR_MEMORY, "out of memory for frames of %dx%d",
                         image->width, image->height);
    c->planned = true;
    return MNET_OK;
}

/** Row i of the result: the components that lie in plane p, into scratch->rows. */
static void resample_plane(const Job *job, int p, int i, const Scratch *scratch) {
    const MnetImageConverter *c = job->converter;
    const MnetFilter *y = &c->y[c->info->planes[p].shift_y];
    Span span = c->spans[p];
    MnetRowsSum sum = c->info->sample_bytes == 1 ? mnet_rows_sum_u8 : mnet_rows_sum_u16;
    const uint8_t *src = job->image->planes[p] + y->start[i] * job->image->strides[p] +
                         (ptrdiff_t)span.first * c->info->sample_bytes;
    sum(scratch->sum, src, job->image->strides[p], y->weights + (size_t)i * (size_t)y->pitch,
        y->taps[i], span.end - span.first);

    for (int k = 0; k < c->info->n_components; k++) {
        const MnetComponentInfo *component = &c->info->components[k];
        if (component->plane != p)
            continue;
        const MnetFilter *x = &c->x[component->shift_x];
        const float *row =
            scratch->sum + (x->first * component->step + component->offset - span.first);
        if (component->step > 1) {
            mnet_rows_split(scratch->split, row, component->step, x->end - x->first);
            row = scratch->split;
        }
        mnet_rows_resample(scratch->rows[k], row, x);
    }
}

static void convert_rows(void *data, int begin, int end, int worker) {
    const Job *job = data;
    const MnetImageConverter *c = job->converter;
    const Scratch *scratch = &c->scratch[worker];
    int n = c->x[0].n_outputs;
    for (int i = begin; i < end; i++) {
        for (int p = 0; p < c->info->n_planes; p++)
            resample_plane(job, p, i, scratch);
        for (int k = c->info->n_components; k < 3; k++)
            memcpy(scratch->rows[k], scratch->rows[0], (size_t)n * sizeof(float));
        mnet_color_apply(&job->color, scratch->rows, n);
        mnet_store_row(&c->store, job->tensor, i, scratch->rows, n);
    }
}

MnetStatus mnet_image_convert(MnetImageConverter *converter, const MnetImage *image, void *tensor,
                              MnetError *error) {
    MnetStatus status = mnet_check_image(image, error);
    if (status)
        return status;
    status = plan(converter, image, error);
    if (status)
        return status;

    Job job = {.converter = converter,
               .image = image,
               .color = mnet_color_make(converter->info, image),
               .tensor = tensor};
    mnet_store_bars(&converter->store, tensor, converter->preprocess.letterbox_color);
    mnet_threads_run(converter->threads, converter->y[0].n_outputs, convert_rows, &job);
    return MNET_OK;
}
