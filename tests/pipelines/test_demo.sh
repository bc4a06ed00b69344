#!/bin/bash
# The demo on the bundled clip: what it says, the log, and the labels on the picture.
. "$(dirname "$0")/check.sh"
has_elements vp8enc videoflip matroskamux
clip=$scripts/media/clip.webm demo=$MNET_BUILD/demo

"$scripts/demo.sh" >said || { cat said; fail demo.sh; }
cat said
for label in 'cat' 'espresso' 'projectile'; do
  grep -qE "^ +[0-9.]+ s .*$label.* [0-9]+ %$" said || fail "no line about $label"
done

frames=$(gst-launch-1.0 -q filesrc location="$clip" ! decodebin ! mobilenetlog ! fakesink | wc -l)
[ "$(wc -l <"$demo/labels.jsonl")" = "$frames" ] || fail "the log doesn't have $frames lines"

# One luma byte a pixel of each file's frame 50.
for name in clip annotated; do
  file=$clip
  [ $name = clip ] || file=$demo/annotated.mkv
  gst-launch-1.0 -q filesrc location="$file" ! decodebin ! videoconvert ! video/x-raw,format=GRAY8 ! \
    multifilesink location=$name.%03d
done
[ "$(ls annotated.* | wc -l)" = "$frames" ] || fail "the annotated video doesn't have $frames frames"
python3 - clip.050 annotated.050 <<'END' || fail "no label on the picture"
import sys
width = 640
before, after = (open(name, "rb").read() for name in sys.argv[1:])
assert len(before) == len(after)
changed = [abs(a - b) > 50 for a, b in zip(before, after)]
rows = [any(changed[i:i + width]) for i in range(0, len(changed), width)]
print(sum(changed), "pixels changed much, in", sum(rows), "rows")
# A panel with text, and not a picture that went wrong as a whole.
sys.exit(not (len(changed) // 1000 < sum(changed) < len(changed) // 3))
END
refuses 'no such file' "$scripts/demo.sh" nothing.mp4
refuses 'one video' "$scripts/demo.sh" "$clip" "$clip"
