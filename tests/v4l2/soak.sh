#!/bin/bash
# Camera faults and state changes in one process for so long, at eight times a camera's speed; see soak.c.
#   tests/v4l2/soak.sh [SECONDS [SEED]]     20 seconds; uses the build in build/
: "${MNET_SOURCE:=$(cd "$(dirname "$0")/../.." && pwd)}"
export MNET_SOURCE MNET_BUILD=${MNET_BUILD:-$MNET_SOURCE/build}
. "$MNET_SOURCE/tests/pipelines/check.sh"
. "$MNET_SOURCE/tests/v4l2/camera.sh"
# There v4l2src at times gives nothing after a pause, with identity in our elements' place too.
gst-launch-1.0 --version | grep -q ' 1\.22\.' || skip "only with GStreamer 1.22; v4l2src of 1.26 stops after a pause"
LD_PRELOAD="$MNET_BUILD/tests/v4l2/libv4l2shim.so" "$MNET_BUILD/tests/v4l2/soak" "${@:-20}"
