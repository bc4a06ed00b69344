#!/bin/bash
# The camera scripts without a camera: what they answer, and their help.
. "$(dirname "$0")/check.sh"
for script in demo annotate webcam rpi-camera get-model; do
  succeeds "$scripts/$script.sh" --help
  grep -q "pipelines/$script.sh" output || fail "$script.sh --help"
done
refuses 'no such camera' "$scripts/webcam.sh" /dev/video99 --headless
refuses 'not a camera' "$scripts/webcam.sh" /dev/shm --headless
refuses 'no display' env -u DISPLAY -u WAYLAND_DISPLAY "$scripts/webcam.sh" /dev/null
refuses '--help' "$scripts/webcam.sh" --headles
refuses 'WIDTHxHEIGHT' "$scripts/rpi-camera.sh" --size big
refuses 'no display' env -u DISPLAY -u WAYLAND_DISPLAY "$scripts/rpi-camera.sh"
# A character device that is no camera: GStreamer's own error.
refuses '/dev/null' "$scripts/webcam.sh" /dev/null --headless
