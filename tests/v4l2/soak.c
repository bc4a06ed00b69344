/* soak SECONDS [SEED]: camera faults and state changes with the elements in one process, at eight
 * times the camera's speed. Fails where memory or descriptors grow, where a fault isn't what is
 * reported, and where anything hangs. */
#include <dirent.h>
#include <gst/gst.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SILENT_SECONDS = 60, /* without a frame or an error */
    HANG_SECONDS = 300,  /* in a change of state */
    WARM_UP_PERCENT = 30,
    GROWTH_KIB = 1024,
};

typedef struct Fault {
    const char *variable, *value;
    gboolean is_error; /* that ends the stream */
} Fault;

static const Fault faults[] = {
    {"MNET_V4L2_SPEED", "8", FALSE}, /* none */
    {"MNET_V4L2_UNPLUG", "7,20,1000000000", TRUE},
    {"MNET_V4L2_TRUNCATE", "2", FALSE},
    {"MNET_V4L2_BUFFERS", "0", TRUE},
    {"MNET_V4L2_BUFFERS", "2", FALSE},
    {"MNET_V4L2_STRIDE", "64", FALSE},
    {"MNET_V4L2_STRIDE", "lie:64", FALSE},
};

static const char *const sources[] = {
    "video/x-raw,format=YUY2,width=640",
    "video/x-raw,format=NV12,width=640",
    "image/jpeg,width=640 ! jpegdec max-errors=-1",
};

typedef struct Soak {
    GRand *random;
    GstElement *pipeline, *source, *filter;
    GstPad *source_pad;
    GstBus *bus;
    gint frames;        /* that reached the sink; atomic */
    const char *action; /* the last */
    gboolean failed;
    gboolean changing;     /* since this start, the caps */
    gboolean loses_pauses; /* see is_lost() */
    guint64 all_frames;
    guint starts, errors, flushes, pauses, lost, changes;
} Soak;

static GstPadProbeReturn count_frame(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
    g_atomic_int_inc(&((Soak *)data)->frames);
    return GST_PAD_PROBE_OK;
}

static void build(Soak *soak, const char *source) {
    char *line = g_strdup_printf("v4l2src name=source device=/dev/video90 ! capsfilter name=filter "
                                 "caps=%s ! mobilenet name=classifier mode=%s ! mobilenetoverlay "
                                 "! fakesink name=sink",
                                 source, g_rand_int_range(soak->random, 0, 4) ? "async" : "sync");
    GstElement *sink;
    GstPad *pad;

    soak->pipeline = gst_parse_launch(line, NULL);
    g_assert(soak->pipeline);
    soak->source = gst_bin_get_by_name(GST_BIN(soak->pipeline), "source");
    soak->filter = gst_bin_get_by_name(GST_BIN(soak->pipeline), "filter");
    soak->source_pad = gst_element_get_static_pad(soak->source, "src");
    soak->bus = gst_element_get_bus(soak->pipeline);
    sink = gst_bin_get_by_name(GST_BIN(soak->pipeline), "sink");
    pad = gst_element_get_static_pad(sink, "sink");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, count_frame, soak, NULL);
    gst_object_unref(pad);
    gst_object_unref(sink);
    g_free(line);
}

static void destroy(Soak *soak) {
    gst_object_unref(soak->bus);
    gst_object_unref(soak->source_pad);
    gst_object_unref(soak->filter);
    gst_object_unref(soak->source);
    gst_object_unref(soak->pipeline);
}

/* A camera that was set up for it, or one that is draining: v4l2src asks for the new format while
 * frames of the old one are still on their way. */
static gboolean is_expected(const Soak *soak, const Fault *fault, GstMessage *message,
                            const GError *error) {
    if (GST_MESSAGE_SRC(message) != GST_OBJECT(soak->source))
        return FALSE;
    return fault->is_error ||
           (soak->changing && g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY));
}

#define PAUSE "a pause"

static void pause_and_play(Soak *soak) {
    soak->action = PAUSE;
    gst_element_set_state(soak->pipeline, GST_STATE_PAUSED);
    g_usleep((gulong)g_rand_int_range(soak->random, 0, 5000));
    gst_element_set_state(soak->pipeline, GST_STATE_PLAYING);
    soak->pauses++;
}

/* Since GStreamer 1.24, and still in 1.26.2, a short pause at times ends a live source of any kind,
 * without a message. GstBaseSrc unlocks create() for PAUSED; where the streaming thread leaves it
 * only after PLAYING, gst_base_src_get_range() doesn't see that there was a pause and returns
 * create()'s FLUSHING, on which the task pauses. Another pause starts it again. Downstream has no
 * part in it: what that returned last is OK. */
static gboolean is_lost(const Soak *soak) {
    return soak->loses_pauses && !strcmp(soak->action, PAUSE) &&
           gst_pad_get_task_state(soak->source_pad) == GST_TASK_PAUSED &&
           gst_pad_get_last_flow_return(soak->source_pad) == GST_FLOW_OK;
}

/* An error within so long, or NULL. */
static GstMessage *pop_error(Soak *soak, GstClockTime most) {
    return gst_bus_timed_pop_filtered(soak->bus, most, GST_MESSAGE_ERROR);
}

/* Whether so many more frames came; FALSE after an error. */
static gboolean wait_frames(Soak *soak, int frames, const Fault *fault) {
    gint64 deadline = g_get_monotonic_time() + SILENT_SECONDS * G_TIME_SPAN_SECOND;
    int until = g_atomic_int_get(&soak->frames) + frames;
    GstMessage *message;
    GError *error;
    char *debug;

    while (g_atomic_int_get(&soak->frames) < until) {
        message = pop_error(soak, 2 * GST_MSECOND);
        if (!message && is_lost(soak)) {
            message = pop_error(soak, GST_SECOND); /* which a task may post after its end */
            if (!message) {
                pause_and_play(soak);
                soak->lost++;
            }
        }
        if (!message && g_get_monotonic_time() < deadline)
            continue;
        if (!message) {
            fprintf(stderr, "with %s=%s, after %s: neither a frame nor an error\n", fault->variable,
                    fault->value, soak->action);
            soak->failed = TRUE;
            return FALSE;
        }
        gst_message_parse_error(message, &error, &debug);
        if (!is_expected(soak, fault, message, error)) {
            fprintf(stderr, "with %s=%s: %s: %s\n%s\n", fault->variable, fault->value,
                    GST_MESSAGE_SRC_NAME(message), error->message, debug);
            soak->failed = TRUE;
        }
        soak->errors++;
        g_error_free(error);
        g_free(debug);
        gst_message_unref(message);
        return FALSE;
    }
    return TRUE;
}

/* A flush makes the sink wait for a frame, and the pipeline goes on to PLAYING in a thread of its
 * own. A change of state or another flush before that end would leave the source paused: that is
 * GStreamer's way. */
static void settle(Soak *soak, const Fault *fault) {
    /* no frame comes after an error */
    GstClockTime most = (fault->is_error ? 5 : SILENT_SECONDS) * GST_SECOND;
    gst_element_get_state(soak->pipeline, NULL, NULL, most);
}

static void flush(Soak *soak) {
    soak->action = "a flush";
    gst_element_send_event(soak->source, gst_event_new_flush_start());
    gst_element_send_event(soak->source, gst_event_new_flush_stop(TRUE));
    soak->flushes++;
}

/* Another size of the same format. */
static void change_caps(Soak *soak) {
    GstCaps *caps;
    g_object_get(soak->filter, "caps", &caps, NULL);
    caps = gst_caps_make_writable(caps);
    gst_caps_set_simple(caps, "width", G_TYPE_INT, g_rand_boolean(soak->random) ? 640 : 1280, NULL);
    g_object_set(soak->filter, "caps", caps, NULL);
    gst_caps_unref(caps);
    soak->changing = TRUE;
    soak->action = "a change of caps";
    soak->changes++;
}

/* From NULL to NULL, with what is in between. */
static void play(Soak *soak, const Fault *fault) {
    int i, actions = g_rand_int_range(soak->random, 0, 4);
    gboolean ok;

    gst_element_set_state(soak->pipeline, GST_STATE_PLAYING);
    soak->starts++;
    soak->changing = FALSE;
    soak->action = "the start";
    ok = g_rand_int_range(soak->random, 0, 8) > 0 && wait_frames(soak, 3, fault);
    for (i = 0; ok && i < actions; i++) {
        settle(soak, fault);
        switch (g_rand_int_range(soak->random, 0, 3)) {
        case 0:
            pause_and_play(soak);
            break;
        case 1:
            flush(soak);
            break;
        default:
            change_caps(soak);
        }
        ok = wait_frames(soak, 3, fault);
    }
    if (fault->is_error && ok)
        wait_frames(soak, G_MAXINT / 2, fault);
    gst_element_set_state(soak->pipeline, GST_STATE_NULL);
    soak->all_frames += (guint64)g_atomic_int_get(&soak->frames);
    g_atomic_int_set(&soak->frames, 0);
}

static void cycle(Soak *soak) {
    const Fault *fault = &faults[g_rand_int_range(soak->random, 0, G_N_ELEMENTS(faults))];
    int times = g_rand_int_range(soak->random, 1, 4);

    alarm(HANG_SECONDS);
    g_setenv(fault->variable, fault->value, TRUE);
    build(soak, sources[g_rand_int_range(soak->random, 0, G_N_ELEMENTS(sources))]);
    while (times-- > 0 && !soak->failed) {
        play(soak, fault);
        /* until it is plugged in again */
        while (access("/dev/video90", F_OK))
            g_usleep(1000);
    }
    destroy(soak);
    if (fault != &faults[0])
        g_unsetenv(fault->variable);
    alarm(0);
}

static long memory_kib(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    malloc_trim(0);
    if (!file || fscanf(file, "%*s %ld", &pages) != 1)
        abort();
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static int descriptors(void) {
    DIR *folder = opendir("/proc/self/fd");
    int n = 0;
    while (readdir(folder))
        n++;
    closedir(folder);
    return n;
}

/* The least of many is what is kept; more is what has not been given back yet. */
typedef struct Least {
    long memory, descriptors;
} Least;

static void take_least(Least *least) {
    least->memory = MIN(least->memory, memory_kib());
    least->descriptors = MIN(least->descriptors, descriptors());
}

int main(int argc, char **argv) {
    gint64 seconds = argc > 1 ? atoi(argv[1]) : 20;
    guint32 seed = argc > 2 ? (guint32)strtoul(argv[2], NULL, 10) : g_random_int();
    Least early = {LONG_MAX, LONG_MAX}, late = early;
    gint64 start = g_get_monotonic_time(), past = 0;
    Soak soak = {.random = g_rand_new_with_seed(seed)};
    guint major, minor, micro, nano;

    /* one heap, so that its size says what is in use */
    mallopt(M_ARENA_MAX, 1);
    g_setenv("MNET_V4L2_SPEED", "8", TRUE);
    /* v4l2src of GStreamer 1.22 loses each buffer pool, with its descriptors, that it leaves to the
     * driver instead */
    g_setenv("GST_V4L2_FORCE_DRAIN", "1", TRUE);
    gst_init(NULL, NULL);
    gst_version(&major, &minor, &micro, &nano);
    soak.loses_pauses = minor >= 24;
    printf("seed %u\n", seed);
    fflush(stdout);
    while (past < 100 && !soak.failed) {
        cycle(&soak);
        past = (g_get_monotonic_time() - start) / (10000 * seconds);
        if (past >= WARM_UP_PERCENT)
            take_least(past < (100 + WARM_UP_PERCENT) / 2 ? &early : &late);
    }
    printf("%" G_GUINT64_FORMAT
           " frames, %u starts, %u pauses (%u lost), %u flushes, %u changes of caps, "
           "%u errors; memory %ld to %ld KiB, descriptors %ld to %ld\n",
           soak.all_frames, soak.starts, soak.pauses, soak.lost, soak.flushes, soak.changes,
           soak.errors, early.memory, late.memory, early.descriptors, late.descriptors);
    g_rand_free(soak.random);
    return soak.failed || late.memory > early.memory + GROWTH_KIB ||
           late.descriptors > early.descriptors;
}
