#include "tests/nn/image/frame.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static uint32_t state = 1;

void frame_seed(uint32_t seed) {
    state = seed ? seed : 1;
}

uint32_t frame_random(void) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

int frame_range(int lo, int hi) {
    return lo + (int)(frame_random() % (uint32_t)(hi - lo + 1));
}

/** Bytes of a row and number of rows, written down without the engine's tables. */
static void plane_size(MnetPixelFormat format, int plane, int w, int h, int *row, int *rows) {
    int half_w = (w + 1) / 2, half_h = (h + 1) / 2;
    *row = w;
    *rows = h;
    switch (format) {
    case MNET_PIXEL_FORMAT_I420:
    case MNET_PIXEL_FORMAT_YV12:
        *row = plane ? half_w : w;
        *rows = plane ? half_h : h;
        break;
    case MNET_PIXEL_FORMAT_NV12:
    case MNET_PIXEL_FORMAT_NV21:
        *row = plane ? 2 * half_w : w;
        *rows = plane == 0 ? h : plane == 1 ? half_h : 0;
        break;
    case MNET_PIXEL_FORMAT_Y42B:
        *row = plane ? half_w : w;
        break;
    case MNET_PIXEL_FORMAT_Y444:
    case MNET_PIXEL_FORMAT_RGBP:
        break;
    case MNET_PIXEL_FORMAT_YUY2:
    case MNET_PIXEL_FORMAT_UYVY:
        *row = 4 * half_w;
        *rows = plane ? 0 : h;
        break;
    case MNET_PIXEL_FORMAT_I420_10LE:
        *row = 2 * (plane ? half_w : w);
        *rows = plane ? half_h : h;
        break;
    case MNET_PIXEL_FORMAT_P010_10LE:
        *row = plane ? 4 * half_w : 2 * w;
        *rows = plane == 0 ? h : plane == 1 ? half_h : 0;
        break;
    case MNET_PIXEL_FORMAT_RGB:
    case MNET_PIXEL_FORMAT_BGR:
        *row = 3 * w;
        *rows = plane ? 0 : h;
        break;
    case MNET_PIXEL_FORMAT_GRAY8:
        *rows = plane ? 0 : h;
        break;
    default:
        *row = 4 * w;
        *rows = plane ? 0 : h;
    }
}

static void map_plane(FramePlane *plane, size_t bytes, size_t page) {
    bytes = (bytes + page - 1) / page * page;
    if (bytes <= plane->bytes)
        return;
    if (plane->mapping)
        munmap(plane->mapping, plane->bytes + 2 * page);
    plane->mapping = mmap(NULL, bytes + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (plane->mapping == MAP_FAILED ||
        mprotect(plane->mapping + page, bytes, PROT_READ | PROT_WRITE))
        abort();
    plane->bytes = bytes;
}

static void fill(MnetPixelFormat format, uint8_t *data, size_t bytes, int rough) {
    uint32_t walk = frame_random();
    for (size_t i = 0; i < bytes; i++) {
        walk = rough ? frame_random() : walk + frame_random() % 5;
        data[i] = (uint8_t)(walk >> 2);
    }
    for (size_t i = 0; i + 1 < bytes; i += 2) {
        if (format == MNET_PIXEL_FORMAT_I420_10LE)
            data[i + 1] &= 3;
        else if (format == MNET_PIXEL_FORMAT_P010_10LE)
            data[i] &= 0xc0;
    }
}

void frame_make(Frame *frame, MnetPixelFormat format, int width, int height, int padding,
                bool negative_strides) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    frame->image = (MnetImage){.format = format, .width = width, .height = height};
    int rough = frame_range(0, 1);
    for (int p = 0; p < 3; p++) {
        int row, rows;
        plane_size(format, p, width, height, &row, &rows);
        if (!rows)
            continue;
        int gap = frame_range(0, padding);
        if (format == MNET_PIXEL_FORMAT_I420_10LE || format == MNET_PIXEL_FORMAT_P010_10LE)
            gap &= ~1; /* so that fill() finds each sample's two bytes */
        size_t stride = (size_t)row + (size_t)gap;
        size_t bytes = stride * (size_t)(rows - 1) + (size_t)row;
        FramePlane *plane = &frame->planes[p];
        map_plane(plane, bytes, page);
        uint8_t *data = plane->mapping + page;
        if (frame_range(0, 3))
            data += plane->bytes - bytes;
        fill(format, data, bytes, rough);
        frame->image.planes[p] = negative_strides ? data + stride * (size_t)(rows - 1) : data;
        frame->image.strides[p] = negative_strides ? -(ptrdiff_t)stride : (ptrdiff_t)stride;
    }
}

void frame_free(Frame *frame) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (int p = 0; p < 3; p++)
        if (frame->planes[p].mapping)
            munmap(frame->planes[p].mapping, frame->planes[p].bytes + 2 * page);
    memset(frame, 0, sizeof(*frame));
}
