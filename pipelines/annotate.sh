#!/bin/bash
# Burns labels into a video; its sound stays.
#   pipelines/annotate.sh IN OUT [PROPERTY=VALUE...]
# OUT ends in .mkv or .mp4 (H.264) or in .webm (VP8), and is overwritten. The log goes to OUT.jsonl, one line a frame.
# Properties are those of the mobilenet element, such as model=FILE labels=FILE interval=5.
set -euo pipefail
. "$(dirname "$0")/setup.sh"

case ${1:-} in
  -h | --help) usage; exit ;;
esac
[ $# -ge 2 ] || die "two file names are needed, IN and OUT; see --help"
in=$1 out=$2
shift 2
for setting in "$@"; do
  [[ $setting =~ ^[a-z-]+= ]] || die "$setting: not PROPERTY=VALUE; see --help"
done

# `kept` is the sound that goes into this kind of file as it is.
case $out in
  *.mkv) muxer=matroskamux kept='AAC|Layer 3|Opus|Vorbis' ;;
  *.mp4) muxer=mp4mux kept='AAC|Layer 3' ;;
  *.webm) muxer=webmmux kept='Opus|Vorbis' ;;
  *) die "$out: the name must end in .mkv, .mp4 or .webm" ;;
esac
[ -d "$(dirname "$out")" ] || die "$(dirname "$out"): no such folder"
[ ! "$in" -ef "$out" ] || die "IN and OUT are the same file"

ready "${file_packages[@]}" gstreamer1.0-plugins-ugly
probe "$in"
case $out in
  *.webm) video=(vp8enc deadline=1 cpu-used=4 end-usage=cq cq-level=15 target-bitrate=8000000 threads=4) encoder=opusenc ;;
  *) video=(videoscale ! "video/x-raw,format=I420,width=[2,8192,2],height=[2,8192,2]" ! x264enc speed-preset=veryfast pass=qual quantizer=21) encoder=avenc_aac ;;
esac
if [ -z "$sound" ]; then
  audio=()
elif [[ $sound =~ $kept ]]; then
  case $sound in
    *AAC*) parser=aacparse ;;
    *'Layer 3'*) parser=mpegaudioparse ;;
    *Opus*) parser=opusparse ;;
    *Vorbis*) parser=vorbisparse ;;
  esac
  audio=(in. ! "$parser" ! queue ! out.)
else
  audio=(in. ! audioconvert ! audioresample ! "$encoder" ! queue ! out.)
fi
# Here decodebin stops: at raw video, and at sound that is kept as it is.
caps="video/x-raw(ANY);audio/x-raw(ANY)"
[ -z "${parser:-}" ] || caps+=";audio/mpeg;audio/x-opus;audio/x-vorbis"

# One line that is written again, where there is a terminal.
show_progress() {
  local line
  trap '' INT
  while IFS= read -r line; do
    if [ -t 1 ]; then printf '\r\033[K%s' "$line"; else printf '%s\n' "$line"; fi
  done
  [ ! -t 1 ] || echo
}

say "annotating $in (sound: ${sound:-none}${parser:+, as it is})"
trap : INT  # Ctrl-C ends the stream (-e), and the files are finished
gst-launch-1.0 -q -e filesrc "location=$(realpath "$in")" ! decodebin name=in "caps=$caps" \
  in. ! videoconvert ! videoflip video-direction=auto ! queue ! mobilenet "$@" ! mobilenetlog "location=$out.jsonl" ! \
  progressreport name=annotate update-freq=1 ! mobilenetoverlay ! videoconvert ! queue ! "${video[@]}" ! queue ! out. \
  "${audio[@]}" "$muxer" name=out ! filesink "location=$out" | show_progress ||
  { rm -f "$out" "$out.jsonl"; die "$in could not be annotated"; }
say "$(wc -l <"$out.jsonl") frames: $out, $out.jsonl"
