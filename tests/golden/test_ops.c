/* Each operator alone, given the same input, within one step of the reference runtime: see
 * make_ops.py. */
#include "nn/base/bytes.h"
#include "tests/test.h"

#include <dirent.h>
#include <math.h>

typedef struct Record {
    char name[64];
    MnetBytes model, input, output;
} Record;

/* Takes the first record off; false where the rest is none. */
static bool read_record(MnetBytes *rest, Record *record) {
    MnetBytes *const parts[] = {&record->model, &record->input, &record->output};
    uint32_t sizes[4];
    MnetBytes name;
    size_t at = 4 + sizeof(sizes);

    if (rest->size < at || memcmp(rest->data, "MNOP", 4))
        return false;
    for (int i = 0; i < 4; i++) {
        if (!mnet_bytes_u32(*rest, 4 + 4 * (size_t)i, &sizes[i]))
            return false;
    }
    if (!mnet_bytes_slice(*rest, at, sizes[0], &name))
        return false;
    snprintf(record->name, sizeof(record->name), "%.*s", (int)name.size, (const char *)name.data);
    at += sizes[0];
    for (int i = 0; i < 3; i++) {
        if (!mnet_bytes_slice(*rest, at, sizes[i + 1], parts[i]))
            return false;
        at += sizes[i + 1];
    }
    return mnet_bytes_slice(*rest, at, rest->size - at, rest);
}

static int value_at(MnetDtype dtype, const uint8_t *data, size_t i) {
    return dtype == MNET_DTYPE_QS8 ? (int8_t)data[i] : data[i];
}

static void compare_floats(const char *name, const uint8_t *ours, const uint8_t *theirs,
                           size_t count) {
    double worst = 0;

    for (size_t i = 0; i < count; i++) {
        float a, b;

        memcpy(&a, ours + i * sizeof(a), sizeof(a));
        memcpy(&b, theirs + i * sizeof(b), sizeof(b));
        double difference = fabs((double)a - (double)b) / fmax(1, fabs((double)b));
        if (!(difference <= worst)) /* NaN is worse than any number */
            worst = difference;
    }
    CHECK(worst <= 1e-4, "%s: relative difference %g", name, worst);
}

static void compare_steps(const char *name, MnetDtype dtype, const uint8_t *ours,
                          const uint8_t *theirs, size_t count, size_t *off_by_one) {
    int worst = 0;

    for (size_t i = 0; i < count; i++) {
        int difference = abs(value_at(dtype, ours, i) - value_at(dtype, theirs, i));

        worst = difference > worst ? difference : worst;
        *off_by_one += difference == 1;
    }
    CHECK(worst <= 1, "%s: %d steps off", name, worst);
}

static void check_record(const Record *record, size_t *values, size_t *off_by_one) {
    MnetSessionOptions options = {.threads = 1};
    MnetError error = {0};
    MnetModel *model = NULL;
    MnetSession *session = NULL;
    const MnetResult *result;
    const MnetModelInfo *info;
    MnetStatus status = mnet_model_open_memory(record->model.data, record->model.size, record->name,
                                               NULL, &model, &error);

    if (!status)
        status = mnet_session_open(model, &options, &session, &error);
    if (!status)
        status = mnet_session_run_tensor(session, record->input.data, record->input.size, &result,
                                         &error);
    CHECK(!status, "%s", error.message);
    if (!status) {
        info = mnet_model_info(model);
        CHECK(info->output_bytes == record->output.size, "%s: %zu bytes, not %zu", record->name,
              info->output_bytes, record->output.size);
        if (info->output_bytes == record->output.size) {
            const uint8_t *ours = mnet_session_output(session);

            *values += record->output.size;
            if (info->output_dtype == MNET_DTYPE_F32)
                compare_floats(record->name, ours, record->output.data, record->output.size / 4);
            else
                compare_steps(record->name, info->output_dtype, ours, record->output.data,
                              record->output.size, off_by_one);
        }
    }
    mnet_session_close(&session);
    mnet_model_unref(&model);
}

static void check_file(const char *folder, const char *name) {
    const int failures = test_failures;
    size_t values = 0, off_by_one = 0;
    char path[1200];
    MnetError error;
    MnetFile file;
    MnetBytes rest;
    Record record;
    MnetStatus status;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    status = mnet_file_open(path, &file, &error);
    CHECK(!status, "%s", error.message);
    if (status)
        return;
    rest = file.bytes;
    while (read_record(&rest, &record))
        check_record(&record, &values, &off_by_one);
    CHECK(!rest.size, "%s: %zu bytes that are no record", name, rest.size);
    mnet_file_close(&file);
    printf("%s %s: %zu of %zu bytes one step off\n", test_failures == failures ? "ok  " : "FAIL",
           name, off_by_one, values);
}

static int is_ops(const struct dirent *entry) {
    const char *dot = strrchr(entry->d_name, '.');

    return dot && !strcmp(dot, ".ops");
}

int main(void) {
    const char *source = getenv("MNET_SOURCE");
    struct dirent **entries;
    char folder[900];
    int count;

    snprintf(folder, sizeof(folder), "%s/tests/golden/ops", source ? source : ".");
    count = scandir(folder, &entries, is_ops, alphasort);
    CHECK(count > 0, "no .ops files in %s", folder);
    for (int i = 0; i < count; i++) {
        check_file(folder, entries[i]->d_name);
        free(entries[i]);
    }
    if (count > 0)
        free(entries);
    return test_end();
}
