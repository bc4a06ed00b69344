/* For tests that TSan checks down to their last call: gst-check isn't instrumented. */
#ifndef TESTS_PLUGIN_REQUIRE_H
#define TESTS_PLUGIN_REQUIRE_H

#include <stdio.h>
#include <stdlib.h>

/* Never compiled out. */
#define REQUIRE(condition) \
  do { \
    if (!(condition)) { \
      fprintf (stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      exit (1); \
    } \
  } while (0)

#endif
