#include "nn/image/image.h"

#include "nn/base/arena.h"
#include "nn/base/threads.h"
#include "nn/image/check.h"
#include "nn/image/color.h"
#include "nn/image/pass.h"

#include <stdlib.h>

/** All of an image that weights and buffers depend on. */
typedef struct Geometry {
    MnetPixelFormat format;
    int width, height;
    MnetChromaSite chroma_site;
    MnetRect crop;
    MnetOrientation orientation;
} Geometry;

struct MnetImageConverter {
    MnetImageTarget target;
    MnetPreprocess preprocess;
    int threads;

    bool planned; /* what follows fits `geometry` */
    Geometry geometry;
    MnetFilter x[2], y[2]; /* by subsampling (log2) */
    MnetPass pass;
    MnetArena arena; /* filters and scratch */
};

/** What the tasks of one conversion share. */
typedef struct Job {
    const MnetImageConverter *converter;
    const MnetImage *image;
    MnetRowsColor color;
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

static MnetStatus plan(MnetImageConverter *c, const MnetImage *image, MnetError *error) {
    Geometry wanted = geometry_of(image);
    if (c->planned && same_geometry(&wanted, &c->geometry))
        return MNET_OK;

    MnetGeometry geometry =
        mnet_geometry_plan(image, &c->preprocess, c->target.width, c->target.height);
    mnet_arena_clear(&c->arena);
    c->planned = false;
    c->geometry = wanted;
    c->pass = (MnetPass){.store = mnet_store_make(&c->target, &geometry)};
    if (!build_filters(c, &geometry) ||
        !mnet_pass_build(&c->pass, &c->arena, mnet_format_info(image->format), c->x, c->y,
                         c->threads))
        return mnet_fail(error, MNET_ERROR_MEMORY, "out of memory for frames of %dx%d",
                         image->width, image->height);
    c->planned = true;
    return MNET_OK;
}

static void convert_rows(void *data, const MnetPart *part) {
    const Job *job = data;
    mnet_pass_run(&job->converter->pass, job->image, &job->color, job->tensor, part->begin,
                  part->end, part->worker);
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
               .color = mnet_color_make(converter->pass.info, image),
               .tensor = tensor};
    mnet_store_bars(&converter->pass.store, tensor, converter->preprocess.letterbox_color);
    mnet_threads_run(converter->threads, converter->y[0].n_outputs, 1, convert_rows, &job);
    return MNET_OK;
}
