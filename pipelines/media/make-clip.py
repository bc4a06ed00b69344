#!/usr/bin/env python3
"""Makes clip.webm, the video that demo.sh shows: four pictures, panned and zoomed, three seconds each.

  python3 -m venv V && V/bin/pip install scikit-image==0.26.0 pillow && V/bin/python pipelines/media/make-clip.py

Needs ffmpeg with libvpx. LICENSES, beside it, says whose the pictures are.
"""
import os
import subprocess

import numpy as np
from PIL import Image
from skimage import data

WIDTH, HEIGHT, RATE, SECONDS = 640, 360, 25, 3
# picture, and the box's centre (x, y) and height at the start and the end, as fractions of the picture
SHOTS = [(data.chelsea, (.45, .50, .75), (.52, .42, .55)),
         (data.coffee, (.40, .60, .80), (.50, .48, .70)),
         (data.rocket, (.45, .60, .85), (.50, .45, .60)),
         (data.camera, (.45, .40, .40), (.50, .35, .56))]


def frames():
    for picture, start, end in SHOTS:
        image = Image.fromarray(picture()).convert("RGB")
        count = RATE * SECONDS
        for i in range(count):
            t = (1 - np.cos(np.pi * i / (count - 1))) / 2  # eases in and out
            x, y, h = [a + (b - a) * t for a, b in zip(start, end)]
            h = min(h * image.height, image.width * HEIGHT / WIDTH)
            w = h * WIDTH / HEIGHT
            left = min(max(x * image.width - w / 2, 0), image.width - w)
            top = min(max(y * image.height - h / 2, 0), image.height - h)
            yield image.resize((WIDTH, HEIGHT), Image.BICUBIC, box=(left, top, left + w, top + h))


def main():
    out = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clip.webm")
    encoder = subprocess.Popen(
        ["ffmpeg", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}",
         "-r", str(RATE), "-i", "-", "-c:v", "libvpx", "-b:v", "450k", "-deadline", "best", "-pix_fmt", "yuv420p",
         "-g", "75", "-fflags", "+bitexact", "-flags:v", "+bitexact", out], stdin=subprocess.PIPE)
    for frame in frames():
        encoder.stdin.write(frame.tobytes())
    encoder.stdin.close()
    if encoder.wait():
        raise SystemExit("ffmpeg failed")
    print(out, os.path.getsize(out), "bytes")


main()
