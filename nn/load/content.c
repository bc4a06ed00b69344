#include "nn/load/content.h"

#include <string.h>

typedef struct Signature {
    size_t offset;
    size_t size;
    const char *magic;
    const char *text;
} Signature;

#define SIGNATURE(offset, magic, text)                                                             \
    { offset, sizeof magic - 1, magic, text }

static const Signature signatures[] = {
    SIGNATURE(0, "\x89HDF\r\n\x1a\n",
              "is a Keras model in HDF5; convert it to TFLite (tf.lite.TFLiteConverter)"),
    SIGNATURE(
        4, "ORTM",
        "is a model in ONNX Runtime's own ORT format; name the .onnx file that it was made from"),
    SIGNATURE(4, "ET12", "is an ExecuTorch program; export the model to ONNX or TFLite"),
    SIGNATURE(
        0, "\x80\x02",
        "is a Python pickle, such as PyTorch's old .pt or .pth; export the model with torch.onnx.export"),
    SIGNATURE(0, "\x80\x04", "is a Python pickle; export the model to ONNX or TFLite"),
    SIGNATURE(0, "\x1f\x8b", "is compressed with gzip; unpack it and name the model inside"),
    SIGNATURE(0, "BZh", "is compressed with bzip2; unpack it and name the model inside"),
    SIGNATURE(0,
              "\xfd"
              "7zXZ",
              "is compressed with xz; unpack it and name the model inside"),
    SIGNATURE(0, "\x28\xb5\x2f\xfd",
              "is compressed with zstd; unpack it and name the model inside"),
    SIGNATURE(257, "ustar", "is a tar archive; unpack it and name the model inside"),
    SIGNATURE(0, "GGUF", "is a GGUF model; a TFLite or ONNX model is needed"),
    SIGNATURE(0, "7767517", "is a model of ncnn; export the model to ONNX or TFLite"),
    SIGNATURE(0,
              "\x7f"
              "ELF",
              "is a program or library, not a model"),
    SIGNATURE(0, "\xff\xd8\xff", "is a picture (JPEG), not a model"),
    SIGNATURE(0, "\x89PNG", "is a picture (PNG), not a model"),
    SIGNATURE(0, "%PDF", "is a PDF document, not a model"),
    SIGNATURE(0, "version https://git-lfs",
              "is a Git LFS pointer, not the model itself; fetch that with: git lfs pull"),
};

enum { LOOK = 1024 };

static bool contains(MnetBytes bytes, const char *text) {
    return memmem(bytes.data, bytes.size < LOOK ? bytes.size : LOOK, text, strlen(text)) != NULL;
}

/* Of the first bytes: nothing but what stands in text. Bytes from 0x80 on may be UTF-8. */
static bool is_text(MnetBytes bytes) {
    size_t size = bytes.size < LOOK ? bytes.size : LOOK;

    for (size_t i = 0; i < size; i++)
        if ((bytes.data[i] < 0x20 && !strchr("\t\n\r\f", bytes.data[i])) || bytes.data[i] == 0 ||
            bytes.data[i] == 0x7f)
            return false;
    return size > 0;
}

static const char *describe_zip(MnetBytes bytes) {
    if (contains(bytes, "data.pkl"))
        return "is a PyTorch model (.pt, .pth); export it with torch.onnx.export";
    if (contains(bytes, "metadata.json") || contains(bytes, "config.json"))
        return "is a Keras model (.keras); convert it to TFLite (tf.lite.TFLiteConverter)";
    return "is a ZIP archive; unpack it and name the model inside";
}

static const char *describe_text(MnetBytes bytes) {
    if (contains(bytes, "<!DOCTYPE html") || contains(bytes, "<!doctype html") ||
        contains(bytes, "<html"))
        return "is an HTML page saved in place of the model; download the file itself (its \"raw\" link)";
    if (contains(bytes, "<net "))
        return "is a model of OpenVINO (.xml); name the ONNX or TFLite model that it was made from";
    if (contains(bytes, "\"modelTopology\"") || contains(bytes, "\"weightsManifest\""))
        return "is a model of TensorFlow.js; export the model to TFLite";
    return "is a text file, not a TFLite or ONNX model";
}

const char *mnet_content_describe(MnetBytes bytes) {
    MnetBytes part;

    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
        if (mnet_bytes_slice(bytes, signatures[i].offset, signatures[i].size, &part) &&
            memcmp(part.data, signatures[i].magic, part.size) == 0)
            return signatures[i].text;
    if (mnet_bytes_slice(bytes, 0, 4, &part) && memcmp(part.data, "PK\3\4", 4) == 0)
        return describe_zip(bytes);
    return is_text(bytes) ? describe_text(bytes) : NULL;
}
