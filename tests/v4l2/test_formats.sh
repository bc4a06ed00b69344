#!/bin/bash
# Stock v4l2src streams each format of the user-space camera, with its own calls and through libv4l2.
. "$(dirname "$0")/../pipelines/check.sh"
. "$(dirname "$0")/camera.sh"

# stream NAME COUNT [VARIABLE=VALUE...] -- ELEMENT...
stream() {
  local name=$1 count=$2 variables=()
  shift 2
  while [ "$1" != -- ]; do variables+=("$1"); shift; done
  shift
  succeeds shimmed "${variables[@]}" gst-launch-1.0 -q v4l2src device=/dev/video90 num-buffers="$count" ! "$@" ! \
    mobilenet mode=sync ! mobilenetlog timing=false location="$name.jsonl" ! fakesink
}
for library in '' GST_V4L2_USE_LIBV4L2=1; do
  for format in YUY2 NV12; do
    stream $format 6 $library -- video/x-raw,format=$format,width=640,height=480,framerate=30/1
    sees_cat $format.jsonl 6
  done
  for size in 640 1280; do
    stream MJPG 6 $library -- image/jpeg,width=$size ! jpegdec
    sees_cat MJPG.jsonl 6
  done
done
# What the camera doesn't have, libv4l2 makes of what it has.
stream I420 6 GST_V4L2_USE_LIBV4L2=1 -- video/x-raw,format=I420,width=640,height=480
sees_cat I420.jsonl 6

# Frames come at the camera's pace: 20 of 15 a second take 1.3 s, or more on a busy machine, and 8 times the speed less.
paced() {
  local from=$EPOCHREALTIME
  stream paced 20 "$@" -- video/x-raw,format=YUY2,width=320,height=240,framerate=15/1
  echo $((${EPOCHREALTIME/[.,]/} - ${from/[.,]/}))
}
time=$(paced MNET_V4L2_SPEED=1)
[ "$time" -ge 1250000 ] || fail "20 frames in $time us"
# Without pictures there is a test picture.
stream generated 3 MNET_V4L2_PICTURES=/nowhere MNET_V4L2_SPEED=8 -- video/x-raw,format=NV12,width=1280
[ "$(wc -l <generated.jsonl)" = 3 ] || fail "no generated picture"
