#!/bin/bash
# Labels on the picture of a Raspberry Pi's camera module (libcamera), until Ctrl-C.
#   pipelines/rpi-camera.sh [--headless] [--size WIDTHxHEIGHT] [PROPERTY=VALUE...]
# --headless: no window; a line on the terminal whenever the label changes. --size: of the picture, else 640x480.
# Properties are those of the mobilenet element, such as model=FILE labels=FILE interval=5.
set -euo pipefail
. "$(dirname "$0")/setup.sh"

headless= size=640x480 settings=()
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit ;;
    --headless) headless=1 ;;
    --size) size=${2:-}; shift $(($# > 1)) ;;
    *=*) settings+=("$1") ;;
    *) die "$1: not PROPERTY=VALUE; see --help" ;;
  esac
  shift
done
[[ $size =~ ^([0-9]+)x([0-9]+)$ ]] || die "--size: WIDTHxHEIGHT is needed, such as 640x480"
width=${BASH_REMATCH[1]} height=${BASH_REMATCH[2]}
[ -n "$headless" ] || [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || die "there is no display for the window; try --headless"
ready gstreamer1.0-libcamera
# Not by --exists, which asks for a plugin of GStreamer's own version number.
gst-inspect-1.0 libcamerasrc >/dev/null 2>&1 ||
  die "GStreamer has no libcamerasrc; install it: apt-get install gstreamer1.0-libcamera"

source=(libcamerasrc ! "video/x-raw,format=NV12,width=$width,height=$height,framerate=30/1,colorimetry=bt709")
trap : INT
if [ -n "$headless" ]; then
  gst-launch-1.0 -q -e "${source[@]}" ! mobilenet "${settings[@]}" ! mobilenetlog ! fakesink sync=false | show_labels
else
  gst-launch-1.0 -q "${source[@]}" ! mobilenet "${settings[@]}" ! mobilenetoverlay ! videoconvert ! autovideosink
fi
