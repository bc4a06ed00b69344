#!/usr/bin/env python3
"""Writes pillow.bin: small RGB pictures and what Pillow's BILINEAR makes of them.

A case is five little-endian u16 (width, height, target width, target height, 1 for the centred crop of 7/8), the
source's RGB bytes and the result's. The first bytes of the file are the number of cases, u16.
"""
import pathlib
import struct

import numpy
from PIL import Image

CASES = [
    (64, 48, 9, 7, 0), (48, 64, 16, 16, 1), (7, 5, 20, 31, 0), (1, 1, 4, 3, 0), (33, 1, 5, 2, 0),
    (1, 40, 3, 6, 0), (50, 50, 50, 50, 0), (50, 31, 49, 30, 1), (51, 37, 51, 8, 0), (20, 60, 11, 60, 0),
    (90, 20, 1, 1, 0), (30, 30, 12, 12, 1), (31, 45, 10, 20, 1), (16, 16, 32, 32, 1), (57, 41, 19, 41, 0),
]


def picture(random, width, height, smooth):
    if smooth:
        y, x = numpy.mgrid[0:height, 0:width]
        waves = [numpy.sin(x / (3 + c) + c) * 60 + numpy.cos(y / (4 + c)) * 60 + 128 for c in range(3)]
        return numpy.stack(waves, axis=-1).clip(0, 255).astype(numpy.uint8)
    return random.integers(0, 256, (height, width, 3), dtype=numpy.uint8)


def crop_box(width, height, target_width, target_height):
    zoom = min(width / target_width, height / target_height) * 0.875
    w, h = zoom * target_width, zoom * target_height
    return ((width - w) / 2, (height - h) / 2, (width + w) / 2, (height + h) / 2)


def main():
    random = numpy.random.default_rng(1)
    out = [struct.pack("<H", len(CASES))]
    for index, (width, height, target_width, target_height, crop) in enumerate(CASES):
        source = picture(random, width, height, index % 3 == 0)
        box = crop_box(width, height, target_width, target_height) if crop else None
        result = Image.fromarray(source).resize((target_width, target_height), Image.BILINEAR, box=box)
        out.append(struct.pack("<5H", width, height, target_width, target_height, crop))
        out.append(source.tobytes())
        out.append(numpy.asarray(result).tobytes())
    pathlib.Path(__file__).with_name("pillow.bin").write_bytes(b"".join(out))


main()
