#include "nn/image/color.h"

static MnetColorMatrix matrix_of(const MnetImage *image) {
    if (image->matrix != MNET_COLOR_MATRIX_DEFAULT)
        return image->matrix;
    return image->height <= 576 ? MNET_COLOR_MATRIX_BT601 : MNET_COLOR_MATRIX_BT709;
}

static bool is_full(const MnetFormatInfo *info, const MnetImage *image) {
    if (image->range == MNET_COLOR_RANGE_DEFAULT)
        return info->model != MNET_COLOR_MODEL_YUV;
    return image->range == MNET_COLOR_RANGE_FULL;
}

static void luma_weights(MnetColorMatrix matrix, double *kr, double *kb) {
    *kr = 0.299;
    *kb = 0.114;
    if (matrix == MNET_COLOR_MATRIX_BT709) {
        *kr = 0.2126;
        *kb = 0.0722;
    } else if (matrix == MNET_COLOR_MATRIX_BT2020) {
        *kr = 0.2627;
        *kb = 0.0593;
    }
}

MnetRowsColor mnet_color_make(const MnetFormatInfo *info, const MnetImage *image) {
    bool full = is_full(info, image);
    double matrix[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    bool difference[3] = {false, false, false}; /* the component is signed, around the middle */
    if (info->model == MNET_COLOR_MODEL_GRAY) {
        for (int i = 0; i < 3; i++)
            for (int c = 0; c < 3; c++)
                matrix[i][c] = c == 0;
    } else if (info->model == MNET_COLOR_MODEL_YUV) {
        double kr, kb;
        luma_weights(matrix_of(image), &kr, &kb);
        double kg = 1 - kr - kb, red = 2 * (1 - kr), blue = 2 * (1 - kb);
        double yuv[3][3] = {{1, 0, red}, {1, -blue * kb / kg, -red * kr / kg}, {1, blue, 0}};
        for (int i = 0; i < 3; i++)
            for (int c = 0; c < 3; c++)
                matrix[i][c] = yuv[i][c];
        difference[1] = difference[2] = true;
    }

    double code8 = 1 << (info->depth - 8); /* codes in one 8-bit code */
    double peak = (1 << info->depth) - 1;  /* the highest code */
    double unit = (1 << (MNET_ROWS_FRACTION + MNET_ROWS_TAP_BITS)) / code8;
    MnetRowsColor color = {0};
    for (int i = 0; i < 3; i++) {
        double offset = 0;
        for (int c = 0; c < 3; c++) {
            double zero = difference[c] ? 128 * code8 : full ? 0 : 16 * code8;
            double width = full ? peak : (difference[c] ? 224 : 219) * code8;
            double gain = matrix[i][c] * 255 / width;
            color.gain[i][c] = (float)(gain / unit);
            offset -= gain * zero;
        }
        color.offset[i] = (float)offset;
    }
    return color;
}

float mnet_color_luma(float r, float g, float b) {
    return 0.299f * r + 0.587f * g + 0.114f * b;
}
