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
  -h | --help) usage; exit ;;
esac
[ $# -le 1 ] || die "one video or camera at a time; see --help"
[ -e "$input" ] || die "$input: no such file or camera"

if [ -c "$input" ]; then
  ready
  # The queue drops frames that the encoder has no time for.
  source=(v4l2src "device=$input" ! "video/x-raw,framerate=[1/1,30/1]" ! queue leaky=downstream max-size-buffers=1) steady=()
else
  # The bundled clip needs no more than what is always installed.
  if [ $# = 0 ]; then ready; else ready "${file_packages[@]}"; probe "$input"; fi
  source=(filesrc "location=$(realpath "$input")" ! decodebin) steady=(smoothing=300 enter-threshold=0.12 leave-threshold=0.04)
fi
out=${MNET_BUILD:-$root/build}/demo
mkdir -p "$out"
rm -f "$out/annotated.mkv" "$out/labels.jsonl"

say "classifying $input"
trap : INT  # Ctrl-C ends the stream (-e), and the files are finished
gst-launch-1.0 -q -e "${source[@]}" ! videoconvert ! videoflip video-direction=auto ! \
  mobilenet "${steady[@]}" ! mobilenetlog "location=$out/labels.jsonl" ! mobilenetlog ! mobilenetoverlay ! videoconvert ! \
  vp8enc deadline=1 cpu-used=8 target-bitrate=2000000 threads=2 ! matroskamux ! filesink "location=$out/annotated.mkv" |
  show_labels
say "$(wc -l <"$out/labels.jsonl") frames: ${out#"$root/"}/annotated.mkv, ${out#"$root/"}/labels.jsonl"
