#include "tests/nn/test_header.c"
