#include "nn/image/weights.h"

#include <assert.h>
#include <math.h>

/* A centre on the border of two pixels lies in the second, whatever the rounding of the division.
 */
#define EDGE 1e-9

/** The samples [lo, hi) of a plane along one axis, and how the outputs lie in them. */
typedef struct Samples {
    int lo, hi;
    double scale; /* samples for each output */
} Samples;

static int clamp(int value, int lo, int hi) {
    return value < lo ? lo : value > hi ? hi : value;
}

static int tap_limit(const Samples *s, MnetResize resize) {
    if (resize == MNET_RESIZE_NEAREST)
        return 1;
    if (resize == MNET_RESIZE_BILINEAR)
        return 2;
    int taps = 2 * (int)ceil(fmax(s->scale, 1.0)) + 1;
    return taps < s->hi - s->lo ? taps : s->hi - s->lo;
}

/** Triangle around `center`, as in Pillow's precompute_coeffs(). Returns the number of taps. */
static int triangle(const Samples *s, double center, int *start, float *weights) {
    double support = fmax(s->scale, 1.0);
    int first = clamp((int)floor(center - support + 0.5), s->lo, s->hi);
    int end = clamp((int)floor(center + support + 0.5), s->lo, s->hi);
    while (first < end && fabs(first + 0.5 - center) >= support)
        first++;
    while (first < end && fabs(end - 0.5 - center) >= support)
        end--;
    assert(first < end);

    double sum = 0;
    for (int i = first; i < end; i++)
        sum += 1 - fabs(i + 0.5 - center) / support;
    for (int i = first; i < end; i++)
        weights[i - first] = (float)((1 - fabs(i + 0.5 - center) / support) / sum);
    *start = first;
    return end - first;
}

static int two_taps(const Samples *s, double center, int *start, float *weights) {
    double left = floor(center - 0.5);
    double fraction = center - 0.5 - left;
    int a = clamp((int)left, s->lo, s->hi - 1), b = clamp((int)left + 1, s->lo, s->hi - 1);
    if (a == b || fraction == 0) {
        *start = a;
        weights[0] = 1;
        return 1;
    }
    *start = a;
    weights[0] = (float)(1 - fraction);
    weights[1] = (float)fraction;
    return 2;
}

bool mnet_filter_build(MnetFilter *filter, MnetArena *arena, const MnetAxis *axis,
                       MnetResize resize, int shift, bool cosited) {
    double scale = axis->box_size / axis->n_outputs;
    int group = 1 << shift;
    double site = cosited ? 0.5 : 0.5 * group; /* of sample 0, in pixels */
    Samples s = {.lo = axis->origin >> shift,
                 .hi = ((axis->origin + axis->size - 1) >> shift) + 1,
                 .scale = scale / group};
    int n = axis->n_outputs;
    int limit = tap_limit(&s, resize);
    *filter = (MnetFilter){.n_outputs = n, .pitch = limit, .first = s.hi, .end = s.lo};
    filter->start = mnet_arena_array(arena, (size_t)n, sizeof(*filter->start));
    filter->taps = mnet_arena_array(arena, (size_t)n, sizeof(*filter->taps));
    filter->weights =
        mnet_arena_array(arena, (size_t)n * (size_t)filter->pitch, sizeof(*filter->weights));
    filter->center = mnet_arena_array(arena, (size_t)n, sizeof(*filter->center));
    if (!filter->start || !filter->taps || !filter->weights || !filter->center)
        return false;

    for (int j = 0; j < n; j++) {
        int i = axis->reversed ? n - 1 - j : j;
        float *weights = filter->weights + (size_t)i * (size_t)filter->pitch;
        double position = axis->box_start + (j + 0.5) * scale;
        if (resize == MNET_RESIZE_NEAREST) {
            int pixel = clamp((int)floor(position + EDGE), 0, axis->size - 1);
            pixel = axis->origin + (axis->reversed ? axis->size - 1 - pixel : pixel);
            filter->start[i] = pixel >> shift;
            filter->center[i] = filter->start[i] + 0.5;
            filter->taps[i] = 1;
            weights[0] = 1;
        } else {
            double pixel = axis->origin + (axis->reversed ? axis->size - position : position);
            double center = (pixel - site) / group + 0.5;
            filter->center[i] = center;
            filter->taps[i] = resize == MNET_RESIZE_BILINEAR
                                  ? two_taps(&s, center, &filter->start[i], weights)
                                  : triangle(&s, center, &filter->start[i], weights);
        }
        assert(filter->taps[i] <= limit);
        if (filter->start[i] < filter->first)
            filter->first = filter->start[i];
        if (filter->start[i] + filter->taps[i] > filter->end)
            filter->end = filter->start[i] + filter->taps[i];
    }
    return true;
}
