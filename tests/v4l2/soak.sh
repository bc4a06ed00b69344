#!/bin/bash
# Camera faults and state changes in one process for so long, at eight times a camera's speed; see soak.c.
#   tests/v4l2/soak.sh [SECONDS [SEED]]     20 seconds; uses the build in build/
: "${MNET_SOURCE:=$(cd "$(dirname "$0")/../.." && pwd)}"
export MNET_SOURCE MNET_BUILD=${MNET_BUILD:-$MNET_SOURCE/build}
. "$MNET_SOURCE/tests/pipelines/check.sh"
. "$MNET_SOURCE/tests/v4l2/camera.sh"
LD_PRELOAD="$MNET_BUILD/tests/v4l2/libv4l2shim.so" "$MNET_BUILD/tests/v4l2/soak" "${@:-20}"
