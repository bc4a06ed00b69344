#!/bin/bash
# test_readme.sh PARSE: the gst-launch-1.0 lines of README.md and pipelines/README.md are right. Those that need a camera, a
# window or an earlier run's file are only parsed; the others run on the first second of the bundled clip.
parse=$(realpath "$1")
. "$(dirname "$0")/check.sh"
has_elements vp8enc x264enc videoflip matroskamux progressreport
succeeds gst-launch-1.0 -q filesrc location="$scripts/media/clip.webm" ! matroskademux ! video/x-vp8 ! \
  identity eos-after=26 ! matroskamux ! filesink location=video.mp4
if [ -e "$MNET_SHARED/models/mobilenet_v2_1.0_224_quant.tflite" ]; then
  cp "$MNET_SHARED/models/mobilenet_v2_1.0_224_quant.tflite" model.tflite
  cp "$MNET_SHARED/models/imagenet_labels.txt" labels.txt
fi

# Lines that end in a backslash are joined; only fenced blocks count.
cat "$MNET_SOURCE/README.md" "$MNET_SOURCE/pipelines/README.md" | awk '/^```/ { inside = !inside; next }
  inside { line = line $0; if (sub(/\\$/, "", line)) next; if (line ~ /^gst-launch-1.0/) print line; line = "" }' >lines
[ "$(wc -l <lines)" -ge 3 ] || fail "fewer than three lines found"
while IFS= read -r line; do
  arguments=${line#gst-launch-1.0}
  arguments=${arguments%%|*}
  status=0
  eval "\"\$parse\" $arguments" || status=$?
  case $status in
    0) ;;
    77) echo "not parsed, elements are missing here: $line"; continue ;;
    *) fail "$line" ;;
  esac
  if [[ $line =~ v4l2src|libcamerasrc|autovideosink|location=build/ || $line == *model.tflite* && ! -e model.tflite ]]; then
    echo "parsed: $line"
  else
    eval "gst-launch-1.0 $arguments" </dev/null >output 2>&1 || { cat output; fail "$line"; }
    echo "run: $line"
  fi
done <lines
