#!/usr/bin/env python3
"""Makes the golden outputs of whole models, for test_models.c.

  make_models.py --models FOLDER [--images FOLDER]

needs numpy, pillow, onnxruntime and ai-edge-litert. FOLDER of --models holds .tflite and .onnx files; the built-in model
is always done. With --images, pictures.rgb is made anew from that folder's pictures, in the order of their names.

The reference is LiteRT's reference kernels for .tflite, and ONNX Runtime with all optimisations off for .onnx. Two
tolerances are kept with the outputs: the largest difference, and the root mean square of all differences. Each is that
of the same runtime's fast path (XNNPACK; all optimisations on) from the reference, times 1.5. The largest difference
may always be 2 steps for a quantised output, 1e-4 of the largest output for a float one, 0.03 of it for the float
output of an integer graph; the root mean square, a quarter of that. An integer graph's float output may never be more
than 0.1 of the largest output away, however far the fast path is, unless its weights are random.

pictures.rgb    pictures of SIDE x SIDE, R, G, B, one after the other: see LICENSES
NAME.golden     all little-endian: "MNGM"; u32 number of pictures, outputs of each, form (0 uint8, 1 int8, 2 float as
                int16), whether the best class must be the reference's; f32 largest difference and root mean square,
                in steps or relative to the largest output; then for each picture its outputs, in form 2 a f32 scale
                and an int16 for each, which is 1.5e-5 of the largest output from the truth at most

The raw input, made alike here and in test_models.c: the picture is enlarged to the model's width, then to its height,
between two neighbours each, in integers: see enlarge(). real = (value - 127.5) / 127.5; q = real / scale + zero point,
in f32 and rounded to even.
"""
import argparse
import glob
import os

import numpy as np

SIDE = 80
HERE = os.path.dirname(os.path.abspath(__file__))
BUILTIN = os.path.join(HERE, "../../nn/models/efficientnet_lite0_int8.onnx")


class Tflite:
    def __init__(self, path):
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        kinds = (OpResolverType.BUILTIN_REF, OpResolverType.AUTO)
        self.paths = [Interpreter(path, experimental_op_resolver_type=kind) for kind in kinds]
        for interpreter in self.paths:
            interpreter.allocate_tensors()
        self.input = self.paths[0].get_input_details()[0]
        self.output = self.paths[0].get_output_details()[0]
        self.shape, self.dtype = list(self.input["shape"]), self.input["dtype"]
        self.quantization = self.input["quantization"]
        self.floor = 1e-4 if self.output["dtype"] == np.float32 else 2

    def run(self, path, tensor):
        interpreter = self.paths[path]
        interpreter.set_tensor(self.input["index"], tensor)
        interpreter.invoke()
        return interpreter.get_tensor(self.output["index"]).ravel()


class Onnx:
    def __init__(self, path):
        import onnxruntime as ort

        levels = ort.GraphOptimizationLevel
        self.paths = []
        for level in (levels.ORT_DISABLE_ALL, levels.ORT_ENABLE_ALL):
            options = ort.SessionOptions()
            options.log_severity_level, options.graph_optimization_level = 3, level
            self.paths.append(ort.InferenceSession(path, options, providers=["CPUExecutionProvider"]))
        self.input = self.paths[0].get_inputs()[0]
        assert self.input.type == "tensor(float)", self.input.type
        self.shape = [size if isinstance(size, int) else 1 for size in self.input.shape]
        self.dtype = np.float32
        with open(path, "rb") as file:
            data = file.read()
        self.floor = 0.03 if b"QuantizeLinear" in data or b"QLinear" in data else 1e-4

    def run(self, path, tensor):
        return self.paths[path].run(None, {self.input.name: tensor})[0].ravel()


def make_pictures(folder):
    from PIL import Image

    files = sorted(glob.glob(os.path.join(folder, "*")))
    size = (SIDE, SIDE)
    thumbs = [Image.open(f).convert("RGB").resize(size, Image.BILINEAR).tobytes() for f in files]
    with open(os.path.join(HERE, "pictures.rgb"), "wb") as file:
        file.write(b"".join(thumbs))


def enlarge(picture, size, axis):
    """Along one axis: pixel centres at 0.5, the edge repeated, rounded to the nearest."""
    at = np.maximum((2 * np.arange(size) + 1) * SIDE - size, 0)
    first, part = at // (2 * size), at % (2 * size)
    second = np.minimum(first + 1, SIDE - 1)
    part = part.reshape((-1, 1) if axis else (-1, 1, 1))
    a, b = picture.take(first, axis).astype(int), picture.take(second, axis).astype(int)
    return (a * (2 * size - part) + b * part + size) // (2 * size)


def encode(model, picture):
    planar = model.shape[1] == 3
    height, width = model.shape[2:4] if planar else model.shape[1:3]
    tensor = enlarge(enlarge(picture, width, 1), height, 0).astype(np.float32)
    tensor = (tensor - np.float32(127.5)) / np.float32(127.5)
    if planar:
        tensor = tensor.transpose(2, 0, 1)
    if model.dtype != np.float32:
        scale, zero_point = model.quantization
        info = np.iinfo(model.dtype)
        tensor = tensor / np.float32(scale) + np.float32(zero_point)
        tensor = np.clip(np.rint(tensor), info.min, info.max)
    return np.ascontiguousarray(tensor[None].astype(model.dtype))


def make_golden(path, name, pictures):
    model = Tflite(path) if path.endswith(".tflite") else Onnx(path)
    body, most, squares = b"", 0.0, 0.0
    for picture in pictures:
        tensor = encode(model, picture)
        want, fast = model.run(0, tensor), model.run(1, tensor)
        unit = 1.0
        if want.dtype == np.float32:
            unit = max(float(np.abs(want).max()), 1e-9)
            scale = np.float32(unit / 32767)
            stored = np.clip(np.rint(want / scale), -32767, 32767).astype("<i2")
            body += scale.astype("<f4").tobytes() + stored.tobytes()
        else:
            body += want.tobytes()
        apart = np.abs(want.astype(np.float64) - fast.astype(np.float64)) / unit
        most, squares = max(most, apart.max()), squares + (apart**2).mean()
    rms = np.sqrt(squares / len(pictures))
    noise = "random_int8" in name  # of random weights in 8 bits, noise decides which class is best
    limit = 0.1 if model.floor == 0.03 and not noise else np.inf
    largest = max(min(1.5 * most, limit), model.floor)
    mean = max(min(1.5 * rms, limit / 4), model.floor / 4)
    form = {"uint8": 0, "int8": 1, "float32": 2}[want.dtype.name]
    head = np.array([len(pictures), want.size, form, not noise], "<u4").tobytes()
    head += np.array([largest, mean], "<f4").tobytes()
    with open(os.path.join(HERE, "models", name + ".golden"), "wb") as file:
        file.write(b"MNGM" + head + body)
    print(f"{name}: fast path {most:.3g} apart, {rms:.3g} rms; may be {largest:.3g}, {mean:.3g}")


def main():
    arguments = argparse.ArgumentParser(description="Makes the golden outputs of whole models.")
    arguments.add_argument("--models", required=True)
    arguments.add_argument("--images")
    options = arguments.parse_args()
    if options.images:
        make_pictures(options.images)
    pictures = np.fromfile(os.path.join(HERE, "pictures.rgb"), np.uint8).reshape(-1, SIDE, SIDE, 3)
    os.makedirs(os.path.join(HERE, "models"), exist_ok=True)
    make_golden(BUILTIN, "builtin", pictures)
    for path in sorted(glob.glob(os.path.join(options.models, "*"))):
        if path.endswith((".tflite", ".onnx")):
            make_golden(path, os.path.basename(path), pictures)


main()
