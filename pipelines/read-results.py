#!/usr/bin/python3
"""Prints the best label of a video whenever it changes: read-results.py FILE

It shows how a Python program reads what `mobilenet` attaches to frames. README.md says how Python finds the elements and
the library of the meta, "GstMobilenet".
"""
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstMobilenet", "1.0")
from gi.repository import Gst, GstMobilenet  # noqa: E402 (the versions come first)

last = None


def read_result(pad, info):
    """Called in the streaming thread for each frame that reaches the sink."""
    global last
    buffer = info.get_buffer()
    meta = GstMobilenet.buffer_get_mobilenet_meta(buffer)
    if meta:
        found, index, label, probability = meta.get_result().get_class(0)
        if found and index != last:
            print(f"{buffer.pts / Gst.SECOND:8.2f} s  {label:<30} {probability:4.0%}", flush=True)
            last = index
    return Gst.PadProbeReturn.OK


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    Gst.init(None)
    pipeline = Gst.parse_launch(
        "filesrc name=source ! decodebin ! videoconvert ! mobilenet ! fakesink name=sink")
    pipeline.get_by_name("source").set_property("location", sys.argv[1])
    pad = pipeline.get_by_name("sink").get_static_pad("sink")
    pad.add_probe(Gst.PadProbeType.BUFFER, read_result)
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(
        Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    if message.type == Gst.MessageType.ERROR:
        sys.exit(f"error: {message.parse_error().gerror.message}")


if __name__ == "__main__":
    main()
