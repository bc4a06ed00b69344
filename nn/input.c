#include "nn/input.h"

#include "nn/base/cpu.h"
#include "nn/base/threads.h"

#include <math.h>
#include <string.h>

/* Pixels and channels that are done at once, so that what is in between stays in the first-level
 * cache. */
#define PIXELS 1024
#define CHANNELS 3

typedef struct Job {
    const MnetInput *input;
    const uint8_t *raw;
    uint8_t *canonical;
} Job;

MnetInput mnet_input_make(const MnetGraph *graph) {
    const MnetTensor *canonical = &graph->tensors[graph->input];
    MnetInput input = {
        .layout = graph->input_layout,
        .dtype = graph->input_dtype,
        .quantizes = graph->input_dtype == MNET_DTYPE_F32 && canonical->dtype == MNET_DTYPE_QS8,
        .pixels = (size_t)canonical->dims[1] * (size_t)canonical->dims[2],
        .channels = (size_t)canonical->dims[3],
    };

    mnet_move_kernels_init(&input.move, mnet_cpu_features());
    mnet_quantize_kernels_init(&input.quantize, mnet_cpu_features());
    if (input.quantizes) {
        input.scale = canonical->quant.scale[0];
        input.range =
            mnet_quant_range(input.scale, canonical->quant.zero_point[0], -INFINITY, INFINITY);
    }
    return input;
}

static void quantize(const MnetInput *input, size_t n, const uint8_t *raw, int8_t *out) {
    float aligned[PIXELS];

    for (size_t part; n; n -= part, raw += part * sizeof(float), out += part) {
        const void *x = raw;

        part = n < PIXELS ? n : PIXELS;
        if ((uintptr_t)raw % _Alignof(float))
            x = memcpy(aligned, raw, part * sizeof(float));
        input->quantize.quantize(part, x, input->scale, input->range, out);
    }
}

static void write_planes(const MnetInput *input, size_t first, size_t n, const uint8_t *raw,
                         uint8_t *out) {
    size_t size = mnet_dtype_size(input->dtype), plane = input->pixels * size, planes;
    ptrdiff_t channels = (ptrdiff_t)input->channels;
    int8_t quantized[CHANNELS * PIXELS];

    raw += first * size;
    for (size_t c = 0; c < input->channels; c += planes, raw += planes * plane) {
        planes = input->channels - c < CHANNELS ? input->channels - c : CHANNELS;
        if (!input->quantizes) {
            input->move.transpose[size == 4 ? 2 : 0](n, planes, raw, (ptrdiff_t)input->pixels,
                                                     out + c * size, channels);
            continue;
        }
        for (size_t i = 0; i < planes; i++)
            quantize(input, n, raw + i * plane, quantized + i * PIXELS);
        input->move.transpose[0](n, planes, quantized, PIXELS, out + c, channels);
    }
}

static void write_pixels(void *data, const MnetPart *part) {
    const Job *job = data;
    const MnetInput *input = job->input;
    size_t raw_size = mnet_dtype_size(input->dtype), size = input->quantizes ? 1 : raw_size;
    size_t end = (size_t)part->end * PIXELS;

    end = end < input->pixels ? end : input->pixels;
    for (size_t first = (size_t)part->begin * PIXELS, n; first < end; first += n) {
        size_t at = first * input->channels, elements;
        uint8_t *out = job->canonical + at * size;

        n = end - first < PIXELS ? end - first : PIXELS;
        elements = n * input->channels;
        if (input->layout == MNET_LAYOUT_NCHW)
            write_planes(input, first, n, job->raw, out);
        else if (input->quantizes)
            quantize(input, elements, job->raw + at * raw_size, (int8_t *)out);
        else
            memcpy(out, job->raw + at * raw_size, elements * size);
        if (input->dtype == MNET_DTYPE_QU8)
            for (size_t i = 0; i < elements; i++)
                out[i] ^= 0x80;
    }
}

void mnet_input_write(const MnetInput *input, int threads, const void *raw, void *canonical) {
    Job job = {.input = input, .raw = raw, .canonical = canonical};

    mnet_threads_run(threads, (int)((input->pixels + PIXELS - 1) / PIXELS), 1, write_pixels, &job);
}
