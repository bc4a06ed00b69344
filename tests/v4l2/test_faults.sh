#!/bin/bash
# Faults of a camera: a clear error, or frames as if nothing had been, and never a crash or a hang.
. "$(dirname "$0")/../pipelines/check.sh"
. "$(dirname "$0")/camera.sh"
yuyv=video/x-raw,format=YUY2,width=640,height=480,framerate=30/1

# launch VARIABLE=VALUE COUNT CAPS [ELEMENT...]
launch() {
  local variable=$1 count=$2 caps=$3
  shift 3
  shimmed "$variable" gst-launch-1.0 v4l2src device=/dev/video90 num-buffers="$count" ! "$caps" "$@" ! \
    mobilenet mode=sync ! mobilenetlog timing=false location=log.jsonl ! fakesink
}

# By what v4l2src was doing just then.
refuses 'ERROR: from element' launch MNET_V4L2_UNPLUG=5 -1 "$yuyv"
grep -qE 'Could not read from resource|Failed to allocate a buffer' output || { cat output; fail "another error"; }
sees_cat log.jsonl "$(wc -l <log.jsonl)"
[ "$(wc -l <log.jsonl)" -ge 3 ] || fail "only $(wc -l <log.jsonl) frames before the camera was unplugged"
refuses 'Failed to allocate required memory' launch MNET_V4L2_BUFFERS=0 -1 "$yuyv"
succeeds launch MNET_V4L2_BUFFERS=2 8 "$yuyv"
sees_cat log.jsonl 8

# Half a picture is decoded as far as it goes; the next ones are whole.
succeeds launch MNET_V4L2_TRUNCATE=3 9 image/jpeg,width=640 ! jpegdec
[ "$(wc -l <log.jsonl)" -ge 6 ] || fail "$(wc -l <log.jsonl) of 9 frames after truncated ones"
[ "$(grep -c 'cat"' log.jsonl)" -ge 6 ] || { cat log.jsonl; fail "whole pictures after truncated ones aren't seen"; }

# Rows with padding: the same result to the byte. Time stamps are the clock's, and left out.
for stride in 0 64 192; do
  succeeds launch MNET_V4L2_STRIDE=$stride 8 "$yuyv"
  sed 's/"pts":[0-9]*,//' log.jsonl >stride-$stride.jsonl
done
sees_cat stride-0.jsonl 8
cmp stride-0.jsonl stride-64.jsonl && cmp stride-0.jsonl stride-192.jsonl || fail "padded rows give other results"

# Rows that are said to be longer than they are: a skewed picture. Shorter than their pixels: v4l2src ends.
succeeds launch MNET_V4L2_STRIDE=lie:64 8 "$yuyv"
[ "$(wc -l <log.jsonl)" = 8 ] || fail "$(wc -l <log.jsonl) of 8 frames with a wrong stride"
refuses 'Internal data stream error' launch MNET_V4L2_STRIDE=lie:-64 8 "$yuyv"
