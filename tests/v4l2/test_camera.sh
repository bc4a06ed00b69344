#!/bin/bash
# mobilenet-camera on the user-space camera: what it lists, picks, prints and says, and how it ends.
. "$(dirname "$0")/../pipelines/check.sh"
. "$(dirname "$0")/camera.sh"
unset DISPLAY WAYLAND_DISPLAY

# says TEXT...: the last command's output does.
says() {
  local text
  for text in "$@"; do
    grep -qF -- "$text" output || { cat output; fail "doesn't say '$text'"; }
  done
}
shim() { shimmed "$camera" "$@"; }

succeeds shim --list
says '/dev/video90  Test camera (shim)' 'YUYV    640x480             30/s 15/s' 'YU12   1280x720  emulated   15/s'
succeeds shim --list --json
python3 - output <<'END'
import json, sys
camera, = json.load(open(sys.argv[1]))
assert (camera["device"], camera["name"], camera["element"]) == ("/dev/video90", "Test camera", "v4l2src"), camera
modes = [tuple(m[k] for k in ("format", "width", "height", "rate", "emulated", "usable")) for m in camera["modes"]]
assert ("YUYV", 1280, 720, 10, False, True) in modes, modes
assert ("MJPG", 1920, 1080, 30, False, True) in modes, modes
assert ("RGB3", 320, 240, 15, True, True) in modes, modes
END

# The cheapest that covers the model's input at the rate.
succeeds shim --print
says 'v4l2src name=camera device=/dev/video90 ! video/x-raw,format=YUY2,width=320,height=240,framerate=30/1 !' 'the cheapest of'
succeeds shim --print --rate 15
says width=320,height=240,framerate=15/1
succeeds shim --print --rate 60
says 'image/jpeg,width=1280,height=720,framerate=60/1 ! jpegdec' 'the only mode'
succeeds shim --print --size 1280x720 --rate 10
says 'format=YUY2,width=1280,height=720,framerate=10/1'
refuses 'no mode of 77x77; there are: 640x480' shim --print --size 77x77
# The printed line runs.
succeeds shim --print --headless --size 640x480 --labels "$MNET_SOURCE/nn/models/imagenet_labels.txt"
line=$(grep ^gst-launch output | sed 's/name=camera/& num-buffers=3/')
succeeds shimmed bash -c "$line"

refuses '/dev/video7: no such camera' shim --device /dev/video7 --headless
refuses '/dev/null: not a camera' shim --device /dev/null --headless
refuses 'there is no camera' "$camera" --headless
refuses 'no such camera' shim --device other --headless
refuses 'try --headless' shim
refuses '--help' shim --headles
refuses '--help' shim headless
refuses 'WIDTHxHEIGHT' shim --size big
refuses 'above 0' shim --rate 0
refuses 'none.tflite' shim --headless --model none.tflite

# live FILE TEXT OPTION...: until FILE (said, told) has TEXT, then Ctrl-C.
live() {
  local file=$1 text=$2 status=0 pid
  shift 2
  "$@" --headless --size 640x480 >said 2>told &
  pid=$!
  for ((i = 0; i < 300; i++)); do
    ! grep -q -- "$text" "$file" || break
    kill -0 $pid 2>/dev/null || break
    sleep 0.1
  done
  kill -INT $pid 2>/dev/null || true
  wait $pid || status=$?
  cat said told >output
  [ $status = 0 ] || { cat output; fail "$*: status $status"; }
  says "$text"
  grep -qE '^[1-9][0-9]* frames in .* classified$' told || { cat output; fail "$*: no statistics"; }
}
preloaded=(env LD_PRELOAD="$MNET_BUILD/tests/v4l2/libv4l2shim.so")
live said 'Egyptian cat' "${preloaded[@]}" "$camera"
live said '"label":"Egyptian cat"' "${preloaded[@]}" "$camera" --json --device /dev/video90
python3 -c 'import json, sys; [json.loads(line)["previous"] for line in open("said")]' || { cat said; fail "JSON lines"; }

refuses '/dev/video90 (Test camera) has vanished. Plug it in' shimmed MNET_V4L2_UNPLUG=10 "$camera" --headless
live told 'is back' "${preloaded[@]}" MNET_V4L2_UNPLUG=10,800 "$camera" --reconnect
says 'has vanished. Waiting'
[ "$(grep -c vanished told)" = 1 ] || { cat told; fail "said more than once that the camera has vanished"; }
[ "$(sed -n 's/ frames in.*//p' told)" -gt 10 ] || { cat told; fail "no frames after the camera was back"; }
refuses 'Failed to allocate required memory' shimmed MNET_V4L2_BUFFERS=0 "$camera" --headless

# The examples.
succeeds shimmed "$MNET_BUILD/pipelines/app" 'v4l2src device=/dev/video90 num-buffers=90 ! image/jpeg,width=640 ! jpegdec'
grep -qE '^0:00:0.* Egyptian cat, [0-9]+ % \(before: ' output || { cat output; fail "app"; }
refuses 'no-such-element' "$MNET_BUILD/pipelines/app" no-such-element
cp "$MNET_V4L2_PICTURES/YUYV-640x480-000" frame.yuyv
succeeds "$MNET_BUILD/pipelines/app-engine" frame.yuyv YUY2 640 480
says 'Egyptian cat'
gst-launch-1.0 -q filesrc location=frame.yuyv blocksize=614400 ! rawvideoparse format=yuy2 width=640 height=480 ! \
  videoconvert ! video/x-raw,format=RGB ! filesink location=frame.rgb
{ printf 'P6\n640 480\n255\n'; cat frame.rgb; } >frame.ppm
succeeds "$MNET_BUILD/pipelines/app-engine" frame.ppm builtin
says 'Egyptian cat'
refuses 'too short' "$MNET_BUILD/pipelines/app-engine" frame.yuyv RGB 640 480
refuses 'not a binary PPM' "$MNET_BUILD/pipelines/app-engine" frame.yuyv
refuses 'none.ppm' "$MNET_BUILD/pipelines/app-engine" none.ppm
