#include "nn/load/modelinfo.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nn/load/text.h"

enum { MAX_SIZE = 1 << 20, MAX_VALUE = 1023 };

/* What one section says; the values are cut at MAX_VALUE, which is far beyond what a real one
 * needs. */
typedef struct Section {
    bool any, is_modelinfo, is_input, named;
    char version[MAX_VALUE + 1], type[MAX_VALUE + 1], dims[MAX_VALUE + 1], ranges[MAX_VALUE + 1],
        caps[MAX_VALUE + 1];
    int line;
} Section;

typedef struct Search {
    const char *file;
    MnetGraph *graph;
    MnetError *error;
    bool has_version;
    bool found, found_named; /* by its name counts more than by its direction */
    MnetNormalization normalization;
} Search;

static void copy(char *to, MnetBytes text) {
    size_t size = text.size < MAX_VALUE ? text.size : MAX_VALUE;
    memcpy(to, text.data, size);
    to[size] = 0;
}

static bool type_matches(const char *type, MnetDtype dtype) {
    const char *name = dtype == MNET_DTYPE_QU8   ? "uint8"
                       : dtype == MNET_DTYPE_QS8 ? "int8"
                                                 : "float32";
    return !*type || strcmp(type, name) == 0;
}

static bool dims_match(const char *dims, const MnetTensor *tensor) {
    int count = 0;

    if (!*dims)
        return true;
    for (const char *at = dims; *at; count++) {
        char *end;
        long dim = strtol(at, &end, 10);
        if (end == at || count >= tensor->rank || (dim >= 0 && dim != tensor->dims[count]))
            return false;
        at = end + strspn(end, " \t,");
    }
    return count == tensor->rank;
}

/* "min,max" or "min,max;min,max;min,max": value v from 0 to 255 becomes v * (max - min) / 255 + min
 * in the raw tensor. */
static bool parse_ranges(const char *ranges, float lo[3], float hi[3]) {
    int count = 0;

    for (const char *at = ranges; *at && count < 3; count++) {
        char *end;
        lo[count] = strtof(at, &end);
        if (end == at || *(end += strspn(end, " \t")) != ',')
            return false;
        at = end + 1;
        hi[count] = strtof(at, &end);
        if (end == at || !isfinite(lo[count]) || !isfinite(hi[count]) || hi[count] == lo[count])
            return false;
        end += strspn(end, " \t");
        if (*end && *end != ';')
            return false;
        at = *end ? end + 1 : end;
    }
    for (int i = 1; i < 3 && count == 1; i++)
        lo[i] = lo[0], hi[i] = hi[0];
    return count == 1 || count == 3;
}

static MnetChannelOrder parse_caps(const char *caps) {
    const char *at = strstr(caps, "format");

    if (!at)
        return MNET_CHANNEL_ORDER_DEFAULT;
    at += strlen("format");
    at += strspn(at, " =\"");
    if (strncmp(at, "(string)", 8) == 0)
        at += 8;
    at += strspn(at, " \"{");
    return strncmp(at, "BGR", 3) == 0   ? MNET_CHANNEL_ORDER_BGR
           : strncmp(at, "RGB", 3) == 0 ? MNET_CHANNEL_ORDER_RGB
                                        : MNET_CHANNEL_ORDER_DEFAULT;
}

static MnetStatus end_section(Search *search, const Section *section) {
    const MnetGraph *graph = search->graph;
    float lo[3], hi[3];

    if (section->is_modelinfo) {
        if (strncmp(section->version, "1.", 2) != 0)
            return mnet_fail(
                search->error, MNET_ERROR_UNSUPPORTED,
                "%s:%d: version '%s' is not supported, 1.x is; write it anew for that, or "
                "remove it",
                search->file, section->line, section->version);
        search->has_version = true;
        return MNET_OK;
    }
    if (!section->any || !*section->ranges || search->found_named ||
        !(section->named || (section->is_input && !search->found)) ||
        !type_matches(section->type, graph->input_dtype) ||
        !dims_match(section->dims, &graph->tensors[graph->input]))
        return MNET_OK;
    if (!parse_ranges(section->ranges, lo, hi))
        return mnet_fail(search->error, MNET_ERROR_FORMAT,
                         "%s:%d: 'ranges=%.100s' is not min,max or three of them with ';' between; "
                         "correct it, or remove the file",
                         search->file, section->line, section->ranges);
    /* The raw tensor t stands for the real number (t - zero_point) * scale. */
    const MnetQuant *quant = &graph->input_quant;
    double scale = quant->count ? quant->scale[0] : 1;
    double zero = quant->count ? quant->zero_point[0] : 0;
    for (int i = 0; i < 3; i++) {
        double step = ((double)hi[i] - lo[i]) / 255;
        search->normalization.mean[i] = (float)((zero - lo[i]) / step);
        search->normalization.scale[i] = (float)(step * scale);
    }
    search->normalization.order = parse_caps(section->caps);
    search->found = true;
    search->found_named = section->named;
    return MNET_OK;
}

static void read_key(Section *section, MnetBytes key, MnetBytes value) {
    if (mnet_text_equals(key, "version"))
        copy(section->version, value);
    else if (mnet_text_equals(key, "type"))
        copy(section->type, value);
    else if (mnet_text_equals(key, "dims"))
        copy(section->dims, value);
    else if (mnet_text_equals(key, "ranges"))
        copy(section->ranges, value);
    else if (mnet_text_equals(key, "caps"))
        copy(section->caps, value);
    else if (mnet_text_equals(key, "dir"))
        section->is_input = mnet_text_equals(value, "input");
}

static MnetStatus read_line(Search *search, Section *section, MnetBytes line, int number) {
    const uint8_t *equal;

    if (!line.size || line.data[0] == '#')
        return MNET_OK;
    if (line.data[0] == '[' && line.data[line.size - 1] == ']') {
        MnetStatus status = end_section(search, section);
        MnetBytes title = {line.data + 1, line.size - 2};
        *section = (Section){.any = true, .line = number};
        section->is_modelinfo = mnet_text_equals(title, "modelinfo");
        section->named = !section->is_modelinfo &&
                         mnet_text_equals(title, search->graph->tensors[search->graph->input].name);
        return status;
    }
    equal = memchr(line.data, '=', line.size);
    if (!equal || !section->any)
        return mnet_fail(search->error, MNET_ERROR_FORMAT,
                         "%s:%d: is neither [section], key=value nor a # comment; correct it, or "
                         "remove the file",
                         search->file, number);
    size_t key = (size_t)(equal - line.data);
    read_key(section, mnet_text_trim((MnetBytes){line.data, key}),
             mnet_text_trim((MnetBytes){equal + 1, line.size - key - 1}));
    return MNET_OK;
}

MnetStatus mnet_modelinfo_parse(MnetBytes text, const char *file, MnetGraph *graph,
                                MnetError *error) {
    Search search = {.file = file, .graph = graph, .error = error};
    Section section = {0};
    int number = 0;
    MnetStatus status = MNET_OK;

    if (text.size > MAX_SIZE || (text.size && memchr(text.data, 0, text.size)))
        return mnet_fail(error, MNET_ERROR_FORMAT, "%s: is no text file; remove it", file);
    while (text.size && !status) {
        const uint8_t *end = memchr(text.data, '\n', text.size);
        size_t size = end ? (size_t)(end - text.data) : text.size;
        status =
            read_line(&search, &section, mnet_text_trim((MnetBytes){text.data, size}), ++number);
        text.data += end ? size + 1 : size;
        text.size -= end ? size + 1 : size;
    }
    if (status || (status = end_section(&search, &section)))
        return status;
    if (!search.has_version)
        return mnet_fail(
            error, MNET_ERROR_FORMAT,
            "%s: has no [modelinfo] section with its version; add it (version=1.0), or "
            "remove the file",
            file);
    if (search.found) {
        size_t size = strlen(file) + 1;
        char *source = mnet_arena_alloc(&graph->arena, size);
        if (!source)
            return mnet_fail(error, MNET_ERROR_MEMORY, "%s: out of memory", file);
        memcpy(source, file, size);
        graph->metadata.has_normalization = true;
        graph->metadata.normalization = search.normalization;
        graph->metadata.normalization_source = source;
    }
    return MNET_OK;
}

MnetStatus mnet_modelinfo_read(const char *path, MnetGraph *graph, MnetError *error) {
    const char *dot = strrchr(path, '.');
    size_t lengths[2] = {strlen(path), strlen(path)};

    if (dot && !strchr(dot, '/'))
        lengths[1] = (size_t)(dot - path);
    for (int i = 0; i < 2; i++) {
        size_t size = lengths[i] + sizeof ".modelinfo";
        char *name = mnet_arena_alloc(&graph->arena, size);
        MnetFile file;
        if (!name)
            return mnet_fail(error, MNET_ERROR_MEMORY, "%s: out of memory", path);
        snprintf(name, size, "%.*s.modelinfo", (int)lengths[i], path);
        if (access(name, F_OK))
            continue;
        MnetStatus status = mnet_file_open(name, &file, error);
        if (status)
            return status;
        status = mnet_modelinfo_parse(file.bytes, name, graph, error);
        mnet_file_close(&file);
        return status;
    }
    return MNET_OK;
}
