/* The buffer "TFLITE_METADATA" is a flatbuffer of its own: metadata_schema.fbs of TensorFlow Lite
 * Support ("M001"). It names label files, which lie in a ZIP archive behind the model. */
#include "nn/load/tflite.h"

#include <math.h>
#include <string.h>

#include "nn/load/text.h"
#include "nn/load/zip.h"

enum { NORMALIZATION_OPTIONS = 1, TENSOR_AXIS_LABELS = 2 };

/* Model: 6 metadata; Metadata: 0 name, 1 buffer. */
static bool find_metadata(const MnetTflite *file, MnetBytes *content) {
    MnetVector entries = mnet_table_vector(&file->model, 6, 4);

    for (size_t i = 0; i < entries.count; i++) {
        MnetTable entry = mnet_vector_table(&entries, i);
        if (mnet_text_equals(mnet_table_string(&entry, 0), "TFLITE_METADATA"))
            return mnet_tflite_buffer(file, mnet_table_u32(&entry, 1, 0), content) &&
                   content->size >= 8 && memcmp(content->data + 4, "M001", 4) == 0;
    }
    return false;
}

/* NormalizationOptions: 0 mean, 1 std, one number or one a channel; value -> (value - mean) / std.
 */
static bool read_normalization(const MnetTable *options, MnetNormalization *out) {
    MnetVector mean = mnet_table_vector(options, 0, 4),
               deviation = mnet_table_vector(options, 1, 4);
    MnetNormalization found = {.order = MNET_CHANNEL_ORDER_DEFAULT};

    if ((mean.count != 1 && mean.count != 3) || (deviation.count != 1 && deviation.count != 3))
        return false;
    for (int i = 0; i < 3; i++) {
        found.mean[i] = mnet_vector_f32(&mean, mean.count == 3 ? i : 0);
        found.scale[i] = 1 / mnet_vector_f32(&deviation, deviation.count == 3 ? i : 0);
        if (!isfinite(found.mean[i]) || !isfinite(found.scale[i]) || found.scale[i] == 0)
            return false;
    }
    *out = found;
    return true;
}

/* TensorMetadata: 4 process_units; ProcessUnit: 0 options_type, 1 options. */
static void read_input(const MnetTable *tensor, MnetMetadata *metadata) {
    MnetVector units = mnet_table_vector(tensor, 4, 4);

    for (size_t i = 0; i < units.count && !metadata->has_normalization; i++) {
        MnetTable unit = mnet_vector_table(&units, i);
        MnetTable options = mnet_table_table(&unit, 1);
        if (mnet_table_u8(&unit, 0, 0) == NORMALIZATION_OPTIONS &&
            read_normalization(&options, &metadata->normalization)) {
            metadata->has_normalization = true;
            metadata->normalization_source = "TFLite metadata";
        }
    }
}

/* TensorMetadata: 6 associated_files; AssociatedFile: 0 name, 2 type, 3 locale (absent: English, or
 * none). */
static void read_output(const MnetTable *tensor, MnetBytes model, MnetMetadata *metadata) {
    MnetVector files = mnet_table_vector(tensor, 6, 4);

    for (size_t i = 0; i < files.count && !metadata->labels.size; i++) {
        MnetTable file = mnet_vector_table(&files, i);
        MnetBytes name = mnet_table_string(&file, 0);
        if (mnet_table_u8(&file, 2, 0) == TENSOR_AXIS_LABELS && !mnet_table_string(&file, 3).size &&
            mnet_zip_find(model, name, &metadata->labels) == MNET_ZIP_COMPRESSED)
            metadata->labels_problem = "the label file inside it is compressed; write it again "
                                       "uncompressed (zip -0), or name a label file";
    }
}

/* ModelMetadata: 3 subgraph_metadata; SubGraphMetadata: 2 input_tensor_metadata, 3
 * output_tensor_metadata. */
void mnet_tflite_metadata(MnetTflite *file) {
    MnetFlatbuffer buffer = {.broken = false};

    if (!find_metadata(file, &buffer.bytes))
        return;
    MnetTable root = mnet_flatbuffer_root(&buffer);
    MnetVector subgraphs = mnet_table_vector(&root, 3, 4);
    MnetTable subgraph = mnet_vector_table(&subgraphs, 0);
    MnetVector inputs = mnet_table_vector(&subgraph, 2, 4);
    MnetVector outputs = mnet_table_vector(&subgraph, 3, 4);
    MnetTable input = mnet_vector_table(&inputs, 0), output = mnet_vector_table(&outputs, 0);

    read_input(&input, &file->graph->metadata);
    read_output(&output, file->buffer.bytes, &file->graph->metadata);
}
