/* How many physical cores this process may use. */
#include "nn/base/threads.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CPUS = 1024 };

/* The first CPU of a CPU's core, from the kernel's list of its hardware threads ("3,7" or "2-3").
 */
static int core_of(int cpu) {
    char path[96];
    int first = cpu;
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
    FILE *file = fopen(path, "re");
    if (file) {
        if (fscanf(file, "%d", &first) != 1)
            first = cpu;
        fclose(file);
    }
    return first;
}

static int cores_allowed(void) {
    cpu_set_t *set = CPU_ALLOC(MAX_CPUS);
    size_t size = CPU_ALLOC_SIZE(MAX_CPUS);
    unsigned char seen[MAX_CPUS] = {0};
    int count = 0;
    if (set && !sched_getaffinity(0, size, set))
        for (int cpu = 0; cpu < MAX_CPUS; cpu++)
            if (CPU_ISSET_S(cpu, size, set)) {
                int core = core_of(cpu);
                if (core < 0 || core >= MAX_CPUS)
                    core = cpu;
                count += !seen[core];
                seen[core] = 1;
            }
    CPU_FREE(set);
    return count ? count : 1;
}

/* CPUs that "QUOTA PERIOD" (cgroup v2's cpu.max) allows, rounded up; 0 for no limit. */
static int quota_in(const char *folder) {
    char path[600];
    long quota, period;
    int cpus = 0;
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", folder);
    FILE *file = fopen(path, "re");
    if (file) {
        if (fscanf(file, "%ld %ld", &quota, &period) == 2 && quota > 0 && period > 0)
            cpus = (int)((quota + period - 1) / period);
        fclose(file);
    }
    return cpus;
}

/* The tightest quota from the process's own control group up to the root. */
static int cgroup_cpus(void) {
    char folder[512] = "", line[512];
    int tightest = 0;
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (!file)
        return 0;
    while (fgets(line, sizeof line, file))
        if (!strncmp(line, "0::", 3)) {
            line[strcspn(line, "\n")] = 0;
            snprintf(folder, sizeof folder, "%s", line + 3);
        }
    fclose(file);
    for (;;) {
        int cpus = quota_in(folder);
        if (cpus && (!tightest || cpus < tightest))
            tightest = cpus;
        char *slash = strrchr(folder, '/');
        if (!slash)
            return tightest;
        *slash = 0;
    }
}

int mnet_threads_default(void) {
    int cores = cores_allowed(), limit = cgroup_cpus();
    if (limit && limit < cores)
        cores = limit;
    return cores > MNET_MAX_THREADS ? MNET_MAX_THREADS : cores;
}
