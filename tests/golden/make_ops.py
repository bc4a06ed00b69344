#!/usr/bin/env python3
"""Makes tests/golden/ops/onnx_*.ops: models of one quantised operator, an input, and what the
reference runtime makes of it.

Reference: ONNX Runtime on the CPU with all graph optimisations off. Needs numpy, onnx, onnxruntime.
Usage: make_ops.py OUTPUT_FOLDER

A file holds records until its end; numbers are u32, little endian:
    "MNOP"  sizes of name, model, input, output  their bytes
Inputs and outputs are raw tensors in the model's own layout and type.
"""
import pathlib
import struct
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

TYPES = {np.int8: TensorProto.INT8, np.uint8: TensorProto.UINT8, np.float32: TensorProto.FLOAT}


class Model:
    """One operator on [1, C, H, W]; every value has a name.

    A picture has 3 channels or 1, so that other counts are made of the input x and a constant of
    the same quantisation.
    """

    def __init__(self, rng, shape, dtype):
        self.rng, self.dtype = rng, dtype
        self.nodes, self.constants, self.count = [], [], 0
        self.shape = shape
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        self.scale = np.float32(rng.uniform(0.01, 0.06))
        self.zero_point = dtype(rng.integers(low, high + 1))
        self.input_shape = [1, 3 if shape[1] >= 3 else 1, *shape[2:]]
        self.input = rng.integers(low, high + 1, self.input_shape).astype(dtype)
        self.raw = "x"
        if shape[1] != self.input_shape[1]:
            rest = [1, shape[1] - self.input_shape[1], *shape[2:]]
            rest = self.constant(rng.integers(low, high + 1, rest).astype(dtype))
            parts = [self.dequantize(part, self.scale, self.zero_point) for part in ("x", rest)]
            self.raw = self.requantize(self.add("Concat", parts, axis=1))
        self.clear()

    def clear(self):
        """Takes everything behind the operator's own input away."""
        made = [node.output[0] for node in self.nodes]
        self.nodes = self.nodes[:made.index(self.raw) + 1] if self.raw in made else []

    def constant(self, array):
        self.count += 1
        name = f"c{self.count}"
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def add(self, op, inputs, **attributes):
        self.count += 1
        name = f"v{self.count}"
        self.nodes.append(helper.make_node(op, inputs, [name], **attributes))
        return name

    def dequantize(self, name, scale, zero_point, **attributes):
        return self.add("DequantizeLinear",
                        [name, self.constant(scale), self.constant(zero_point)], **attributes)

    def requantize(self, real):
        """For what keeps its input's scale."""
        return self.add("QuantizeLinear",
                        [real, self.constant(self.scale), self.constant(self.zero_point)])

    def x(self):
        return self.dequantize(self.raw, self.scale, self.zero_point)

    def quantized_constant(self, shape, dtype=None):
        """A constant tensor of random bytes behind its own dequantisation."""
        dtype = dtype or self.dtype
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        data = self.rng.integers(low, high + 1, shape).astype(dtype)
        return self.dequantize(self.constant(data), np.float32(self.rng.uniform(0.01, 0.06)),
                               dtype(self.rng.integers(low, high + 1)))

    def weights(self, shape, per_channel, most=127):
        """int8 weights [O, ...] and int32 bias as a quantiser writes them."""
        count = shape[0] if per_channel else 1
        scale = self.rng.uniform(0.002, 0.02, count).astype(np.float32)
        data = self.constant(self.rng.integers(-most, most + 1, shape).astype(np.int8))
        bias = self.constant(self.rng.integers(-4000, 4000, shape[0]).astype(np.int32))
        bias_scale = (scale * self.scale).astype(np.float32)
        zero = np.zeros(count, np.int8)
        if per_channel:
            return (self.dequantize(data, scale, zero, axis=0),
                    self.dequantize(bias, bias_scale, zero.astype(np.int32), axis=0))
        return (self.dequantize(data, scale[0], zero[0]),
                self.dequantize(bias, bias_scale[0], np.int32(0)))

    def build(self, output, dtype, input_dtype=None):
        graph = helper.make_graph(
            self.nodes, "op",
            [helper.make_tensor_value_info("x", TYPES[input_dtype or self.dtype],
                                           self.input_shape)],
            [helper.make_tensor_value_info(output, TYPES[dtype], None)], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17),
                                                        helper.make_opsetid("com.microsoft", 1)])
        model.ir_version = 8
        return onnx.shape_inference.infer_shapes(model)

    def range(self, real):
        """Scale and zero point for a real value; now and then so narrow that values saturate."""
        values = run(self.build(real, np.float32), self.input)
        low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
        info = np.iinfo(self.dtype)
        scale = np.float32(max(high - low, 1e-3) / 255 * self.rng.choice([1.0, 1.0, 0.6]))
        zero_point = np.clip(round(info.min - low / float(scale)), info.min, info.max)
        return scale, self.dtype(zero_point)

    def quantize(self, real):
        scale, zero_point = self.range(real)
        return self.add("QuantizeLinear", [real, self.constant(scale), self.constant(zero_point)])


def run(model, data):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options,
                                           providers=["CPUExecutionProvider"])
    return session.run(None, {"x": data})[0]


def random_shape(rng):
    return [1, int(rng.integers(1, 20)), int(rng.integers(3, 10)), int(rng.integers(3, 10))]


def window(rng, kernel):
    return {"kernel_shape": [kernel, kernel], "strides": [int(s) for s in rng.integers(1, 3, 2)],
            "pads": [int(p) for p in rng.integers(0, (kernel + 1) // 2, 4)]}


def conv(m, rng, i):
    channels, out, kernel = m.shape[1], int(rng.integers(1, 20)), (1, 3)[i % 2]
    w, b = m.weights([out, channels, kernel, kernel], i % 3 > 0)
    return m.add("Conv", [m.x(), w, b], **window(rng, kernel))


def depthwise(m, rng, i):
    channels, kernel = m.shape[1], 3
    w, b = m.weights([channels, 1, kernel, kernel], i % 3 > 0)
    return m.add("Conv", [m.x(), w, b], group=channels, **window(rng, kernel))


def gemm(m, rng, i):
    inputs, out = int(np.prod(m.shape)), int(rng.integers(2, 12))
    w, b = m.weights([out, inputs], i % 2 > 0)
    # The flattening keeps the scale: quantised again as the files of quantisers have it.
    flat = m.add("Flatten", [m.x()], axis=1)
    x = m.dequantize(m.requantize(flat), m.scale, m.zero_point)
    return m.add("Gemm", [x, w, b], transB=1)


def binary(op):
    def make(m, rng, i):
        shapes = (m.shape, [1, m.shape[1], 1, 1], [1], [1, 1, m.shape[2], m.shape[3]])
        if i % 5 == 4:
            return m.add(op, [m.x(), m.x()])
        operands = [m.x(), m.quantized_constant(shapes[i % 5])]
        return m.add(op, operands if rng.integers(2) else operands[::-1])
    return make


def unary(op, **attributes):
    return lambda m, rng, i: m.add(op, [m.x()], **attributes)


def average_pool(m, rng, i):
    return m.add("AveragePool", [m.x()], count_include_pad=int(rng.integers(2)),
                 **window(rng, (2, 3)[i % 2]))


def max_pool(m, rng, i):
    return m.add("MaxPool", [m.x()], **window(rng, (2, 3)[i % 2]))


def clip(m, rng, i):
    low, high = sorted(rng.uniform(-1, 4, 2).astype(np.float32))
    return m.add("Clip", [m.x(), m.constant(low), m.constant(high)])


def concat(m, rng, i):
    return m.add("Concat", [m.x(), m.quantized_constant([1, 3] + m.shape[2:]), m.x()], axis=1)


def pad(m, rng, i):
    pads = np.array([0, 0, *rng.integers(0, 3, 2), 0, 0, *rng.integers(0, 3, 2)], np.int64)
    return m.add("Pad", [m.x(), m.constant(pads)])


def reduce_mean(m, rng, i):
    return m.add("ReduceMean", [m.x()], axes=[2, 3], keepdims=int(i % 2))


def qdq_case(make, rng, i):
    m = Model(rng, random_shape(rng), (np.uint8, np.int8)[i // 2 % 2])
    model = m.build(m.quantize(make(m, rng, i)), m.dtype)
    return model, m.input


def parameters(m, real):
    return [m.constant(p) for p in m.range(real)]


def qlinear_conv(rng, i):
    """The operator form; its output range comes from the same convolution on floats.

    The weights have 7 bits: on a CPU without VNNI, the runtime's product of uint8 and int8 pairs
    saturates at 16 bits.
    """
    m = Model(rng, random_shape(rng), (np.uint8, np.int8)[i // 2 % 2])
    groups = m.shape[1] if i % 2 else 1
    out = m.shape[1] if i % 2 else int(rng.integers(1, 20))
    shape = [out, m.shape[1] // groups, 3, 3]
    w, b = m.weights(shape, True, 64)
    attributes = dict(group=groups, **window(rng, 3))
    scale, zero_point = m.range(m.add("Conv", [m.x(), w, b], **attributes))
    names = {node.output[0]: node.input for node in m.nodes}
    weights, bias = names[w], names[b]
    m.clear()
    y = m.add("QLinearConv", [m.raw, m.constant(m.scale), m.constant(m.zero_point), *weights,
                              m.constant(scale), m.constant(zero_point), bias[0]], **attributes)
    return prune(m, y), m.input


def qlinear_unary(op, real_op):
    def make(rng, i):
        m = Model(rng, random_shape(rng), (np.uint8, np.int8)[i % 2])
        scale, zero_point = m.range(m.add(real_op, [m.x()]))
        m.clear()
        y = m.add(op, [m.raw, m.constant(m.scale), m.constant(m.zero_point), m.constant(scale),
                       m.constant(zero_point)], domain="com.microsoft")
        return prune(m, y), m.input
    return make


def qlinear_binary(op):
    def make(rng, i):
        m = Model(rng, random_shape(rng), (np.uint8, np.int8)[i % 2])
        shape = (m.shape, [1, m.shape[1], 1, 1])[i // 2 % 2]
        b = m.quantized_constant(shape)
        scale, zero_point = m.range(m.add(op, [m.x(), b]))
        b_parts = {node.output[0]: node.input for node in m.nodes}[b]
        m.clear()
        y = m.add("QLinear" + op, [m.raw, m.constant(m.scale), m.constant(m.zero_point), *b_parts,
                                   m.constant(scale), m.constant(zero_point)],
                  domain="com.microsoft")
        return prune(m, y), m.input
    return make


def prune(m, output):
    used = {name for node in m.nodes for name in node.input}
    m.constants = [c for c in m.constants if c.name in used]
    return m.build(output, m.dtype)


def quantize_alone(rng, i):
    m = Model(rng, [1, 3, *random_shape(rng)[2:]], (np.uint8, np.int8)[i % 2])
    data = rng.normal(0, 2, m.shape).astype(np.float32)
    return m.build(m.requantize("x"), m.dtype, np.float32), data


def dequantize_alone(rng, i):
    m = Model(rng, random_shape(rng), (np.uint8, np.int8)[i % 2])
    return m.build(m.x(), np.float32), m.input


QDQ = {
    "conv": conv, "depthwise": depthwise, "gemm": gemm, "add": binary("Add"),
    "sub": binary("Sub"), "mul": binary("Mul"), "average_pool": average_pool,
    "max_pool": max_pool, "global_average_pool": unary("GlobalAveragePool"),
    "reduce_mean": reduce_mean, "clip": clip, "relu": unary("Relu"), "sigmoid": unary("Sigmoid"),
    "tanh": unary("Tanh"), "hard_swish": unary("HardSwish"),
    "hard_sigmoid": unary("HardSigmoid", alpha=1 / 6, beta=0.5),
    "softmax": unary("Softmax", axis=1), "concat": concat, "pad": pad,
    "transpose": unary("Transpose", perm=[0, 2, 3, 1]),
}
OTHER = {
    "qlinear_conv": qlinear_conv, "qlinear_add": qlinear_binary("Add"),
    "qlinear_mul": qlinear_binary("Mul"),
    "qlinear_sigmoid": qlinear_unary("QLinearSigmoid", "Sigmoid"),
    "quantize": quantize_alone, "dequantize": dequantize_alone,
}


def record(name, model, data, result):
    parts = [name.encode(), model, data.tobytes(), result.tobytes()]
    return b"MNOP" + struct.pack("<4I", *map(len, parts)) + b"".join(parts)


def main():
    folder = pathlib.Path(sys.argv[1])
    families = {name: lambda rng, i, make=make: qdq_case(make, rng, i)
                for name, make in QDQ.items()}
    families.update(OTHER)
    for number, (name, make) in enumerate(families.items()):
        rng = np.random.default_rng(number)
        records = []
        for i in range(5):
            model, data = make(rng, i)
            records.append(record(f"{name}_{i}", model.SerializeToString(), data, run(model, data)))
        (folder / f"onnx_{name}.ops").write_bytes(b"".join(records))


if __name__ == "__main__":
    main()
