#!/bin/bash
# Labels on the picture of a camera, in a window, until Ctrl-C.
#   pipelines/webcam.sh [/dev/videoN] [--headless] [PROPERTY=VALUE...]
# --headless: no window; a line on the terminal whenever the label changes.
# Properties are those of the mobilenet element, such as model=FILE labels=FILE interval=5.
set -euo pipefail
. "$(dirname "$0")/setup.sh"

device=/dev/video0 headless= settings=()
for argument in "$@"; do
  case $argument in
    -h | --help) usage; exit ;;
    --headless) headless=1 ;;
    /dev/*) device=$argument ;;
    *=*) settings+=("$argument") ;;
    *) die "$argument: neither a camera nor PROPERTY=VALUE; see --help" ;;
  esac
done
[ -e "$device" ] || die "$device: no such camera; there are: $(compgen -G '/dev/video*' | tr '\n' ' ' || echo none)"
[ -c "$device" ] || die "$device: not a camera"
[ -n "$headless" ] || [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || die "there is no display for the window; try --headless"
ready

source=(v4l2src "device=$device" ! "video/x-raw,width=[1,1280];image/jpeg,width=[1,1280]" ! decodebin !
  videoconvert)
trap : INT
if [ -n "$headless" ]; then
  gst-launch-1.0 -q -e "${source[@]}" ! mobilenet "${settings[@]}" ! mobilenetlog ! fakesink sync=false | show_labels
else
  gst-launch-1.0 -q "${source[@]}" ! mobilenet "${settings[@]}" ! mobilenetoverlay ! videoconvert ! autovideosink
fi
