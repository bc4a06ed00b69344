/* Each tier's row kernels against C's, bit for bit. With --bench, their times. A number as argument
 * is the seed. */
#include "nn/kernels/image_rows.h"

#include "tests/kernels/tier.h"
#include "tests/test.h"

#include <math.h>
#include <stdbool.h>
#include <time.h>

enum {
    MOST = 700,
    ROOM = 3 * MOST + 4 * MNET_ROWS_PAD,
    ROWS = MNET_ROWS_SEGMENT_U8,
    MOST_TAPS = 80
};

static MnetRowsKernels c, best;
static uint32_t state;

static uint32_t random_u32(void) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static int range(int lo, int hi) {
    return lo + (int)(random_u32() % (uint32_t)(hi - lo + 1));
}

static void noise(void *out, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        ((uint8_t *)out)[i] = (uint8_t)(random_u32() >> 9);
}

/** Rows whose last byte is the last of an allocation, so that sanitizers see a read behind it. */
static uint8_t *make_rows(MnetRowsSource *source, MnetRowsKind kind, int n_rows, int n) {
    size_t row = (size_t)n * (kind == MNET_ROWS_U16 ? 2 : 1);
    size_t stride = row + (size_t)range(0, 70), bytes = stride * (size_t)(n_rows - 1) + row;
    uint8_t *data = malloc(bytes);
    if (!data)
        abort();
    if (range(0, 3))
        noise(data, bytes);
    else
        memset(data, 255, bytes);
    *source = (MnetRowsSource){.data = data,
                               .stride = (ptrdiff_t)stride,
                               .n = n,
                               .shift = range(0, 1) * 6,
                               .odd = (n + 1) / 2 + MNET_ROWS_PAD};
    return data;
}

static bool same_row(const int16_t *a, const int16_t *b, const MnetRowsSource *source,
                     MnetRowsKind kind) {
    for (int x = 0; x < source->n; x++) {
        ptrdiff_t at = kind == MNET_ROWS_U8_PAIRS ? x / 2 + (x & 1) * source->odd : x;
        if (a[at] != b[at])
            return false;
    }
    return true;
}

static void test_segments(void) {
    static int16_t above[2][ROOM], below[2][ROOM];
    for (int i = 0; i < 3000; i++) {
        MnetRowsKind kind = (MnetRowsKind)(i % MNET_ROWS_KINDS);
        MnetRowsSegment s = {.n_rows = range(0, ROWS), .begins = (int16_t)range(0, 1)};
        noise(&s.sum, 7 * sizeof(int16_t));
        s.above_weight &= INT16_MAX; /* -32768 is no weight */
        s.below_slope |= 1;
        s.above_slope |= 1;
        s.below_weight &= INT16_MAX;
        MnetRowsSource source;
        uint8_t *rows = make_rows(&source, kind, s.n_rows ? s.n_rows : 1, range(1, MOST));
        noise(above[0], sizeof(above[0]));
        noise(below[0], sizeof(below[0]));
        memcpy(above[1], above[0], sizeof(above[0]));
        memcpy(below[1], below[0], sizeof(below[0]));
        c.segment[kind](above[0], below[0], &source, &s);
        best.segment[kind](above[1], below[1], &source, &s);
        CHECK(same_row(above[0], above[1], &source, kind), "kind %d, %d rows of %d", (int)kind,
              s.n_rows, source.n);
        CHECK(same_row(below[0], below[1], &source, kind), "kind %d, %d rows of %d", (int)kind,
              s.n_rows, source.n);
        free(rows);
    }
}

static void test_blends(void) {
    static int16_t row[2][ROOM];
    for (int i = 0; i < 2000; i++) {
        MnetRowsKind kind = (MnetRowsKind)(i % MNET_ROWS_KINDS);
        MnetRowsSource source;
        uint8_t *rows = make_rows(&source, kind, 2, range(1, MOST));
        int16_t weight = (int16_t)range(0, INT16_MAX);
        c.blend[kind](row[0], &source, weight);
        best.blend[kind](row[1], &source, weight);
        CHECK(same_row(row[0], row[1], &source, kind), "kind %d, %d", (int)kind, source.n);
        free(rows);
    }
}

static void test_splits(void) {
    static int16_t row[ROOM], out[2][3][ROOM];
    int16_t *want[3] = {out[0][0], out[0][1], out[0][2]};
    int16_t *got[3] = {out[1][0], out[1][1], out[1][2]};
    for (int i = 0; i < 500; i++) {
        int n = range(1, MOST), step = 2 + i % 2;
        noise(row, sizeof(row));
        (step == 2 ? c.split2 : c.split3)(want, row, n);
        (step == 2 ? best.split2 : best.split3)(got, row, n);
        for (int k = 0; k < step; k++)
            CHECK(!memcmp(want[k], got[k], (size_t)n * sizeof(int16_t)), "step %d, %d", step, n);
    }
}

static void test_resample(void) {
    static int16_t rows[3][ROOM];
    static int32_t want[3][MOST + 7], got[3][MOST + 7];
    const int16_t *const from[3] = {rows[0], rows[1], rows[2]};
    int32_t *const of_c[3] = {want[0], want[1], want[2]}, *const of_best[3] = {got[0], got[1],
                                                                               got[2]};
    static int start[MOST + 7];
    static _Alignas(64) int16_t weights[(MOST + 7) * MOST_TAPS];
    for (int i = 0; i < 300; i++) {
        MnetRowsTaps taps = {.n_outputs = range(1, MOST), .start = start, .weights = weights};
        int step = range(0, MOST_TAPS / 16), n = range(1, 3);
        taps.n_taps = step ? 16 * step : 8;
        taps.by_pairs = range(0, 1);
        memset(start, 0, sizeof(start));
        for (int j = 0; j < taps.n_outputs; j++)
            start[j] = taps.by_pairs && j % 2 ? start[j - 1] : range(0, MOST);
        noise(rows, sizeof(rows));
        for (int j = 0; j < 3 * ROOM; j++)
            rows[j / ROOM][j % ROOM] &= INT16_MAX;
        for (int j = 0; j < (MOST + 7) * MOST_TAPS; j++)
            weights[j] = (int16_t)range(0, (1 << MNET_ROWS_TAP_BITS) / taps.n_taps);
        c.resample(of_c, from, n, &taps);
        best.resample(of_best, from, n, &taps);
        for (int r = 0; r < n; r++)
            CHECK(!memcmp(want[r], got[r], (size_t)taps.n_outputs * sizeof(**want)),
                  "%d outputs of %d taps, row %d of %d", taps.n_outputs, taps.n_taps, r, n);
    }
}

/** From components to bytes, with gains of all sizes, and scales that no model should have. */
static void test_color(void) {
    static int32_t in[3][MOST + 7];
    static float rgb[2][3][MOST + 7];
    static uint8_t want[3 * MOST + 1], got[3 * MOST + 1];
    const int32_t *components[3] = {in[0], in[1], in[2]};
    const float odd[4] = {NAN, INFINITY, 1e30f, -1e30f};
    for (int i = 0; i < 500; i++) {
        int n = range(1, MOST), swap = range(0, 1);
        MnetRowsColor color;
        MnetRowsNormal normal = {.lo = -128 * range(0, 1)};
        for (int k = 0; k < 3; k++) {
            for (int j = 0; j < 3; j++)
                color.gain[k][j] = (float)range(-200, 200) * 0x1p-28f;
            color.offset[k] = (float)range(-30000, 30000) / 100;
            normal.mul[k] = i % 8 ? (float)range(-300, 300) / 200 : odd[range(0, 3)];
            normal.add[k] = (float)range(-200, 200);
            for (int x = 0; x < n; x++)
                in[k][x] = range(0, 255 << (MNET_ROWS_FRACTION + MNET_ROWS_TAP_BITS));
        }
        float *rows[2][3];
        for (int k = 0; k < 6; k++)
            rows[k / 3][k % 3] = rgb[k / 3][k % 3];
        c.color(rows[0], components, &color, n);
        best.color(rows[1], components, &color, n);
        for (int k = 0; k < 3; k++)
            CHECK(!memcmp(rgb[0][k], rgb[1][k], (size_t)n * sizeof(float)), "%d pixels", n);

        int order[3] = {swap ? 2 : 0, 1, swap ? 0 : 2};
        want[3 * n] = got[3 * n] = 0xa5;
        c.pack_u8(want, (const float *const *)rows[0], &normal, order, n);
        best.pack_u8(got, (const float *const *)rows[0], &normal, order, n);
        CHECK(!memcmp(want, got, 3 * (size_t)n), "%d pixels", n);
        CHECK(got[3 * n] == 0xa5, "written behind %d pixels", n);
    }
}

static double now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

/** Microseconds for five rows of 640 samples into two, and for 224 outputs of 16 taps of n rows. */
static void bench(const MnetRowsKernels *kernels) {
    enum { RUNS = 2000 };
    static uint8_t rows[5 * 640];
    static int16_t above[ROOM], below[ROOM];
    static int32_t out[3][224];
    int32_t *const to[3] = {out[0], out[1], out[2]};
    const int16_t *const filtered[3] = {above, below, above};
    static int start[224];
    static _Alignas(64) int16_t weights[224 * 16];
    MnetRowsSource source = {.data = rows, .stride = 640, .n = 640, .odd = 384};
    MnetRowsSegment segment = {.n_rows = 5, .sum = 16, .slope_sum = 6, .slope_prefix = 2};
    MnetRowsTaps taps = {.n_outputs = 224, .n_taps = 16, .start = start, .weights = weights};
    for (int i = 0; i < 224; i++)
        start[i] = i * 2;
    for (int kind = 0; kind < 2; kind++) {
        double from = now_us();
        for (int i = 0; i < RUNS; i++)
            kernels->segment[kind](above, below, &source, &segment);
        printf("%-6s segment, kind %d  %7.3f us\n", kernels->name, kind, (now_us() - from) / RUNS);
    }
    for (int n = 1; n <= 3; n++) {
        double from = now_us();
        for (int i = 0; i < RUNS; i++)
            kernels->resample(to, filtered, n, &taps);
        printf("%-6s resample, rows %d %7.3f us\n", kernels->name, n, (now_us() - from) / RUNS);
    }
}

static void test_all(void) {
    printf("seed %u, %s against %s\n", state, best.name, c.name);
    RUN(test_segments);
    RUN(test_blends);
    RUN(test_splits);
    RUN(test_resample);
    RUN(test_color);
}

int main(int argc, char **argv) {
    bool timing = argc > 1 && !strcmp(argv[1], "--bench");
    state = argc > 1 && !timing ? (uint32_t)strtoul(argv[1], NULL, 0) | 1 : 20240607;
    mnet_image_rows_kernels_init(&c, 0);
    best = c;
    if (timing)
        bench(&c);
    for (int tier = 1; tier < tier_count(); tier++) {
        const char *before = best.name;
        mnet_image_rows_kernels_init(&best, tier_features(tier));
        if (!strcmp(before, best.name))
            continue; /* tiers that differ in other kernels */
        if (timing)
            bench(&best);
        else
            test_all();
    }
    if (timing)
        return 0;
    if (!strcmp(best.name, c.name))
        SKIP("this CPU has no tier beside C");
    return test_end();
}
