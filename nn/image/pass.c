#include "nn/image/pass.h"

#include "nn/base/cpu.h"

#include <string.h>

/** With room for what kernels write behind a row. */
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

static bool allocate_scratch(const MnetPass *pass, MnetPassScratch *s, MnetArena *arena,
                             ptrdiff_t lane) {
    size_t out = ((size_t)pass->taps[0].n_outputs + 7) / 8 * 8;
    /* An output at a row's end has fewer taps; the others, of weight 0, are read too. */
    size_t slack = (size_t)(pass->taps[0].n_taps > pass->taps[1].n_taps ? pass->taps[0].n_taps
                                                                        : pass->taps[1].n_taps);
    bool done = true;
    for (int p = 0; p < pass->info->n_planes; p++) {
        size_t row = (size_t)pass->planes[p].pitch;
        done = done && (s->planes[p] = mnet_arena_array(arena, 2 * row + slack, sizeof(int16_t)));
    }
    for (int i = 0; i < 4; i++)
        done =
            done && (s->lanes[i] = mnet_arena_array(arena, (size_t)lane + slack, sizeof(int16_t)));
    for (int i = 0; i < 3; i++) {
        done = done && (s->components[i] = mnet_arena_array(arena, out, sizeof(int32_t)));
        done = done && (s->rgb[i] = mnet_arena_array(arena, out, sizeof(float)));
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
    ptrdiff_t lane = 0;
    for (int i = 0; i < info->n_components; i++) {
        const MnetComponentInfo *component = &info->components[i];
        const MnetPlaneRows *plane = &pass->planes[component->plane];
        ptrdiff_t room = pitch_for(plane->n / component->step + 1);
        lane = room > lane ? room : lane;
        /* Components of one subsampling share filter and first sample. */
        MnetRowsTaps *taps = &pass->taps[component->shift_x];
        int first = plane->first / plane->group * per_group(plane, component);
        if (!taps->start && !mnet_taps_build(taps, arena, &x[component->shift_x], first))
            return false;
    }
    for (int t = 0; t < threads; t++)
        if (!allocate_scratch(pass, &pass->scratch[t], arena, lane))
            return false;
    return true;
}

static int16_t *plane_row(const MnetPass *pass, const MnetPassScratch *s, int p, int i) {
    return s->planes[p] + i % 2 * pass->planes[p].pitch;
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
        pass->kernels.segment[plane->kind](plane_row(pass, s, p, i + 1), plane_row(pass, s, p, i),
                                           &source, segment);
    }
}

/** Row i of plane p; `first` where the row before it was not made. */
static void run_plane(const MnetPass *pass, const MnetImage *image, const MnetPassScratch *s, int p,
                      int i, bool first) {
    const MnetPlaneRows *plane = &pass->planes[p];
    const MnetVertical *vertical = &plane->vertical;
    if (!vertical->blended) {
        if (first)
            run_gap(pass, image, s, p, i);
        run_gap(pass, image, s, p, i + 1);
        return;
    }
    MnetRowsSource source = source_at(pass, image, p, vertical->start[i]);
    if (!vertical->blend[i])
        source.stride = 0;
    pass->kernels.blend[plane->kind](plane_row(pass, s, p, i), &source, vertical->blend[i]);
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

/** Splits plane p's `row` into the lanes that its components need. */
static void split_row(const MnetPass *pass, const MnetPassScratch *s, int p, const int16_t *row) {
    const MnetPlaneRows *plane = &pass->planes[p];
    int groups = (plane->n + plane->group - 1) / plane->group;
    bool needed[2] = {false, false};
    for (int i = 0; i < pass->info->n_components; i++) {
        const MnetComponentInfo *component = &pass->info->components[i];
        if (component->plane == p && is_split(plane, component))
            needed[lane_of(plane, component) / 2] = true;
    }
    if (plane->group == 3) {
        pass->kernels.split3(s->lanes, row, groups);
        return;
    }
    for (int half = 0; half < 2; half++)
        if (needed[half])
            pass->kernels.split2(s->lanes + 2 * half, row + half * plane->odd, groups);
}

static const int16_t *component_row(const MnetPass *pass, const MnetPassScratch *s, int k, int i) {
    const MnetComponentInfo *component = &pass->info->components[k];
    const MnetPlaneRows *plane = &pass->planes[component->plane];
    if (is_split(plane, component))
        return s->lanes[lane_of(plane, component)];
    const int16_t *row = plane_row(pass, s, component->plane, i);
    return plane->kind == MNET_ROWS_U8_PAIRS ? row + component->offset % 2 * plane->odd : row;
}

/** The horizontal filter: components of one subsampling together. */
static void resample(const MnetPass *pass, const MnetPassScratch *s, int i) {
    for (int shift = 0; shift < 2; shift++) {
        const int16_t *rows[3];
        int32_t *out[3];
        int n = 0;
        for (int k = 0; k < pass->info->n_components; k++) {
            if (pass->info->components[k].shift_x != shift)
                continue;
            rows[n] = component_row(pass, s, k, i);
            out[n++] = s->components[k];
        }
        if (n)
            pass->kernels.resample(out, rows, n, &pass->taps[shift]);
    }
}

void mnet_pass_run(const MnetPass *pass, const MnetImage *image, const MnetRowsColor *color,
                   void *tensor, int begin, int end, int worker) {
    const MnetPassScratch *s = &pass->scratch[worker];
    const int32_t *components[3];
    int n_components = pass->info->n_components, width = pass->taps[0].n_outputs;
    for (int k = 0; k < 3; k++)
        components[k] = s->components[k < n_components ? k : 0];

    for (int i = begin; i < end; i++) {
        for (int p = 0; p < pass->info->n_planes; p++) {
            run_plane(pass, image, s, p, i, i == begin);
            split_row(pass, s, p, plane_row(pass, s, p, i));
        }
        resample(pass, s, i);
        pass->kernels.color(s->rgb, components, color, width);
        mnet_store_row(&pass->store, &pass->kernels, tensor, i, s->rgb, width);
    }
}
