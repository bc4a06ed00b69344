#!/bin/bash
# Shows what a video shows: on the picture, on the terminal and in a log.
#   pipelines/demo.sh                  the bundled clip
#   pipelines/demo.sh VIDEO            a video file
#   pipelines/demo.sh /dev/video0      a camera, until Ctrl-C
# Installs what is missing, builds into build/, and leaves build/demo/annotated.mkv and build/demo/labels.jsonl.
set -euo pipefail
. "$(dirname "$0")/setup.sh"

input=${1:-$root/pipelines/media/clip.webm}
case $input in
  -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit ;;
esac
[ $# -le 1 ] || die "one video or camera at a time; see --help"
[ -e "$input" ] || die "$input: no such file or camera"
packages=("${build_packages[@]}" "${run_packages[@]}")
[ $# = 0 ] || packages+=(gstreamer1.0-libav)  # for any other codec than the clip's
need "${packages[@]}"
mkdir -p "$root/build"
build "$root/build"
use_build "$root/build"

out=$root/build/demo
mkdir -p "$out"
rm -f "$out/annotated.mkv" "$out/labels.jsonl"
if [ -c "$input" ]; then
  source=(v4l2src "device=$input" ! "video/x-raw,framerate=[1/1,30/1]" ! queue leaky=downstream max-size-buffers=1)
else
  source=(filesrc "location=$(realpath "$input")" ! decodebin)
fi
say "classifying $input"
# One line an event: the label, whenever it changes.
show='{ if (match($0, /"label":"([^"\\]|\\.)*"/)) { label = substr($0, RSTART + 9, RLENGTH - 10)
        match($0, /"probability":[0-9.e-]+/); p = substr($0, RSTART + 14, RLENGTH - 14)
        match($0, /"pts":[0-9]+/); t = substr($0, RSTART + 6, RLENGTH - 6) / 1e9
        if (label != last) { printf "%8.2f s  %-30s %3.0f %%\n", t, label, p * 100; fflush(); last = label } } }'
gst-launch-1.0 -q -e "${source[@]}" ! mobilenet ! mobilenetlog location=/dev/stdout ! mobilenetoverlay ! videoconvert ! \
  vp8enc deadline=1 cpu-used=8 target-bitrate=2000000 threads=2 ! matroskamux ! filesink "location=$out/annotated.mkv" |
  tee "$out/labels.jsonl" | awk "$show"
say "$(wc -l <"$out/labels.jsonl") frames: build/demo/annotated.mkv, build/demo/labels.jsonl"
