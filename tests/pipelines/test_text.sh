#!/bin/bash
# mobilenettext end to end: subtitle tracks beside the untouched video, subtitle files, and text on the picture.
. "$(dirname "$0")/check.sh"
has_elements x264enc h264parse matroskamux mp4mux textoverlay subparse

# launch ARGUMENT...: fails where a pipeline stalls.
launch() { succeeds timeout 120 gst-launch-1.0 -q "$@"; }
# listen ARGUMENT...: PTS, duration and size of each buffer with text that comes out of this; gaps are empty ones in 1.26.
listen() {
  timeout 60 gst-launch-1.0 -v "$@" ! identity name=here silent=false ! fakesink sync=false |
    sed -nE 's/.*last-message = chain.*\(([0-9]+) bytes.* pts: ([^,]+), duration: ([^,]+),.*/\2 \3 \1/p' | { grep -v ' 0$' || :; }
}
# video FILE DEMUXER: the compressed frames, without their container.
video() { launch filesrc location="$1" ! "$2" name=d d.video_0 ! identity ! filesink location="$1.frames"; }
# beside MUXER FILE PROPERTY...: video.mkv, or video.mp4, with a subtitle track.
beside() {
  local source=(filesrc location=video.mkv ! matroskademux) muxer=$1 file=$2
  [ "$muxer" = matroskamux ] || source=(filesrc location=video.mp4 ! qtdemux ! h264parse)
  shift 2
  launch "${source[@]}" ! tee name=t t. ! queue ! "$muxer" name=mux ! filesink location="$file" \
    t. ! queue ! decodebin ! mobilenet ! mobilenettext "$@" ! mux.subtitle_0
}

# Three seconds of a cat and one of espresso, 100 frames.
launch filesrc location="$scripts/media/clip.webm" ! matroskademux ! identity eos-after=101 ! matroskamux ! \
  filesink location=video.mkv
launch filesrc location=video.mkv ! decodebin ! x264enc speed-preset=ultrafast ! mp4mux ! filesink location=video.mp4
video video.mkv matroskademux
video video.mp4 qtdemux

# A piece each half second.
pieces() {
  [ "$(wc -l <"$1")" = 8 ] || { cat "$1"; fail "$1: not a text each half second"; }
  awk '{ split($1, t, ":"); if (t[3] != (NR - 1) / 2 || $2 != "0:00:00.500000000" || $3 != (NR <= 6 ? 16 : 12)) exit 1 }' "$1" ||
    { cat "$1"; fail "$1: wrong times"; }
}
beside matroskamux text.mkv
video text.mkv matroskademux
cmp text.mkv.frames video.mkv.frames || fail "the video in text.mkv isn't the original's"
listen filesrc location=text.mkv ! matroskademux name=d d.subtitle_0 >mkv.times
pieces mkv.times
beside mp4mux text.mp4
video text.mp4 qtdemux
cmp text.mp4.frames video.mp4.frames || fail "the video in text.mp4 isn't the original's"
listen filesrc location=text.mp4 ! qtdemux name=d d.subtitle_0 >mp4.times
pieces mp4.times

# Whole spans; the muxer goes on while one is open.
beside matroskamux spans.mkv emit=end min-probability=0.45
listen filesrc location=spans.mkv ! matroskademux name=d d.subtitle_0 >spans.times
grep -q '^0:00:00.000000000 0:00:03.000000000 ' spans.times || { cat spans.times; fail "no span of the cat in spans.mkv"; }
# Mostly nothing to say: no muxer waits for text that doesn't come.
beside mp4mux rare.mp4 min-probability=0.8
beside matroskamux rare.mkv min-probability=0.8

# Files, read back by GStreamer.
for format in webvtt srt json; do
  launch filesrc location=video.mkv ! decodebin ! mobilenet ! mobilenettext format=$format ! filesink location=labels.$format
done
head -4 labels.webvtt | tr '\n' '|' | grep -qE '^WEBVTT\|\|00:00:00.000 --> 00:00:03.000\|Egyptian cat [0-9]+%\|$' || fail "labels.webvtt"
head -3 labels.srt | tr '\n' '|' | grep -qE '^1\|00:00:00,000 --> 00:00:03,000\|Egyptian cat [0-9]+%\|$' || fail "labels.srt"
for format in webvtt srt; do
  listen filesrc location=labels.$format ! subparse >$format.times
  [ "$(wc -l <$format.times)" = "$(grep -c -- ' --> ' labels.$format)" ] || fail "not every cue of labels.$format is read"
  head -1 $format.times | grep -q '^0:00:00.000000000 0:00:03.000000000 ' || fail "$format: wrong times"
done
python3 - labels.json "$(grep -c -- ' --> ' labels.srt)" <<'END' || fail "labels.json"
import json, sys
spans = [json.loads(line) for line in open(sys.argv[1])]
assert len(spans) == int(sys.argv[2])
assert spans[0]["pts"] == 0 and spans[0]["duration"] == 3000000000
assert spans[0]["labels"][0]["label"] == "Egyptian cat" and spans[0]["model"]
assert all(a["pts"] + a["duration"] <= b["pts"] for a, b in zip(spans, spans[1:]))
END

# On the picture: all frames arrive, those with a label drawn on. With min-probability=0.6 some have none.
drawn() {
  launch filesrc location=video.mkv ! decodebin ! tee name=t t. ! queue ! textoverlay name=o ! videoconvert ! \
    video/x-raw,format=GRAY8 ! filesink location=drawn t. ! queue ! mobilenet ! mobilenettext "$@" ! o.text_sink
}
launch filesrc location=video.mkv ! decodebin ! videoconvert ! video/x-raw,format=GRAY8 ! filesink location=plain
drawn min-probability=0.6
python3 - <<'END' || fail "textoverlay"
size = 640 * 360
plain, drawn = open("plain", "rb").read(), open("drawn", "rb").read()
assert len(plain) == len(drawn) == 100 * size, len(drawn)
differs = [plain[i:i + size] != drawn[i:i + size] for i in range(0, len(plain), size)]
assert all(differs[5:55]) and not all(differs), differs
END

# Live: no frame waits for text.
live() {
  launch videotestsrc is-live=true num-buffers=60 pattern=ball ! video/x-raw,width=320,height=240,framerate=30/1 ! \
    tee name=t t. ! queue ! "$@" t. ! queue ! mobilenet threshold=0 ! mobilenettext min-probability=0 ! out.
}
live textoverlay name=out ! x264enc tune=zerolatency ! matroskamux ! filesink location=drawn.mkv
[ "$(listen filesrc location=drawn.mkv ! matroskademux | wc -l)" = 60 ] || fail "live textoverlay lost frames"
live x264enc tune=zerolatency ! matroskamux name=out ! filesink location=live.mkv
listen filesrc location=live.mkv ! matroskademux name=d d.subtitle_0 >live.times
[ "$(wc -l <live.times)" -ge 3 ] || { cat live.times; fail "no texts in live.mkv"; }
