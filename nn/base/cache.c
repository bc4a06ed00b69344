#include "nn/base/cache.h"

#include <stdio.h>
#include <string.h>

enum { MOST_CACHES = 8, MOST_CPUS = 1024 };

/* Reads a line of the kernel's description of cache `index` of the first CPU (sysfs's
 * ABI/testing/sysfs-devices-system-cpu). */
static int read_line(int index, const char *name, char *line, size_t size) {
    char path[96];
    FILE *file;
    int read;

    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/%s", index, name);
    file = fopen(path, "re");
    if (!file)
        return 0;
    read = fgets(line, (int)size, file) != NULL;
    fclose(file);
    return read;
}

/* CPUs of a list such as "0-3,8". */
static int count_cpus(const char *list) {
    int count = 0;

    while (*list) {
        int first, last, length = 0, n = sscanf(list, "%d%n-%d%n", &first, &length, &last, &length);

        if (n < 1 || first < 0)
            break;
        if (n == 1)
            last = first;
        if (last < first || last >= MOST_CPUS)
            break;
        count += last - first + 1;
        list += length;
        list += *list == ',';
    }
    return count ? count : 1;
}

/* Hardware threads of a core share its cache as one. */
static int cores_of(const char *cpus) {
    char siblings[256] = "0";
    FILE *file = fopen("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "re");
    int shared = count_cpus(cpus), threads;

    if (file) {
        if (!fgets(siblings, sizeof siblings, file))
            siblings[0] = 0;
        fclose(file);
    }
    threads = count_cpus(siblings);
    return shared > threads ? shared / threads : 1;
}

size_t mnet_cache_bytes(int level) {
    char line[256];

    for (int i = 0; i < MOST_CACHES && read_line(i, "level", line, sizeof line); i++) {
        int found;
        size_t kib;

        if (sscanf(line, "%d", &found) != 1 || found != level ||
            !read_line(i, "type", line, sizeof line) || !strncmp(line, "Instruction", 11))
            continue;
        if (read_line(i, "size", line, sizeof line) && sscanf(line, "%zuK", &kib) == 1 && kib &&
            kib < 1 << 20 && read_line(i, "shared_cpu_list", line, sizeof line))
            return kib * 1024 / (size_t)cores_of(line);
    }
    return (level == 1 ? 32 : 256) * 1024;
}
