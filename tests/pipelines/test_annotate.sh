#!/bin/bash
# annotate.sh on small videos of its own making: containers, sound, orientation, odd sizes, and what it refuses.
. "$(dirname "$0")/check.sh"
has_elements x264enc avenc_aac aacparse opusenc vp8enc mp4mux videoflip progressreport
command -v gst-discoverer-1.0 >/dev/null || skip "no gst-discoverer-1.0"

# video FILE MUXER ENCODER WIDTH HEIGHT [AUDIO ENCODER]: 40 frames
video() {
  local sound=()
  [ -z "${6:-}" ] || sound=(audiotestsrc num-buffers=72 ! "$6" ! out.)
  succeeds gst-launch-1.0 -q videotestsrc num-buffers=40 ! "video/x-raw,format=I420,width=$4,height=$5,framerate=25/1" ! \
    "$3" ! "$2" name=out ! filesink location="$1" "${sound[@]}"
}
# annotated IN OUT CODECS
annotated() {
  succeeds "$scripts/annotate.sh" "$1" "$2" interval=10
  [ "$(streams "$2" | tr '\n' ' ')" = "$3" ] || fail "$2 has $(streams "$2")"
  [ "$(wc -l <"$2.jsonl")" = 40 ] || fail "$2.jsonl: not 40 lines"
}
video sound.mp4 mp4mux x264enc 160 240 avenc_aac
annotated sound.mp4 1.mp4 'video H.264 (High Profile) audio MPEG-4 AAC '
grep -q 'annotate .*(100.0 %)' output || fail "no progress line"
annotated sound.mp4 1.mkv 'video H.264 (High Profile) audio MPEG-4 AAC '
annotated sound.mp4 1.webm 'video VP8 audio Opus '
video 'odd size.webm' webmmux vp8enc 161 121
annotated 'odd size.webm' 2.mp4 'video H.264 (High Profile) '
annotated 'odd size.webm' 2.webm 'video VP8 '

# A telephone held upright: turned by 90 degrees in the header only.
python3 - <<'END'
import struct
data = bytearray(open("sound.mp4", "rb").read())
matrix = data.index(b"tkhd") + 44
data[matrix:matrix + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 160 << 16, 0, 1 << 30)
open("turned.mp4", "wb").write(data)
END
annotated turned.mp4 3.mp4 'video H.264 (High Profile) audio MPEG-4 AAC '
gst-discoverer-1.0 3.mp4 | tr '\n' ' ' | grep -qE 'Width: 240 +Height: 160' || fail "not turned"

echo 'Not a video, only text.' >text.mp4
video_only=$scripts/media/clip.webm
succeeds gst-launch-1.0 -q audiotestsrc num-buffers=5 ! opusenc ! oggmux ! filesink location=sound.ogg
refuses 'no such file' "$scripts/annotate.sh" nothing.mp4 4.mkv
refuses 'not a video' "$scripts/annotate.sh" text.mp4 4.mkv
refuses 'no video stream' "$scripts/annotate.sh" sound.ogg 4.mkv
refuses 'not a readable file' "$scripts/annotate.sh" . 4.mkv
refuses '.mkv, .mp4 or .webm' "$scripts/annotate.sh" "$video_only" 4.avi
refuses 'no such folder' "$scripts/annotate.sh" "$video_only" nowhere/4.mkv
refuses 'the same file' "$scripts/annotate.sh" sound.mp4 ./sound.mp4
refuses 'two file names' "$scripts/annotate.sh" sound.mp4
refuses 'nothing.tflite' "$scripts/annotate.sh" sound.mp4 4.mkv model=nothing.tflite
[ ! -e 4.mkv ] || fail "a broken file stays behind"
refuses 'not a video' "$scripts/demo.sh" text.mp4

# Ctrl-C: the files are finished.
python3 - "$scripts/annotate.sh" "$video_only" 5.mkv <<'END' || fail "Ctrl-C"
import os, signal, subprocess, sys, time
process = subprocess.Popen(sys.argv[1:], start_new_session=True)
while not (os.path.exists(sys.argv[3] + ".jsonl") and os.path.getsize(sys.argv[3] + ".jsonl")):
    time.sleep(0.1)
os.killpg(process.pid, signal.SIGINT)
sys.exit(process.wait())
END
[ "$(streams 5.mkv)" = 'video H.264 (High Profile)' ] || fail "5.mkv isn't whole"
