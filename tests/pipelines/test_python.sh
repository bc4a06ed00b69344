#!/bin/bash
# A Python program reads results through GObject Introspection: pipelines/read-results.py, and what it doesn't use.
. "$(dirname "$0")/check.sh"
python=
for candidate in /usr/bin/python3 python3; do
  ! "$candidate" -c 'import gi; gi.require_version("Gst", "1.0"); from gi.repository import Gst' 2>/dev/null || python=$candidate
done
[ -n "$python" ] || skip "no Python with GStreamer's bindings (python3-gi, gir1.2-gstreamer-1.0)"
[ -e "$MNET_BUILD/plugin/meta/GstMobilenet-1.0.typelib" ] || skip "built without GObject Introspection"
export GI_TYPELIB_PATH=$MNET_BUILD/plugin/meta LD_LIBRARY_PATH=$MNET_BUILD/plugin/meta

# The labels and times are those of the log.
succeeds "$python" "$scripts/read-results.py" "$scripts/media/clip.webm"
. "$scripts/setup.sh"
gst-launch-1.0 -q filesrc location="$scripts/media/clip.webm" ! decodebin ! videoconvert ! mobilenet ! mobilenetlog ! fakesink |
  show_labels >logged
[ "$(wc -l <logged)" -ge 3 ] || fail "the log has fewer than three labels"
without_percent() { sed -E 's/ +[0-9]+ ?%$//' "$1"; }
diff <(without_percent output) <(without_percent logged) || fail "read-results.py and mobilenetlog differ"
refuses "error: " "$python" "$scripts/read-results.py" nowhere.webm
refuses "FILE" "$python" "$scripts/read-results.py"

cat >read.py <<'END'
import gc
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstMobilenet", "1.0")
gi.require_version("GstVideo", "1.0")
from gi.repository import Gst, GstMobilenet, GstVideo
Gst.init(None)
pipeline = Gst.parse_launch("videotestsrc num-buffers=4 ! mobilenet threshold=0 top-k=3 interval=2 mode=sync ! appsink name=sink sync=false")
sink = pipeline.get_by_name("sink")
pipeline.set_state(Gst.State.PLAYING)
kept = []
for n in range(4):
    buffer = sink.emit("pull-sample").get_buffer()
    meta = GstMobilenet.buffer_get_nth_mobilenet_meta(buffer, 0)
    assert GstMobilenet.buffer_get_nth_mobilenet_meta(buffer, 1) is None
    assert meta.age == n % 2 and meta.region.w == 0, (n, meta.age, meta.region.w)
    kept.append(meta.get_result())
del buffer, meta, sink
pipeline.set_state(Gst.State.NULL)
del pipeline
gc.collect()

# results outlive their buffers
for n, result in enumerate(kept):
    assert result.n_classes == 3 and result.model == "builtin" and result.inference_time > 0
    assert result.pts == kept[n // 2 * 2].pts
    classes = [result.get_class(i) for i in range(4)]
    assert [found for found, *_ in classes] == [True, True, True, False]
    best = [probability for _, _, _, probability in classes[:3]]
    assert best == sorted(best, reverse=True) and 0 < best[0] <= 1, best
    assert all(label and 0 <= index < 1000 for _, index, label, _ in classes[:3]), classes
empty = Gst.Buffer.new()
assert GstMobilenet.buffer_get_mobilenet_meta(empty) is None

# and a program may attach them itself
region = GstVideo.VideoRectangle()
region.x, region.y, region.w, region.h = 1, 2, 3, 4
GstMobilenet.buffer_add_mobilenet_meta(empty, kept[0], None, 0)
GstMobilenet.buffer_add_mobilenet_meta(empty, kept[1], region, 7)
meta = GstMobilenet.buffer_get_nth_mobilenet_meta(empty, 1)
assert (meta.region.x, meta.region.h, meta.age) == (1, 4, 7)
END
succeeds "$python" read.py
