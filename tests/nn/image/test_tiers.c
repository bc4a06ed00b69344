/* Whole conversions give the same bytes on each tier. The CPU's features are read once a process,
 * so a tier has its own. */
#include "nn/image/image.h"
#include "tests/nn/image/frame.h"
#include "tests/test.h"

#include <sys/wait.h>
#include <unistd.h>

enum { CASES = 900, SIDE = 70 };

static uint64_t hash(const uint8_t *data, size_t bytes) {
    uint64_t h = 0xcbf29ce484222325; /* FNV-1a */
    for (size_t i = 0; i < bytes; i++)
        h = (h ^ data[i]) * 0x100000001b3;
    return h;
}

static uint64_t convert_one(Frame *frame, int i) {
    static _Alignas(64) uint8_t tensor[SIDE * SIDE * 3 * sizeof(float)];
    frame_make(frame, (MnetPixelFormat)(1 + i % (MNET_PIXEL_FORMAT_COUNT - 1)), frame_range(1, 500),
               frame_range(1, 300), 40, frame_range(0, 1));
    frame->image.orientation = (MnetOrientation)frame_range(0, 7);
    frame->image.chroma_site = (MnetChromaSite)frame_range(0, 3);
    MnetImageTarget target = {.width = frame_range(1, SIDE),
                              .height = frame_range(1, SIDE),
                              .channels = 3,
                              .dtype = frame_range(0, 1) ? MNET_DTYPE_QS8 : MNET_DTYPE_F32,
                              .mul = {1, 0.7f, 0.3f},
                              .add = {-128, -100, 3}};
    MnetPreprocess preprocess = {.fit = (MnetFit)frame_range(0, 2),
                                 .resize = (MnetResize)frame_range(0, 2)};
    MnetImageConverter *converter = NULL;
    memset(tensor, 0, sizeof(tensor));
    uint64_t result = 0;
    if (!mnet_image_converter_new(&target, &preprocess, frame_range(1, 3), &converter, NULL) &&
        !mnet_image_convert(converter, &frame->image, tensor, NULL))
        result = hash(tensor, sizeof(tensor));
    mnet_image_converter_free(&converter);
    return result;
}

/** In a process of its own; `mask` NULL leaves the environment as it is. */
static bool run_tier(const char *mask, uint64_t results[CASES]) {
    int ends[2];
    if (pipe(ends))
        return false;
    pid_t child = fork();
    if (!child) {
        Frame frame = {0};
        if (mask)
            setenv("MNET_CPU", mask, 1);
        frame_seed(7);
        for (int i = 0; i < CASES; i++) {
            uint64_t result = convert_one(&frame, i);
            if (write(ends[1], &result, sizeof(result)) != sizeof(result))
                _exit(1);
        }
        _exit(0);
    }
    close(ends[1]);
    int n = 0, status = 1;
    while (n < CASES && read(ends[0], &results[n], sizeof(*results)) == sizeof(*results))
        n++;
    close(ends[0]);
    return child > 0 && waitpid(child, &status, 0) == child && !status && n == CASES;
}

static void test_same_bytes(void) {
    static const char *const masks[] = {NULL, "avx2", "avx2,fma", "avx2,fma,avx512"};
    static uint64_t want[CASES], got[CASES];
    CHECK(run_tier("c", want));
    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
        CHECK(run_tier(masks[i], got));
        for (int k = 0; k < CASES; k++)
            CHECK(want[k] && want[k] == got[k], "case %d of %s", k,
                  masks[i] ? masks[i] : "default");
    }
}

int main(void) {
    RUN(test_same_bytes);
    return test_end();
}
