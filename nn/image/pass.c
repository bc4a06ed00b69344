#include "nn/image/pass.h"

#include "nn/base/cpu.h"

#include <string.h>

/* Row buffers of a plane: a batch, and the row below it, which the batch's last segment has begun. */
#define RING (MNET_ROWS_BATCH + 1)

/** A pitch that leaves room for what kernels write behind a row, and never a multiple of a page. */
static ptrdiff_t pitch_for(int n) {
    return (n + MNET_ROWS_PAD - 1) / MNET_ROWS_PAD * MNET_ROWS_PAD + MNET_ROWS_PAD;
}

/** Samples of one component in a group. */
static int per_group(const MnetPlaneRows *plane, const MnetComponentInfo *component) {
    return plane->group / component->step;
}

/** Whole groups, so that each component begins with its first sample of one. */
static void find_span(MnetPass *pass, int p, const MnetFilter x[2]) {
    MnetPlaneRows *plane = &pass->planes[p];
    int first = INT32_MAX, end = 0;
    for (int i = 0; i < pass->info->n_components; i++) {
        const MnetComponentInfo *component = &pass->info->components[i];
        if (component->plane != p)
            continue;
        const MnetFilter *filter = &x[component->shift_x];
        int group = filter->first / per_group(plane, component) * plane->group;
        int last = (filter->end - 1) * component->step + component->offset;
        first = group < first ? group : first;
        end = last + 1 > end ? last + 1 : end;
    }
    plane->first = first;
    plane->n = end - first;
}

static void lay_out_plane(MnetPass *pass, int p, const MnetFilter x[2]) {
    const MnetFormatInfo *info = pass->info;
    MnetPlaneRows *plane = &pass->planes[p];
    plane->group = info->planes[p].group_bytes / info->sample_bytes;
    if (info->sample_bytes == 2)
        plane->kind = MNET_ROWS_U16;
    else
        plane->kind = plane->group % 2 ? MNET_ROWS_U8 : MNET_ROWS_U8_PAIRS;
    find_span(pass, p, x);
    plane->odd = pitch_for((plane->n + 1) / 2);
    plane->pitch = plane->kind == MNET_ROWS_U8_PAIRS ? 2 * plane->odd : pitch_for(plane->n);
}

static bool allocate_scratch(MnetPass *pass, MnetPassScratch *s, MnetArena *arena) {
    size_t resample = 0;
    for (int shift = 0; shift < 2; shift++) {
        size_t bytes = mnet_rows_scratch_bytes((int)pass->lane_pitch, pass->taps[shift].n_pairs);
        resample = bytes > resample ? bytes : resample;
    }
    bool done = (s->resample = mnet_arena_alloc(arena, resample)) != NULL;
    for (int p = 0; p < pass->info->n_planes; p++)
        done = done && (s->planes[p] = mnet_arena_array(arena, RING * (size_t)pass->planes[p].pitch,
                                                        sizeof(int16_t)));
    for (int i = 0; i < 4; i++)
        done = done && (s->lanes[i] = mnet_arena_array(
                            arena, MNET_ROWS_BATCH * (size_t)pass->lane_pitch, sizeof(int16_t)));
    for (int i = 0; i < 3; i++) {
        done =
            done && (s->rgb[i] = mnet_arena_array(arena, (size_t)pass->out_pitch, sizeof(float)));
        done = done && (s->components[i] = mnet_arena_array(
                            arena, MNET_ROWS_BATCH * (size_t)pass->out_pitch, sizeof(int32_t)));
    }
    return done;
}

bool mnet_pass_build(MnetPass *pass, MnetArena *arena, const MnetFormatInfo *info,
                     const MnetFilter x[2], const MnetFilter y[2], int threads) {
    pass->info = info;
    mnet_image_rows_kernels_init(&pass->kernels, mnet_cpu_features());
    for (int p = 0; p < info->n_planes; p++) {
        lay_out_plane(pass, p, x);
        if (!mnet_vertical_build(&pass->planes[p].vertical, arena, &y[info->planes[p].shift_y],
                                 info->depth))
            return false;
    }
    pass->lane_pitch = 0;
    for (int i = 0; i < info->n_components; i++) {
        const MnetComponentInfo *component = &info->components[i];
        const MnetPlaneRows *plane = &pass->planes[component->plane];
        int n = (plane->n - component->offset + component->step - 1) / component->step;
        int first = plane->first / plane->group * per_group(plane, component);
        if (pitch_for(n) > pass->lane_pitch)
            pass->lane_pitch = pitch_for(n);
        /* Components of one subsampling share filter and first sample. */
        MnetRowsTaps *taps = &pass->taps[component->shift_x];
        if ((i == 0 || !taps->start) &&
            !mnet_taps_build(taps, arena, &x[component->shift_x], first, n))
            return false;
    }
    pass->out_pitch = (x[0].n_outputs + 7) / 8 * 8;
    for (int t = 0; t < threads; t++)
        if (!allocate_scratch(pass, &pass->scratch[t], arena))
            return false;
    return true;
}

static int16_t *plane_row(const MnetPass *pass, const MnetPassScratch *s, int p, int i) {
    return s->planes[p] + i % RING * pass->planes[p].pitch;
}

static MnetRowsSource source_at(const MnetPass *pass, const MnetImage *image, int p, int row) {
    const MnetPlaneRows *plane = &pass->planes[p];
    return (MnetRowsSource){.data = image->planes[p] + row * image->strides[p] +
                                    (ptrdiff_t)plane->first * pass->info->sample_bytes,
                            .stride = image->strides[p],
                            .n = plane->n,
                            .shift = pass->info->unit_bits,
                            .odd = plane->odd};
}

/** The rows between the centres of output rows i - 1 and i. */
static void run_gap(const MnetPass *pass, const MnetImage *image, const MnetPassScratch *s, int p,
                    int i) {
    const MnetPlaneRows *plane = &pass->planes[p];
    const MnetVertical *vertical = &plane->vertical;
    for (int k = vertical->below[i]; k < vertical->below[i + 1]; k++) {
        const MnetRowsSegment *segment = &vertical->segments[k];
        MnetRowsSource source = source_at(pass, image, p, segment->first);
        pass->kernels.segment[plane->kind](plane_row(pass, s, p, i + RING - 1),
                                           plane_row(pass, s, p, i), &source, segment);
    }
}

/** Rows [begin, begin + n) of plane p; `first` where no batch of this part went before. */
static void run_plane(const MnetPass *pass, const MnetImage *image, const MnetPassScratch *s, int p,
                      int begin, int n, bool first) {
    const MnetPlaneRows *plane = &pass->planes[p];
    const MnetVertical *vertical = &plane->vertical;
    if (!vertical->blended && first)
        run_gap(pass, image, s, p, begin);
    for (int i = begin; i < begin + n; i++) {
        if (!vertical->blended) {
            run_gap(pass, image, s, p, i + 1);
            continue;
        }
        MnetRowsSource source = source_at(pass, image, p, vertical->start[i]);
        if (!vertical->blend[i])
            source.stride = 0;
        pass->kernels.blend[plane->kind](plane_row(pass, s, p, i), &source, vertical->blend[i]);
    }
}

/** Rows of one component that are not in the plane's row buffers as they are. */
static bool is_split(const MnetPlaneRows *plane, const MnetComponentInfo *component) {
    return component->step > (plane->kind == MNET_ROWS_U8_PAIRS ? 2 : 1);
}

/** Which lane a component's samples go to: in a row of pairs, first those of the even half. */
static int lane_of(const MnetPlaneRows *plane, const MnetComponentInfo *component) {
    if (plane->kind == MNET_ROWS_U8_PAIRS)
        return component->offset % 2 * 2 + component->offset / 2;
    return component->offset;
}

/** Splits row r of the batch, at `row`, into the lanes that plane p's components need. */
static void split_row(const MnetPass *pass, const MnetPassScratch *s, int p, const int16_t *row,
                      int r) {
    const MnetPlaneRows *plane = &pass->planes[p];
    int16_t *lanes[4];
    bool needed[2] = {false, false};
    for (int i = 0; i < 4; i++)
        lanes[i] = s->lanes[i] + r * pass->lane_pitch;
    for (int i = 0; i < pass->info->n_components; i++) {
        const MnetComponentInfo *component = &pass->info->components[i];
        if (component->plane == p && is_split(plane, component))
            needed[lane_of(plane, component) / 2] = true;
    }
    int groups = (plane->n + plane->group - 1) / plane->group;
    if (plane->group == 3) {
        pass->kernels.split3(lanes, row, groups);
        return;
    }
    for (int half = 0; half < 2; half++)
        if (needed[half])
            pass->kernels.split2(lanes + 2 * half, row + half * plane->odd, groups);
}

static const int16_t *component_row(const MnetPass *pass, const MnetPassScratch *s, int k, int i,
                                    int r) {
    const MnetComponentInfo *component = &pass->info->components[k];
    const MnetPlaneRows *plane = &pass->planes[component->plane];
    if (is_split(plane, component))
        return s->lanes[lane_of(plane, component)] + r * pass->lane_pitch;
    const int16_t *row = plane_row(pass, s, component->plane, i);
    return plane->kind == MNET_ROWS_U8_PAIRS ? row + component->offset % 2 * plane->odd : row;
}

/** Rows [begin, begin + n) of component k, n <= MNET_ROWS_BATCH. */
static void resample(const MnetPass *pass, const MnetPassScratch *s, int k, int begin, int n) {
    const MnetComponentInfo *component = &pass->info->components[k];
    const MnetPlaneRows *plane = &pass->planes[component->plane];
    const int16_t *rows[MNET_ROWS_BATCH];
    int32_t *out[MNET_ROWS_BATCH];
    for (int r = 0; r < MNET_ROWS_BATCH; r++) {
        int row = r < n ? r : n - 1;
        rows[r] = component_row(pass, s, k, begin + row, row);
        out[r] = s->components[k] + row * pass->out_pitch;
    }
    int samples = (plane->n - component->offset + component->step - 1) / component->step;
    pass->kernels.resample(out, rows, n, samples, &pass->taps[component->shift_x], s->resample);
}

static void run_batch(const MnetPass *pass, const MnetImage *image, const MnetRowsColor *color,
                      void *tensor, const MnetPassScratch *s, int begin, int n, bool first) {
    for (int p = 0; p < pass->info->n_planes; p++) {
        run_plane(pass, image, s, p, begin, n, first);
        bool split = false;
        for (int k = 0; k < pass->info->n_components; k++)
            split = split || (pass->info->components[k].plane == p &&
                              is_split(&pass->planes[p], &pass->info->components[k]));
        for (int r = 0; split && r < n; r++)
            split_row(pass, s, p, plane_row(pass, s, p, begin + r), r);
    }
    for (int k = 0; k < pass->info->n_components; k++)
        resample(pass, s, k, begin, n);

    int width = pass->taps[0].n_outputs;
    for (int r = 0; r < n; r++) {
        const int32_t *components[3];
        for (int k = 0; k < 3; k++)
            components[k] =
                s->components[k < pass->info->n_components ? k : 0] + r * pass->out_pitch;
        pass->kernels.color(s->rgb, components, color, width);
        mnet_store_row(&pass->store, &pass->kernels, tensor, begin + r, s->rgb, width);
    }
}

void mnet_pass_run(const MnetPass *pass, const MnetImage *image, const MnetRowsColor *color,
                   void *tensor, int begin, int end, int worker) {
    for (int i = begin; i < end; i += MNET_ROWS_BATCH) {
        int n = end - i < MNET_ROWS_BATCH ? end - i : MNET_ROWS_BATCH;
        run_batch(pass, image, color, tensor, &pass->scratch[worker], i, n, i == begin);
    }
}
