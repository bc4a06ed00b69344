# Sourced by the tests after check.sh: a camera in user space (see device.h) that shows the cat of the bundled clip.
has_elements v4l2src jpegdec jpegenc videorate
export MNET_V4L2_PICTURES=$folder/pictures
camera=$MNET_BUILD/pipelines/mobilenet-camera
mkdir "$MNET_V4L2_PICTURES"

# pictures CODE SIZE CAPS ELEMENT...: four frames of the clip, half a second apart. identity lets more through at times.
pictures() {
  local code=$1 size=$2 caps=$3
  shift 3
  gst-launch-1.0 -q filesrc location="$scripts/media/clip.webm" ! decodebin ! videorate drop-only=true max-rate=2 ! \
    videoconvert ! videoscale ! "$caps,width=${size%x*},height=${size#*x}" ! "$@" ! identity eos-after=6 ! \
    multifilesink location="$MNET_V4L2_PICTURES/$code-$size-%03d"
  [ -e "$MNET_V4L2_PICTURES/$code-$size-003" ] || fail "fewer than four pictures of $code $size"
  rm -f "$MNET_V4L2_PICTURES/$code-$size"-00[4-9]
}
pictures YUYV 640x480 video/x-raw,format=YUY2 identity
pictures NV12 640x480 video/x-raw,format=NV12 identity
pictures MJPG 640x480 video/x-raw,format=I420 jpegenc
pictures MJPG 1280x720 video/x-raw,format=I420 jpegenc

# shimmed [VARIABLE=VALUE...] COMMAND...: with the camera, and no longer than a minute.
shimmed() { timeout --preserve-status -s KILL 60 env LD_PRELOAD="$MNET_BUILD/tests/v4l2/libv4l2shim.so" "$@"; }

# sees_cat FILE COUNT: of so many lines of a log.
sees_cat() {
  [ "$(wc -l <"$1")" = "$2" ] || fail "$1 has $(wc -l <"$1") lines, not $2"
  [ "$(grep -c 'cat"' "$1")" = "$2" ] || { cat "$1"; fail "$1 misses the cat"; }
}
