/**
 * mnet: image classification with the models of the MobileNet family, on the CPU.
 *
 * Open a model, make a session for each stream, run it on raw frames:
 *
 *     MnetError error;
 *     MnetModel *model = NULL;
 *     MnetSession *session = NULL;
 *     const MnetResult *result;
 *     if (mnet_model_open("builtin", NULL, &model, &error) ||
 *         mnet_session_open(model, NULL, &session, &error) ||
 *         mnet_session_run_image(session, &image, &result, &error))
 *         fprintf(stderr, "%s\n", error.message);
 *     else
 *         printf("%s %.2f\n", result->classes[0].label, result->classes[0].probability);
 *     mnet_session_close(&session);
 *     mnet_model_unref(&model);
 *
 * Conventions. Functions return MNET_OK (0) or a status; on failure `error`, where it is not NULL,
 * holds the status and one line that names the file, the part that is wrong and how to mend it, and
 * output arguments are left as they were. In every options struct, zero means the default, so `{0}`
 * is valid, and so is NULL in place of the struct. Strings are UTF-8. Nothing prints, exits, or
 * changes global state.
 *
 * Threads. A model is immutable and may be shared by all threads. A session belongs to one thread
 * at a time; the one exception is mnet_session_prepare(), which may run beside
 * mnet_session_run_prepared() or mnet_session_run_tensor() of the same session.
 */
#ifndef MNET_H
#define MNET_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define MNET_API __attribute__((visibility("default")))
#else
#define MNET_API
#endif

/* Errors */

typedef enum MnetStatus {
    MNET_OK = 0,
    MNET_ERROR_IO,          /**< a file can't be opened, read or mapped */
    MNET_ERROR_FORMAT,      /**< a file is broken, truncated, or not what it claims to be */
    MNET_ERROR_UNSUPPORTED, /**< a valid file that needs something outside this engine */
    MNET_ERROR_ARGUMENT,    /**< an argument or option is out of its range */
    MNET_ERROR_MEMORY,      /**< out of memory, or a size beyond what the engine accepts */
} MnetStatus;

/** Filled by every function that can fail. No ownership: the message is inside. */
typedef struct MnetError {
    MnetStatus status;
    char message[512]; /**< one line, no newline at its end, never truncated within a UTF-8
                          character */
} MnetError;

/** "ok", "io", "format", "unsupported", "argument" or "memory". */
MNET_API const char *mnet_status_name(MnetStatus status);

/** Version of the library, such as "0.1.0". */
MNET_API const char *mnet_version(void);

/* Images */

/** Pixel formats, named as in GStreamer; 10-bit formats are little endian, P010 in the high bits.
 */
typedef enum MnetPixelFormat {
    MNET_PIXEL_FORMAT_UNKNOWN = 0,
    MNET_PIXEL_FORMAT_I420,
    MNET_PIXEL_FORMAT_YV12,
    MNET_PIXEL_FORMAT_NV12,
    MNET_PIXEL_FORMAT_NV21,
    MNET_PIXEL_FORMAT_Y42B,
    MNET_PIXEL_FORMAT_Y444,
    MNET_PIXEL_FORMAT_YUY2,
    MNET_PIXEL_FORMAT_UYVY,
    MNET_PIXEL_FORMAT_I420_10LE,
    MNET_PIXEL_FORMAT_P010_10LE,
    MNET_PIXEL_FORMAT_RGB,
    MNET_PIXEL_FORMAT_BGR,
    MNET_PIXEL_FORMAT_RGBA,
    MNET_PIXEL_FORMAT_BGRA,
    MNET_PIXEL_FORMAT_ARGB,
    MNET_PIXEL_FORMAT_ABGR,
    MNET_PIXEL_FORMAT_RGBx,
    MNET_PIXEL_FORMAT_BGRx,
    MNET_PIXEL_FORMAT_xRGB,
    MNET_PIXEL_FORMAT_xBGR,
    MNET_PIXEL_FORMAT_RGBP, /**< three planes: R, G, B */
    MNET_PIXEL_FORMAT_GRAY8,
    MNET_PIXEL_FORMAT_COUNT
} MnetPixelFormat;

/** Format of that (GStreamer) name, such as "NV12"; MNET_PIXEL_FORMAT_UNKNOWN where there is none.
 */
MNET_API MnetPixelFormat mnet_pixel_format_from_name(const char *name);
/** Name of a format; "unknown" where it has none. */
MNET_API const char *mnet_pixel_format_name(MnetPixelFormat format);

typedef enum MnetColorMatrix {
    MNET_COLOR_MATRIX_DEFAULT = 0, /**< BT.601 up to 576 rows, BT.709 above */
    MNET_COLOR_MATRIX_BT601,
    MNET_COLOR_MATRIX_BT709,
    MNET_COLOR_MATRIX_BT2020
} MnetColorMatrix;

typedef enum MnetColorRange {
    MNET_COLOR_RANGE_DEFAULT = 0, /**< limited for YUV, full for RGB and grey */
    MNET_COLOR_RANGE_LIMITED,
    MNET_COLOR_RANGE_FULL
} MnetColorRange;

/** Where chroma samples lie among luma samples, along each axis. */
typedef enum MnetChromaSite {
    MNET_CHROMA_SITE_DEFAULT =
        0, /**< left (MPEG-2, H.264): horizontally cosited, vertically centred */
    MNET_CHROMA_SITE_LEFT,
    MNET_CHROMA_SITE_CENTER,  /**< centred on both axes (JPEG, MPEG-1) */
    MNET_CHROMA_SITE_TOP_LEFT /**< cosited on both axes (BT.2020) */
} MnetChromaSite;

/** What to do with the picture so that it stands upright, in this order: flip left-right, then
 * rotate clockwise. */
typedef enum MnetOrientation {
    MNET_ORIENTATION_NONE = 0,
    MNET_ORIENTATION_ROTATE_90,
    MNET_ORIENTATION_ROTATE_180,
    MNET_ORIENTATION_ROTATE_270,
    MNET_ORIENTATION_FLIP,
    MNET_ORIENTATION_FLIP_ROTATE_90,
    MNET_ORIENTATION_FLIP_ROTATE_180,
    MNET_ORIENTATION_FLIP_ROTATE_270
} MnetOrientation;

/** In pixels of the frame as it is stored (before any rotation). All zero: the whole frame. */
typedef struct MnetRect {
    int x, y, width, height;
} MnetRect;

/** A raw frame. The engine only reads it, and only during the call. */
typedef struct MnetImage {
    MnetPixelFormat format;
    int width, height; /**< 1 to 8192 */
    const uint8_t
        *planes[3]; /**< first byte of each plane, in the format's own order (YV12: Y, V, U) */
    ptrdiff_t strides[3];   /**< bytes from one row of a plane to the next; at least a row; may be
                               negative */
    MnetColorMatrix matrix; /**< of YUV formats */
    MnetColorRange range;
    MnetChromaSite chroma_site;
    MnetRect crop; /**< the part to look at */
    MnetOrientation orientation;
} MnetImage;

/** How the picture is brought to the model's width and height. */
typedef enum MnetFit {
    MNET_FIT_STRETCH = 0, /**< each axis by itself; nothing is lost, the aspect ratio is */
    MNET_FIT_CROP,        /**< the largest centred rectangle of the model's aspect ratio, times
                             crop_fraction */
    MNET_FIT_LETTERBOX    /**< the whole picture, centred, with bars of letterbox_color */
} MnetFit;

typedef enum MnetResize {
    MNET_RESIZE_ANTIALIAS =
        0,                /**< bilinear with the filter widened to the scale: Pillow's BILINEAR */
    MNET_RESIZE_BILINEAR, /**< two taps an axis, pixel centres at 0.5 */
    MNET_RESIZE_NEAREST
} MnetResize;

typedef struct MnetPreprocess {
    MnetFit fit;
    MnetResize resize;
    float crop_fraction;        /**< of MNET_FIT_CROP, in (0, 1]; 0 means 0.875 */
    uint8_t letterbox_color[3]; /**< R, G, B of the bars */
} MnetPreprocess;

/* Models */

typedef enum MnetDtype {
    MNET_DTYPE_NONE = 0,
    MNET_DTYPE_F32,
    MNET_DTYPE_F16,
    MNET_DTYPE_QU8, /**< uint8: real = (q - zero_point) * scale */
    MNET_DTYPE_QS8, /**< int8, likewise */
    MNET_DTYPE_S32,
    MNET_DTYPE_S64,
    MNET_DTYPE_BOOL
} MnetDtype;

typedef enum MnetLayout {
    MNET_LAYOUT_NHWC = 0, /**< TensorFlow */
    MNET_LAYOUT_NCHW      /**< PyTorch */
} MnetLayout;

typedef enum MnetChannelOrder {
    MNET_CHANNEL_ORDER_DEFAULT = 0,
    MNET_CHANNEL_ORDER_RGB,
    MNET_CHANNEL_ORDER_BGR
} MnetChannelOrder;

/** real = (value - mean) * scale, for values from 0 to 255 in R, G, B. Scale 0 means: not given. */
typedef struct MnetNormalization {
    float mean[3];
    float scale[3];
    MnetChannelOrder order; /**< of the model's channels; mean and scale stay R, G, B */
} MnetNormalization;

typedef struct MnetModelOptions {
    /** Label file; NULL: the labels inside the model file or, for "builtin", the built-in ones. */
    const char *labels;
    /** Where scale[0] or order is not zero, it overrides what the file says. scale[1], scale[2] of
     * 0 repeat scale[0]. */
    MnetNormalization normalization;
    /** Leave out the optimisation passes that can be left out (for finding an engine's bug). */
    int no_optimization;
    /** Run operators one by one, none together with the next (for measuring; results are the same).
     */
    int no_fusion;
    /** Round the factors of a float model's products to bf16 (8 bits of precision), where the CPU
     * multiplies these faster (AMX). Results are then no longer those of other CPUs. */
    int bf16;
} MnetModelOptions;

/** What a model is. Lives as long as the model. */
typedef struct MnetModelInfo {
    const char *name;        /**< file name without folder, or "builtin" */
    const char *format;      /**< "TFLite" or "ONNX" */
    MnetLayout input_layout; /**< of the raw input tensor */
    MnetDtype input_dtype;   /**< of the raw input tensor */
    int input_width, input_height, input_channels;
    size_t input_bytes; /**< of the raw input tensor */
    float input_scale;  /**< quantisation of the raw input tensor; 0 where it is float */
    int input_zero_point;
    MnetDtype prepared_dtype; /**< of a prepared input: F32 or QS8; it is NHWC */
    size_t prepared_bytes;    /**< of a prepared input */
    float prepared_scale;     /**< quantisation of a prepared input; 0 where it is float */
    int prepared_zero_point;
    MnetDtype output_dtype; /**< of the raw output tensor */
    size_t output_bytes;
    float output_scale; /**< quantisation of the raw output tensor; 0 where it is float */
    int output_zero_point;
    int n_classes;      /**< elements of the output */
    int embedding_size; /**< elements that enter the classifier; 0 where none was found */
    MnetNormalization normalization;
    const char *normalization_source; /**< where it comes from, in words */
    const char *labels_source;        /**< where the labels come from, in words; "none" */
    int64_t n_parameters;             /**< elements of all weights and biases */
    int64_t n_macs;                   /**< multiply-accumulates of a run */
    size_t arena_bytes;               /**< activation memory that a session needs */
    size_t weight_bytes;              /**< packed weights, shared by all sessions */
} MnetModelInfo;

typedef struct MnetModel MnetModel;

/**
 * Opens a model file (TFLite or ONNX, by content), or the built-in model where `path` is "builtin"
 * or NULL. On MNET_OK the caller owns one reference of *model.
 */
MNET_API MnetStatus mnet_model_open(const char *path, const MnetModelOptions *options,
                                    MnetModel **model, MnetError *error);

/**
 * The same from memory. The bytes stay the caller's, and must stay unchanged until the model's last
 * reference is gone. `name` (NULL: "memory") stands for the file's name in messages.
 */
MNET_API MnetStatus mnet_model_open_memory(const void *data, size_t size, const char *name,
                                           const MnetModelOptions *options, MnetModel **model,
                                           MnetError *error);

MNET_API MnetModel *mnet_model_ref(MnetModel *model);
/** Drops the caller's reference and sets *model to NULL. NULL and *model == NULL are fine. */
MNET_API void mnet_model_unref(MnetModel **model);

MNET_API const MnetModelInfo *mnet_model_info(const MnetModel *model);

/** Label of a class. Never NULL: "class 17" where the model has no label for it. Lives as long as
 * the model. */
MNET_API const char *mnet_model_label(const MnetModel *model, int index);

/* Sessions */

typedef struct MnetSessionOptions {
    int threads; /**< 0: one for each physical core that this process may use; 1 to 64 */
    int top_k;   /**< classes in a result, 0: 5; more than the model has: all */
    MnetPreprocess preprocess;
} MnetSessionOptions;

typedef struct MnetClass {
    int index;         /**< in the model's output */
    const char *label; /**< lives as long as the model */
    float probability; /**< 0 to 1 */
} MnetClass;

/** Belongs to the session; valid until its next run or its end. */
typedef struct MnetResult {
    const MnetClass *classes; /**< best first; of equals, the lower index first */
    int n_classes;
    const float *scores; /**< probabilities of all classes. Logits have gone through softmax; a
                            single logit, sigmoid */
    int n_scores;
    const float *embedding; /**< what enters the classifier, as floats; NULL where there is none */
    int n_embedding;
    double preprocess_ms; /**< frame to tensor; 0 where the run began with a tensor */
    double inference_ms;
} MnetResult;

typedef struct MnetSession MnetSession;

/** The session holds a reference of the model. All memory that its runs need is allocated here. */
MNET_API MnetStatus mnet_session_open(MnetModel *model, const MnetSessionOptions *options,
                                      MnetSession **session, MnetError *error);
/** Closes and sets *session to NULL. NULL and *session == NULL are fine. */
MNET_API void mnet_session_close(MnetSession **session);

/** Threads that the session runs with (what 0 became). */
MNET_API int mnet_session_threads(const MnetSession *session);

/** Frame in, result out. */
MNET_API MnetStatus mnet_session_run_image(MnetSession *session, const MnetImage *image,
                                           const MnetResult **result, MnetError *error);

/** Changes how the next frames are brought to the model's size. */
MNET_API MnetStatus mnet_session_set_preprocess(MnetSession *session,
                                                const MnetPreprocess *preprocess, MnetError *error);

/**
 * The first half of mnet_session_run_image(): frame to prepared input, which is what the network
 * itself begins with, [height][width][channels] of prepared_dtype. A model whose raw input is
 * uint8, NCHW, or float that it quantises at once needs none of that here. `tensor` is aligned for
 * its type, with room for prepared_bytes. One thread may call this and
 * mnet_session_set_preprocess() while another is in mnet_session_run_prepared() or
 * mnet_session_run_tensor() of the same session.
 */
MNET_API MnetStatus mnet_session_prepare(MnetSession *session, const MnetImage *image, void *tensor,
                                         MnetError *error);

/** The second half: runs on a prepared input, at any address. `size` must be prepared_bytes. */
MNET_API MnetStatus mnet_session_run_prepared(MnetSession *session, const void *tensor, size_t size,
                                              const MnetResult **result, MnetError *error);

/** Runs on a raw input tensor in the model's own layout and type, at any address. `size` must be
 * input_bytes. */
MNET_API MnetStatus mnet_session_run_tensor(MnetSession *session, const void *tensor, size_t size,
                                            const MnetResult **result, MnetError *error);

/** Raw output of the last run in the model's own type: output_bytes, valid until the next run. NULL
 * before the first. */
MNET_API const void *mnet_session_output(const MnetSession *session);

#ifdef __cplusplus
}
#endif

#endif
