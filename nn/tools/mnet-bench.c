/* Times a model's inference, its steps, or the frame-to-tensor pass alone. */
#include "nn/tools/profile.h"
#include "nn/tools/tool.h"

#include "nn/base/cpu.h"
#include "nn/base/threads.h"
#include "nn/image/format.h"
#include "nn/image/image.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { MOST_RUNS = 1 << 20, WARM_UP = 5 };

typedef struct Bench {
    int threads, json;
    double seconds;
    double *times;
    int runs;
    const ToolTimes *read; /* where frames were read too */
} Bench;

static void usage(FILE *out) {
    fputs(
        "usage: mnet-bench [OPTIONS] MODEL                     times inference\n"
        "       mnet-bench [OPTIONS] --profile MODEL           times its steps\n"
        "       mnet-bench [OPTIONS] --frame FORMAT:WIDTHxHEIGHT   times frame to tensor alone\n"
        "       mnet-bench [OPTIONS] --peak                    multiply-adds that the CPU can do\n"
        "MODEL is a .tflite or .onnx file, or 'builtin'. FORMAT as in GStreamer: NV12, RGB, ...\n"
        "  --threads N     0: physical cores (1)\n"
        "  --seconds S     how long (1)\n"
        "  --resize METHOD of --frame: antialias, bilinear or nearest (antialias)\n"
        "  --size N        of --frame: side of the tensor (224)\n"
        "  --frames N      of --frame: so many different ones in turn, which come from memory and not\n"
        "                  from a cache where they are large enough (1)\n"
        "  --cpu MASK      uses these features alone: avx2,fma for example; c for none\n"
        "  --no-fusion     runs operators one by one\n"
        "  --bf16          rounds float products' factors to bf16, where the CPU has AMX\n"
        "  --json          one JSON object; not of --profile\n"
        "  -h, --help\n",
        out);
}

/* Calls until the time is over, at least once after the warm-up. */
static ToolTimes measure(Bench *bench, void (*call)(void *), void *data) {
    bench->times = malloc(MOST_RUNS * sizeof *bench->times);
    if (!bench->times)
        tool_fail("out of memory");
    for (int i = 0; i < WARM_UP; i++)
        call(data);
    bench->runs = 0;
    double start = tool_now_ms(), now = start;
    do {
        double before = now;
        call(data);
        now = tool_now_ms();
        bench->times[bench->runs++] = now - before;
    } while (now - start < bench->seconds * 1e3 && bench->runs < MOST_RUNS);
    ToolTimes times = tool_times(bench->times, bench->runs);
    free(bench->times);
    return times;
}

/* Of this program: getrusage() counts the one that called it too, which may be a large one's child
 * before exec. */
static double peak_memory_mib(void) {
    FILE *status = fopen("/proc/self/status", "r");
    char line[128];
    long kib = 0;
    while (status && fgets(line, sizeof line, status) && sscanf(line, "VmHWM: %ld kB", &kib) != 1)
        ;
    if (status)
        fclose(status);
    if (!kib) {
        struct rusage usage;
        getrusage(RUSAGE_SELF, &usage);
        kib = usage.ru_maxrss;
    }
    return kib / 1024.0;
}

static void report(const Bench *bench, const char *what, const char *subject, ToolTimes times,
                   double load_ms) {
    char names[256];
    mnet_cpu_names(mnet_cpu_features(), names, sizeof names);
    if (bench->json) {
        printf("{\"%s\": {\"min\": %.4f, \"median\": %.4f, \"p99\": %.4f}, \"runs\": %d, "
               "\"threads\": %d, \"cpu\": \"%s\", ",
               what, times.min, times.median, times.p99, bench->runs, bench->threads, names);
        if (load_ms >= 0)
            printf("\"load_ms\": %.3f, ", load_ms);
        if (bench->read)
            printf("\"read_ms\": {\"min\": %.4f, \"median\": %.4f, \"p99\": %.4f}, ",
                   bench->read->min, bench->read->median, bench->read->p99);
        printf("\"peak_memory_mib\": %.1f}\n", peak_memory_mib());
        return;
    }
    printf("%s, %d thread%s, %s\n", subject, bench->threads, bench->threads == 1 ? "" : "s", names);
    printf("%s  min %.3f  median %.3f  p99 %.3f  (%d runs)\n", what, times.min, times.median,
           times.p99, bench->runs);
    if (bench->read)
        printf("read_ms  min %.3f  median %.3f  p99 %.3f\n", bench->read->min, bench->read->median,
               bench->read->p99);
    if (load_ms >= 0)
        printf("load_ms  %.3f\n", load_ms);
    printf("peak_memory_mib  %.1f\n", peak_memory_mib());
}

typedef struct Inference {
    MnetSession *session;
    unsigned char *tensor;
    size_t bytes;
} Inference;

static void infer(void *data) {
    Inference *inference = data;
    MnetError error;
    const MnetResult *result;
    if (mnet_session_run_tensor(inference->session, inference->tensor, inference->bytes, &result,
                                &error))
        tool_fail("%s", error.message);
}

static void bench_model(Bench *bench, const char *path, const MnetModelOptions *model_options) {
    MnetError error;
    Inference inference = {0};
    MnetSessionOptions options = {.threads = bench->threads};
    double start = tool_now_ms();
    MnetModel *model = tool_open_model(path, model_options);
    if (mnet_session_open(model, &options, &inference.session, &error))
        tool_fail("%s", error.message);
    double load_ms = tool_now_ms() - start;
    const MnetModelInfo *info = mnet_model_info(model);
    bench->threads = mnet_session_threads(inference.session);
    inference.bytes = info->input_bytes;
    inference.tensor = malloc(inference.bytes);
    if (!inference.tensor)
        tool_fail("out of memory");
    tool_noise(inference.tensor, info->input_bytes / (info->input_dtype == MNET_DTYPE_F32 ? 4 : 1),
               info->input_dtype);
    ToolTimes times = measure(bench, infer, &inference);
    report(bench, "inference_ms", info->name, times, load_ms);
    free(inference.tensor);
    mnet_session_close(&inference.session);
    mnet_model_unref(&model);
}

typedef struct Conversion {
    MnetImageConverter *converter;
    MnetImage image;
    unsigned char *frames, *tensor;
    size_t frame_bytes;
    int n_frames, next;
    uint64_t sum;
} Conversion;

/* The next frame, which the image's planes are moved to. */
static const unsigned char *next_frame(Conversion *conversion) {
    unsigned char *frame = conversion->frames + conversion->next * conversion->frame_bytes;
    ptrdiff_t move = frame - conversion->image.planes[0];
    for (int i = 0; i < mnet_format_info(conversion->image.format)->n_planes; i++)
        conversion->image.planes[i] += move;
    conversion->next = (conversion->next + 1) % conversion->n_frames;
    return frame;
}

static void convert(void *data) {
    Conversion *conversion = data;
    MnetError error;
    next_frame(conversion);
    if (mnet_image_convert(conversion->converter, &conversion->image, conversion->tensor, &error))
        tool_fail("%s", error.message);
}

/* What a conversion can't go below: each byte of the frame goes into a sum. */
static void read_frame(void *data) {
    Conversion *conversion = data;
    const unsigned char *frame = next_frame(conversion);
    uint64_t sum[8] = {0};
    for (size_t at = 0; at + sizeof sum <= conversion->frame_bytes; at += sizeof sum) {
        uint64_t words[8];
        memcpy(words, frame + at, sizeof words);
        for (int i = 0; i < 8; i++)
            sum[i] += words[i];
    }
    for (int i = 0; i < 8; i++)
        conversion->sum += sum[i];
}

/* Frames of noise; one after the other. */
static void make_frames(const char *text, Conversion *conversion) {
    char name[32], rest;
    int width, height;
    MnetImage *image = &conversion->image;
    if (sscanf(text, "%31[^:]:%dx%d%c", name, &width, &height, &rest) != 3)
        tool_fail("--frame takes FORMAT:WIDTHxHEIGHT such as NV12:1920x1080, not '%s'", text);
    *image =
        (MnetImage){.format = mnet_pixel_format_from_name(name), .width = width, .height = height};
    if (!image->format || width < 1 || height < 1 || width > 8192 || height > 8192)
        tool_fail("--frame '%s': an unknown format, or not 1x1 to 8192x8192", text);
    const MnetFormatInfo *info = mnet_format_info(image->format);
    size_t offset[3];
    for (int i = 0; i < info->n_planes; i++) {
        int shift = info->planes[i].shift_y;
        image->strides[i] = mnet_format_row_bytes(info, i, width);
        offset[i] = conversion->frame_bytes;
        conversion->frame_bytes += image->strides[i] * (size_t)((height + shift) >> shift);
    }
    size_t total = conversion->frame_bytes * (size_t)conversion->n_frames;
    conversion->frames = malloc(total);
    if (!conversion->frames)
        tool_fail("out of memory");
    tool_noise(conversion->frames, total, MNET_DTYPE_QU8);
    for (int i = 0; i < info->n_planes; i++)
        image->planes[i] = conversion->frames + offset[i];
}

static void bench_frame(Bench *bench, const char *text, MnetResize resize, int size, int n_frames) {
    MnetError error;
    Conversion conversion = {.n_frames = n_frames};
    MnetImageTarget target = {.width = size,
                              .height = size,
                              .channels = 3,
                              .dtype = MNET_DTYPE_QU8,
                              .order = MNET_CHANNEL_ORDER_RGB,
                              .mul = {1, 1, 1}};
    MnetPreprocess preprocess = {.resize = resize};
    make_frames(text, &conversion);
    bench->threads = bench->threads ? bench->threads : mnet_threads_default();
    conversion.tensor = malloc((size_t)size * size * 3);
    if (!conversion.tensor)
        tool_fail("out of memory");
    if (mnet_image_converter_new(&target, &preprocess, bench->threads, &conversion.converter,
                                 &error))
        tool_fail("%s", error.message);
    ToolTimes read = measure(bench, read_frame, &conversion);
    ToolTimes times = measure(bench, convert, &conversion);
    bench->read = &read;
    report(bench, "preprocess_ms", text, times, -1);
    mnet_image_converter_free(&conversion.converter);
    free(conversion.tensor);
    free(conversion.frames);
}

int main(int argc, char **argv) {
    static const struct option options[] = {
        {"threads", required_argument, NULL, 't'}, {"seconds", required_argument, NULL, 's'},
        {"frame", required_argument, NULL, 'f'},   {"resize", required_argument, NULL, 'r'},
        {"size", required_argument, NULL, 'z'},    {"frames", required_argument, NULL, 'n'},
        {"profile", no_argument, NULL, 'p'},       {"peak", no_argument, NULL, 'k'},
        {"cpu", required_argument, NULL, 'c'},     {"json", no_argument, NULL, 'j'},
        {"no-fusion", no_argument, NULL, 'u'},     {"bf16", no_argument, NULL, 'b'},
        {"help", no_argument, NULL, 'h'},          {0}};
    Bench bench = {.threads = 1, .seconds = 1};
    MnetModelOptions model_options = {0};
    const char *frame = NULL;
    MnetResize resize = MNET_RESIZE_ANTIALIAS;
    int option, size = 224, n_frames = 1, profile = 0, peak = 0;

    tool_set_name("mnet-bench");
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
        switch (option) {
        case 't':
            bench.threads = tool_integer("--threads", optarg, 0, MNET_MAX_THREADS);
            break;
        case 's':
            bench.seconds = tool_number("--seconds", optarg, 0, 86400);
            break;
        case 'f':
            frame = optarg;
            break;
        case 'r':
            resize = tool_resize(optarg);
            break;
        case 'z':
            size = tool_integer("--size", optarg, 1, 4096);
            break;
        case 'n':
            n_frames = tool_integer("--frames", optarg, 1, 1000);
            break;
        case 'p':
            profile = 1;
            break;
        case 'k':
            peak = 1;
            break;
        case 'c':
            setenv("MNET_CPU", optarg, 1); /* read when features are first asked for */
            break;
        case 'u':
            model_options.no_fusion = 1;
            break;
        case 'b':
            model_options.bf16 = 1;
            break;
        case 'j':
            bench.json = 1;
            break;
        case 'h':
            usage(stdout);
            return 0;
        default:
            usage(stderr);
            return 2;
        }
    int takes_model = !frame && !peak;
    if (optind + takes_model != argc || !!frame + profile + peak > 1 || (profile && bench.json)) {
        usage(stderr);
        return 2;
    }
    int threads = bench.threads ? bench.threads : mnet_threads_default();
    if (peak)
        tool_print_peak(threads, bench.json);
    else if (profile)
        tool_print_profile(argv[optind], &model_options, threads, bench.seconds);
    else if (frame)
        bench_frame(&bench, frame, resize, size, n_frames);
    else
        bench_model(&bench, argv[optind], &model_options);
    tool_flush();
    return 0;
}
