#include "nn/image/fixed.h"

#include <assert.h>
#include <math.h>

static int16_t to_int16(double v) {
    return (int16_t)fmin(fmax(rint(v), -INT16_MAX), INT16_MAX);
}

/** Output i's weight of a sample. An output that doesn't exist has none. */
static double weight_of(const MnetFilter *filter, int i, int sample) {
    if (i < 0 || i >= filter->n_outputs || sample < filter->start[i] ||
        sample >= filter->start[i] + filter->taps[i])
        return 0;
    return (double)
        filter->weights[(size_t)i * (size_t)filter->pitch + (size_t)(sample - filter->start[i])];
}

/** The largest shift with which `most` still is an int16_t. */
static int room(int most) {
    int shift = 0;
    while (most << (shift + 1) <= INT16_MAX)
        shift++;
    return shift;
}

/** Weight and slope of output i over the segment's rows, for sums shifted left by sum_shift and
 * slope_shift. */
static bool weigh(const MnetFilter *filter, int i, const MnetRowsSegment *s, int sum_shift,
                  int slope_shift, int16_t *weight, int16_t *slope) {
    int n = s->n_rows;
    double first = weight_of(filter, i, s->first), last = weight_of(filter, i, s->first + n - 1);
    double mean = ldexp((first + last) / 2, 15 - sum_shift);
    *weight = to_int16(mean);
    *slope = n > 1 ? to_int16(ldexp((last - first) / (2 * (n - 1)), 15 - slope_shift)) : 0;
    return mean < INT16_MAX + 1.5;
}

/** False where the rows are too many for the weights' 16 bits. */
static bool fill_segment(MnetRowsSegment *s, const MnetFilter *filter, int gap, int depth) {
    int n = s->n_rows, peak = (1 << depth) - 1;
    if (n == 0)
        return true;
    int sum_shift = room(peak * n), slope_shift = n > 1 ? room(peak * (n * n / 4)) : 0;
    s->sum = (int16_t)(1 << sum_shift);
    s->slope_sum = (int16_t)((n + 1) << slope_shift);
    s->slope_prefix = (int16_t)(2 << slope_shift);
    sum_shift -= MNET_ROWS_FRACTION - (depth - 8);
    slope_shift -= MNET_ROWS_FRACTION - (depth - 8);
    bool upper =
        weigh(filter, gap - 1, s, sum_shift, slope_shift, &s->above_weight, &s->above_slope);
    bool lower = weigh(filter, gap, s, sum_shift, slope_shift, &s->below_weight, &s->below_slope);
    return upper && lower;
}

/**
 * Rows [first, end) between two centres as one segment if they fit, at most. A power of two always
 * fits: its sums fill the 16 bits, so that weights need not.
 */
static int add_segments(MnetRowsSegment *segments, const MnetFilter *filter, int gap, int first,
                        int end, int depth) {
    int most = depth == 8 ? MNET_ROWS_SEGMENT_U8 : MNET_ROWS_SEGMENT_U16, n = 0;
    do {
        int rows = end - first < most ? end - first : most;
        MnetRowsSegment *s = &segments[n];
        *s = (MnetRowsSegment){.first = first, .n_rows = rows, .begins = n == 0};
        if (!fill_segment(s, filter, gap, depth)) {
            int power = 1;
            while (power * 2 < rows)
                power *= 2;
            s->n_rows = power;
            bool fits = fill_segment(s, filter, gap, depth);
            assert(fits);
            (void)fits;
        }
        first += s->n_rows;
        n++;
    } while (first < end);
    return n;
}

static bool build_blend(MnetVertical *vertical, MnetArena *arena, const MnetFilter *filter) {
    vertical->blended = true;
    vertical->start = filter->start;
    vertical->blend = mnet_arena_array(arena, (size_t)filter->n_outputs, sizeof(int16_t));
    if (!vertical->blend)
        return false;
    for (int i = 0; i < filter->n_outputs; i++)
        vertical->blend[i] = to_int16(ldexp(weight_of(filter, i, filter->start[i] + 1), 15));
    return true;
}

bool mnet_vertical_build(MnetVertical *vertical, MnetArena *arena, const MnetFilter *filter,
                         int depth) {
    int n = filter->n_outputs, most_taps = 0;
    *vertical = (MnetVertical){.n_outputs = n};
    for (int i = 0; i < n; i++)
        most_taps = filter->taps[i] > most_taps ? filter->taps[i] : most_taps;
    if (most_taps <= 2)
        return build_blend(vertical, arena, filter);

    /* One or none a gap, and at worst as many again as there are rows. */
    size_t most = (size_t)(n + 1) + (size_t)(filter->end - filter->first);
    vertical->segments = mnet_arena_array(arena, most, sizeof(*vertical->segments));
    vertical->below = mnet_arena_array(arena, (size_t)n + 2, sizeof(int));
    if (!vertical->segments || !vertical->below)
        return false;
    int first = filter->first, count = 0;
    for (int gap = 0; gap <= n; gap++) {
        int end = gap < n ? (int)ceil(filter->center[gap] - 0.5) : filter->end;
        end = end < first ? first : end < filter->end ? end : filter->end;
        vertical->below[gap] = count;
        count += add_segments(vertical->segments + count, filter, gap, first, end, depth);
        first = end;
    }
    vertical->below[n + 1] = count;
    return true;
}

static void round_weights(int16_t *out, const MnetFilter *filter, int i) {
    const float *weights = filter->weights + (size_t)i * (size_t)filter->pitch;
    double sum = 0, so_far = 0;
    for (int k = 0; k < filter->taps[i]; k++)
        sum += (double)weights[k];
    int given = 0;
    for (int k = 0; k < filter->taps[i]; k++) {
        so_far += (double)weights[k];
        int want = (int)lrint(ldexp(so_far / sum, MNET_ROWS_TAP_BITS));
        out[k] = (int16_t)(want - given);
        given = want;
    }
}

static int min(int a, int b) {
    return a < b ? a : b;
}

/** Whether the samples of each two neighbouring outputs lie within n_taps of one another. */
static bool has_close_pairs(const MnetFilter *filter, int n_taps) {
    for (int i = 0; i + 1 < filter->n_outputs; i += 2) {
        const int *start = filter->start + i, *n = filter->taps + i;
        int from = min(start[0], start[1]);
        if (start[0] + n[0] > from + n_taps || start[1] + n[1] > from + n_taps)
            return false;
    }
    return true;
}

bool mnet_taps_build(MnetRowsTaps *taps, MnetArena *arena, const MnetFilter *filter, int first) {
    int most = 0, n = filter->n_outputs;
    for (int i = 0; i < n; i++)
        most = filter->taps[i] > most ? filter->taps[i] : most;
    *taps = (MnetRowsTaps){.n_outputs = n, .n_taps = most <= 8 ? 8 : (most + 15) / 16 * 16};
    taps->by_pairs = has_close_pairs(filter, taps->n_taps);
    size_t count = ((size_t)n + 7) / 8 * 8;
    taps->start = mnet_arena_array(arena, count, sizeof(*taps->start));
    taps->weights = mnet_arena_array(arena, count * (size_t)taps->n_taps, sizeof(*taps->weights));
    if (!taps->start || !taps->weights)
        return false;
    for (int i = 0; i < n; i++) {
        int start = filter->start[i], other = i ^ 1;
        if (taps->by_pairs && other < n)
            start = min(start, filter->start[other]);
        taps->start[i] = start - first;
        if (taps->by_pairs)
            taps->start[i | 1] = taps->start[i];
        round_weights(taps->weights + (ptrdiff_t)i * taps->n_taps + filter->start[i] - start,
                      filter, i);
    }
    return true;
}
