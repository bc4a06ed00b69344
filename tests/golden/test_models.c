/*
 * Whole models on pictures against the reference runtime: see make_models.py, which also says what
 * the files hold. Arguments: names of models, each with a file models/NAME.golden; "builtin" needs
 * nothing else, the others are looked for in the folder of models.
 */
#include "nn/base/bytes.h"
#include "tests/test.h"

#include <math.h>
#include <unistd.h>

enum { SIDE = 80, PICTURE = SIDE * SIDE * 3 };

typedef enum Form { FORM_QU8, FORM_QS8, FORM_S16 } Form;

typedef struct Golden {
    MnetFile file;
    uint32_t pictures, outputs, form, exact;
    float largest, mean; /* differences that may be */
} Golden;

static const char *source(void) {
    const char *folder = getenv("MNET_SOURCE");
    return folder ? folder : ".";
}

static bool read_f32(MnetBytes bytes, size_t at, float *value) {
    uint32_t bits;
    if (!mnet_bytes_u32(bytes, at, &bits))
        return false;
    memcpy(value, &bits, sizeof *value);
    return true;
}

enum { HEAD = 28 };

static size_t picture_bytes(const Golden *golden) {
    return golden->form == FORM_S16 ? 4 + 2 * (size_t)golden->outputs : golden->outputs;
}

static bool open_golden(const char *name, Golden *golden) {
    char path[1200];
    MnetError error;
    snprintf(path, sizeof path, "%s/tests/golden/models/%s.golden", source(), name);
    MnetStatus status = mnet_file_open(path, &golden->file, &error);
    CHECK(!status, "%s", error.message);
    if (status)
        return false;
    MnetBytes bytes = golden->file.bytes;
    bool whole =
        bytes.size >= HEAD && !memcmp(bytes.data, "MNGM", 4) &&
        mnet_bytes_u32(bytes, 4, &golden->pictures) && mnet_bytes_u32(bytes, 8, &golden->outputs) &&
        mnet_bytes_u32(bytes, 12, &golden->form) && mnet_bytes_u32(bytes, 16, &golden->exact) &&
        read_f32(bytes, 20, &golden->largest) && read_f32(bytes, 24, &golden->mean) &&
        golden->outputs && golden->form <= FORM_S16 &&
        bytes.size == HEAD + golden->pictures * picture_bytes(golden);
    CHECK(whole, "%s is broken", path);
    return whole;
}

static double golden_value(const Golden *golden, int picture, uint32_t i) {
    size_t at = HEAD + picture * picture_bytes(golden);
    const uint8_t *data = golden->file.bytes.data;
    uint16_t bits = 0;
    float scale = 0;
    if (golden->form == FORM_QU8)
        return data[at + i];
    if (golden->form == FORM_QS8)
        return (int8_t)data[at + i];
    read_f32(golden->file.bytes, at, &scale);
    mnet_bytes_u16(golden->file.bytes, at + 4 + 2 * (size_t)i, &bits);
    return (double)(int16_t)bits * scale;
}

static double our_value(MnetDtype dtype, const void *output, uint32_t i) {
    if (dtype == MNET_DTYPE_QU8)
        return ((const uint8_t *)output)[i];
    if (dtype == MNET_DTYPE_QS8)
        return ((const int8_t *)output)[i];
    return ((const float *)output)[i];
}

/* `from` has `lines` rows of SIDE pixels that are `step` bytes apart, and so has `to`, of `size`
 * pixels. */
static void enlarge(const uint8_t *from, uint8_t *to, int size, int step, int lines, int from_line,
                    int to_line) {
    for (int line = 0; line < lines; line++)
        for (int x = 0; x < size; x++) {
            int at = (2 * x + 1) * SIDE - size;
            at = at < 0 ? 0 : at;
            int first = at / (2 * size), part = at % (2 * size);
            int second = first + 1 < SIDE ? first + 1 : SIDE - 1;
            for (int c = 0; c < 3; c++) {
                int a = from[line * from_line + first * step + c];
                int b = from[line * from_line + second * step + c];
                to[line * to_line + x * step + c] =
                    (uint8_t)((a * (2 * size - part) + b * part + size) / (2 * size));
            }
        }
}

static uint8_t quantise(float real, const MnetModelInfo *info) {
    float least = info->input_dtype == MNET_DTYPE_QU8 ? 0 : -128;
    float q = rintf(real / info->input_scale + (float)info->input_zero_point);
    q = q < least ? least : q > least + 255 ? least + 255 : q;
    return (uint8_t)(int)q;
}

/* One of pictures.rgb -> the raw input of a model; the caller frees it. */
static void *make_input(const MnetModelInfo *info, const uint8_t *picture) {
    int width = info->input_width, height = info->input_height, pixels = width * height;
    uint8_t *wide = malloc((size_t)SIDE * width * 3), *full = malloc((size_t)pixels * 3);
    void *tensor = malloc(info->input_bytes);
    if (!wide || !full || !tensor)
        abort();
    enlarge(picture, wide, width, 3, SIDE, SIDE * 3, width * 3);
    for (int x = 0; x < width; x++) /* column x, downwards */
        enlarge(wide + x * 3, full + x * 3, height, width * 3, 1, 0, 0);
    for (int p = 0; p < pixels; p++)
        for (int c = 0; c < 3; c++) {
            float real = ((float)full[p * 3 + c] - 127.5f) / 127.5f;
            int at = info->input_layout == MNET_LAYOUT_NHWC ? p * 3 + c : c * pixels + p;
            if (info->input_dtype == MNET_DTYPE_F32)
                ((float *)tensor)[at] = real;
            else
                ((uint8_t *)tensor)[at] = quantise(real, info);
        }
    free(wide);
    free(full);
    return tensor;
}

/* Largest and squared mean difference of a picture's outputs, in steps or relative to the largest.
 */
static void compare(const Golden *golden, int picture, MnetDtype dtype, const void *output,
                    double *largest, double *square) {
    double unit = 0, sum = 0, best = -INFINITY, ours_at_best = -INFINITY, best_of_ours = 0;
    for (uint32_t i = 0; i < golden->outputs; i++)
        unit = fmax(unit, fabs(golden_value(golden, picture, i)));
    if (golden->form != FORM_S16)
        unit = 1;
    for (uint32_t i = 0; i < golden->outputs; i++) {
        double want = golden_value(golden, picture, i), got = our_value(dtype, output, i);
        double apart = fabs(want - got) / unit;
        if (!(apart <= *largest))
            *largest = apart;
        sum += apart * apart;
        best = fmax(best, want);
        if (got > ours_at_best) {
            ours_at_best = got;
            best_of_ours = want;
        }
    }
    *square += sum / golden->outputs;
    CHECK(!golden->exact || best_of_ours == best, "picture %d: not the reference's best class",
          picture);
}

static void check_model(const char *name, MnetModel *model, const Golden *golden,
                        const uint8_t *pictures) {
    const MnetModelInfo *info = mnet_model_info(model);
    static const MnetDtype dtypes[] = {MNET_DTYPE_QU8, MNET_DTYPE_QS8, MNET_DTYPE_F32};
    double largest = 0, square = 0;
    int before = test_failures;
    MnetSession *session = NULL;
    MnetError error;
    bool right =
        info->n_classes == (int)golden->outputs && info->output_dtype == dtypes[golden->form];
    CHECK(right, "%s: %d outputs of type %d", name, info->n_classes, info->output_dtype);
    if (!right || mnet_session_open(model, NULL, &session, &error)) {
        CHECK(!right, "%s", error.message);
        return;
    }
    for (int p = 0; p < (int)golden->pictures; p++) {
        const MnetResult *result;
        void *tensor = make_input(info, pictures + p * PICTURE);
        MnetStatus status =
            mnet_session_run_tensor(session, tensor, info->input_bytes, &result, &error);
        CHECK(!status, "%s", error.message);
        if (!status)
            compare(golden, p, info->output_dtype, mnet_session_output(session), &largest, &square);
        free(tensor);
    }
    double mean = sqrt(square / golden->pictures);
    CHECK(largest <= golden->largest, "%s: %g apart, %g may be", name, largest, golden->largest);
    CHECK(mean <= golden->mean, "%s: root mean square %g, %g may be", name, mean, golden->mean);
    printf("%s %s: largest difference %.3g of %.3g, root mean square %.3g of %.3g\n",
           test_failures == before ? "ok  " : "FAIL", name, largest, golden->largest, mean,
           golden->mean);
    mnet_session_close(&session);
}

/* False where the model isn't there. */
static bool check_name(const char *name, const uint8_t *pictures) {
    char path[1200];
    const char *shared = getenv("MNET_SHARED");
    Golden golden = {0};
    MnetModel *model = NULL;
    MnetError error;
    snprintf(path, sizeof path, "builtin");
    if (strcmp(name, "builtin")) {
        snprintf(path, sizeof path, "%s/models/%s", shared ? shared : "", name);
        if (!shared || access(path, R_OK)) {
            printf("no model %s\n", name);
            return false;
        }
    }
    if (open_golden(name, &golden)) {
        MnetStatus status = mnet_model_open(path, NULL, &model, &error);
        CHECK(!status, "%s", error.message);
        if (!status)
            check_model(name, model, &golden, pictures);
    }
    mnet_model_unref(&model);
    mnet_file_close(&golden.file);
    return true;
}

int main(int argc, char **argv) {
    char path[1200];
    MnetFile pictures = {0};
    MnetError error;
    int found = 0;
    snprintf(path, sizeof path, "%s/tests/golden/pictures.rgb", source());
    MnetStatus status = mnet_file_open(path, &pictures, &error);
    CHECK(!status && pictures.bytes.size == 7 * PICTURE, "%s", status ? error.message : path);
    if (test_failures)
        return test_end();
    for (int i = 1; i < argc; i++)
        found += check_name(argv[i], pictures.bytes.data);
    mnet_file_close(&pictures);
    if (!found)
        SKIP("no models in MNET_SHARED");
    return test_end();
}
