#!/usr/bin/env python3
"""Writes tests/fuzz/corpus/onnx: small ONNX files, right ones for each way an exporter says things, and broken ones.

  python3 tests/fuzz/make_onnx_corpus.py       (needs the packages onnx and numpy)

tests/nn/load/test_onnx.c says what must become of each; the fuzzer starts from them.
"""
import os
import numpy as np
from onnx import TensorProto as T, helper as h, numpy_helper

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "onnx")
rng = np.random.default_rng(1)
F32, U8, I8, I32, I64 = np.float32, np.uint8, np.int8, np.int32, np.int64


def rand(*shape):
    return rng.standard_normal(shape).astype(F32)


def small_ints(dtype, *shape):
    return rng.integers(-20, 20, shape).astype(dtype)


class Model:
    """Nodes in order; constants by array; the last node's first output is the model's."""

    def __init__(self, opset, shape=(1, 3, 8, 8), dtype=T.FLOAT, ms=False, ir=8):
        self.opset, self.shape, self.dtype, self.ms, self.ir = opset, shape, dtype, ms, ir
        self.nodes, self.init, self.count = [], [], 0
        self.inputs = [h.make_tensor_value_info("x", dtype, shape)]

    def const(self, array):
        name = "c%d" % len(self.init)
        self.init.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def op(self, kind, *inputs, outputs=1, **attributes):
        self.count += 1
        names = [i if isinstance(i, str) else self.const(i) for i in inputs]
        outs = ["t%d" % self.count] if outputs == 1 else ["t%d_%d" % (self.count, i) for i in range(outputs)]
        self.nodes.append(h.make_node(kind, names, outs, name="node%d" % self.count, **attributes))
        return outs[0] if outputs == 1 else outs

    def proto(self, output, dtype=T.FLOAT, metadata=None):
        graph = h.make_graph(self.nodes, "g", self.inputs, [h.make_tensor_value_info(output, dtype, None)], self.init)
        opsets = [h.make_opsetid("", self.opset)] + ([h.make_opsetid("com.microsoft", 1)] if self.ms else [])
        model = h.make_model(graph, opset_imports=opsets, ir_version=self.ir, producer_name="mnet-corpus")
        if metadata:
            h.set_model_props(model, metadata)
        return model


def write(name, data):
    if not isinstance(data, bytes):
        data = data.SerializeToString()
    with open(os.path.join(OUT, name + ".onnx"), "wb") as f:
        f.write(data)


def opset11():
    """Lists as attributes, Clip and Pad with inputs, Softmax over all axes from 1 on."""
    m = Model(11)
    t = m.op("Pad", "x", np.array([0, 0, 0, 0, 0, 0, 1, 1], I64), np.float32(0))
    t = m.op("Conv", t, rand(4, 3, 3, 3), rand(4), strides=[2, 2])
    t = m.op("BatchNormalization", t, rand(4), rand(4), rand(4), np.abs(rand(4)), epsilon=1e-3)
    t = m.op("Clip", t, np.float32(0), np.float32(6))
    a, b = m.op("Split", t, outputs=2, axis=1, split=[1, 3])
    t = m.op("Concat", b, a, axis=-3)
    t = m.op("ReduceMean", t, axes=[-1, 2])
    t = m.op("Squeeze", t, axes=[2, 3])
    t = m.op("Unsqueeze", t, axes=[2, -1])
    t = m.op("Flatten", t)
    t = m.op("Gemm", t, rand(4, 5), rand(5), alpha=0.5, beta=2.0)
    return m.proto(m.op("Softmax", t), metadata={"mean": "[0.485, 0.456, 0.406]", "std": "0.229 0.224 0.225"})


def opset22():
    """Lists as inputs; a slice with steps; Min and Max; MatMul and a broadcast sum; labels and normalisation of our own."""
    m = Model(22, ir=10)
    t = m.op("Pad", "x", np.array([1, 1, 1, 1], I64), "", np.array([2, 3], I64), mode="constant")
    t = m.op("Conv", t, rand(4, 3, 3, 3), auto_pad="SAME_UPPER", strides=[2, 2], kernel_shape=[3, 3])
    t = m.op("Max", t, np.float32(0))
    t = m.op("Min", np.float32(6), t)
    a, b = m.op("Split", t, outputs=2, axis=-3, num_outputs=2)
    t = m.op("Add", m.op("HardSwish", a), m.op("Mul", m.op("HardSigmoid", b, alpha=1 / 6), b))
    t = m.op("Slice", t, np.array([1, -4], I64), np.array([2**40, 2**40], I64), np.array([2, -1], I64),
             np.array([1, 2], I64))
    t = m.op("AveragePool", t, kernel_shape=[2, 2], ceil_mode=1, count_include_pad=1, strides=[2, 2])
    t = m.op("ReduceMean", t, np.array([2, 3], I64), keepdims=0)
    t = m.op("Unsqueeze", t, np.array([2], I64))
    t = m.op("Squeeze", t, np.array([-1], I64))
    t = m.op("MatMul", t, rand(2, 5))
    t = m.op("Add", t, rand(5))
    return m.proto(m.op("Softmax", t), metadata={
        "mnet.mean": "127,127,127", "mnet.scale": "0.0078125", "mnet.order": "BGR",
        "mnet.labels": "a\nb\nc\nd\ne"})


def shape_arithmetic():
    """x.view(x.shape[0], -1) as PyTorch traces it."""
    m = Model(13)
    t = m.op("Conv", "x", rand(2, 3, 3, 3), dilations=[2, 2], pads=[2, 2, 2, 2], group=1)
    t = m.op("GlobalAveragePool", t)
    s = m.op("Gather", m.op("Shape", t), np.array(0, I64), axis=0)
    s = m.op("Concat", m.op("Unsqueeze", s, np.array([0], I64)), np.array([-1], I64), axis=0)
    t = m.op("Reshape", t, s)
    t = m.op("Gemm", t, rand(5, 2), rand(1, 5), transB=1)
    return m.proto(m.op("Softmax", t, axis=1))


def traced_padding():
    """TensorFlow's SAME padding as timm's models compute it and PyTorch writes it: a list of pads, turned about."""
    m = Model(16)
    rest = m.op("Sub", m.op("Ceil", np.float32(3.5)), np.float32(3))
    rest = m.op("Clip", rest, np.float32(0))
    after = m.op("Unsqueeze", m.op("Cast", rest, to=T.INT64), np.array([0], I64))
    before = m.op("Unsqueeze", m.op("Div", np.array(1, I64), np.array(2, I64)), np.array([0], I64))
    t = m.op("Concat", before, after, before, after, axis=0)  # left, right, top, bottom
    t = m.op("Concat", t, m.op("ConstantOfShape", np.array([4], I64), value=h.make_tensor("v", T.INT64, [1], [0])), axis=0)
    t = m.op("Reshape", t, np.array([-1, 2], I64))
    t = m.op("Slice", t, np.array([-1], I64), np.array([-(2**63) + 1], I64), np.array([0], I64), np.array([-1], I64))
    t = m.op("Reshape", m.op("Transpose", t, perm=[1, 0]), np.array([-1], I64))
    t = m.op("Pad", "x", m.op("Cast", t, to=T.INT64), mode="constant")
    t = m.op("Conv", t, rand(2, 3, 3, 3), strides=[2, 2])
    return m.proto(m.op("Flatten", m.op("GlobalAveragePool", t)))


def quantize(m, t, scale, zero, dtype):
    return m.op("QuantizeLinear", t, np.float32(scale), np.array(zero, dtype))


def dequantize(m, t, scale, zero=None, **attributes):
    return m.op("DequantizeLinear", t, np.asarray(scale, F32), *([] if zero is None else [zero]), **attributes)


def qdq():
    """uint8 activations, int8 weights with a scale a channel, int32 biases; one tensor dequantised twice."""
    m = Model(13)
    q = quantize(m, "x", 0.02, 128, U8)
    w = dequantize(m, small_ints(I8, 4, 3, 3, 3), [0.01, 0.02, 0.03, 0.04], np.zeros(4, I8), axis=0)
    b = dequantize(m, small_ints(I32, 4), np.array([0.01, 0.02, 0.03, 0.04], F32) * F32(0.02), axis=0)
    t = m.op("Conv", dequantize(m, q, 0.02, np.array(128, U8)), w, b, pads=[1, 1, 1, 1])
    q = quantize(m, m.op("Relu", t), 0.05, 0, U8)
    t = m.op("Add", dequantize(m, q, 0.05, np.array(0, U8)), dequantize(m, q, 0.05, np.array(0, U8)))
    q = quantize(m, m.op("GlobalAveragePool", t), 0.06, 1, U8)
    t = m.op("Flatten", dequantize(m, q, 0.06, np.array(1, U8)))
    w = dequantize(m, small_ints(I8, 5, 4), 0.02, np.array(0, I8))
    return m.proto(m.op("Gemm", t, w, transB=1))


def quantized_pad():
    """Parameters of a Pad that ONNX Runtime's quantiser took for activations; and a Pad of bytes."""
    m = Model(13)
    zero, one = (dequantize(m, quantize(m, np.array([n], F32), 1 / 255, -128, I8), 1 / 255, np.array(-128, I8)) for n in (0, 1))
    pads = m.op("Cast", m.op("Concat", zero, zero, zero, zero, zero, zero, one, one, axis=0), to=T.INT64)
    q = quantize(m, "x", 0.02, 100, U8)
    value = dequantize(m, np.array(50, U8), 0.02, np.array(100, U8))
    t = m.op("Pad", dequantize(m, q, 0.02, np.array(100, U8)), pads, value)
    q = m.op("Pad", quantize(m, t, 0.02, 100, U8), np.array([0, 0, 1, 1, 0, 0, 0, 0], I64), np.array(25, U8))
    t = dequantize(m, q, 0.02, np.array(100, U8))
    return m.proto(m.op("Flatten", m.op("GlobalAveragePool", t)))


def two_scales():
    """Bytes that two nodes read with different scales."""
    m = Model(13)
    q = quantize(m, "x", 0.05, 0, U8)
    t = m.op("Add", dequantize(m, q, 0.05, np.array(0, U8)), dequantize(m, q, 0.04, np.array(3, U8)))
    return m.proto(m.op("Flatten", m.op("GlobalAveragePool", t)))


def qoperator():
    m = Model(13, ms=True)
    x = [np.float32(0.02), np.array(3, I8)]
    t = m.op("QuantizeLinear", "x", *x)
    y = [np.float32(0.03), np.array(-4, I8)]
    t = m.op("QLinearConv", t, *x, small_ints(I8, 4, 3, 3, 3), np.array([0.01, 0.02, 0.03, 0.04], F32),
             np.zeros(4, I8), *y, small_ints(I32, 4), pads=[1, 1, 1, 1])
    s = m.op("QLinearSigmoid", t, *y, np.float32(1 / 256), np.array(-128, I8), domain="com.microsoft")
    t = m.op("QLinearMul", t, *y, s, np.float32(1 / 256), np.array(-128, I8), *x, domain="com.microsoft")
    t = m.op("QLinearAdd", t, *x, t, *x, *y, domain="com.microsoft")
    t = m.op("MaxPool", t, kernel_shape=[2, 2], strides=[2, 2])
    t = m.op("QLinearConcat", *x, t, *y, t, *y, domain="com.microsoft", axis=1)
    t = m.op("QLinearAveragePool", t, *x, *y, domain="com.microsoft", kernel_shape=[2, 2])
    t = m.op("QLinearGlobalAveragePool", t, *y, *x, domain="com.microsoft", channels_last=0)
    t = m.op("Flatten", t)
    t = m.op("QLinearMatMul", t, *x, small_ints(I8, 8, 6), np.float32(0.02), np.array(0, I8), *y)
    t = m.op("QGemm", t, *y, small_ints(I8, 5, 6), np.full(5, 0.02, F32), np.zeros(5, I8), small_ints(I32, 5), *x,
             domain="com.microsoft", transB=1)
    t = m.op("QLinearSoftmax", t, *x, np.float32(1 / 256), np.array(-128, I8), domain="com.microsoft", axis=-1, opset=13)
    return m.proto(m.op("DequantizeLinear", t, np.float32(1 / 256), np.array(-128, I8)))


def nhwc_uint8():
    """tf2onnx: an NHWC input that begins with a transpose, here of bytes."""
    m = Model(13, (1, 8, 8, 3), T.UINT8)
    t = m.op("Transpose", "x", perm=[0, 3, 1, 2])
    t = dequantize(m, t, 1 / 127.5, np.array(127, U8))
    t = m.op("Relu", m.op("Conv", t, rand(4, 3, 3, 3), auto_pad="SAME_LOWER", strides=[2, 2]))
    return m.proto(m.op("Squeeze", m.op("GlobalAveragePool", t), np.array([2, 3], I64)))


def typed():
    """Typed arrays in place of raw data, half and double floats, and initializers among the inputs (IR version 3)."""
    m = Model(12, ir=3)

    def add(name, kind, dims, values):
        m.init.append(h.make_tensor(name, kind, dims, values))
        m.inputs.append(h.make_tensor_value_info(name, kind, dims))
        return name

    w = add("w", T.FLOAT, [4, 3, 1, 1], rand(12).tolist())
    b = add("b", T.DOUBLE, [4], [0.5, 1, -1, 2])
    t = m.op("Conv", "x", w, m.op("Cast", b, to=T.FLOAT))
    t = m.op("Mul", t, m.op("Cast", add("half", T.FLOAT16, [1], [0.5]), to=T.FLOAT))
    t = m.op("Flatten", m.op("GlobalAveragePool", t))
    s = add("s", T.INT64, [2], [1, 4])
    w = m.op("DequantizeLinear", add("w8", T.INT8, [4, 2], [-1, 2, -3, 4, -5, 6, -7, 127]), add("s8", T.FLOAT, [], [0.01]))
    t = m.op("MatMul", m.op("Reshape", t, s), w)
    return m.proto(t)


def constants():
    """Weights in Constant nodes, through Identity and Dropout."""
    m = Model(13)

    def constant(**attributes):
        return m.op("Constant", **attributes)

    w = constant(value=numpy_helper.from_array(rand(2, 3, 1, 1), ""))
    t = m.op("Conv", "x", m.op("Identity", w))
    t = m.op("Clip", t, constant(value_float=-1.0), constant(value=numpy_helper.from_array(np.float32(1), "")))
    t = m.op("Dropout", t)
    t = m.op("MaxPool", t, kernel_shape=[8, 8])
    return m.proto(m.op("Reshape", t, constant(value_ints=[0, -1])))


def simple(**changes):
    m = Model(13, **changes)
    t = m.op("Relu", "x")
    return m, m.op("Flatten", m.op("GlobalAveragePool", t))


def errors():
    for name, shape in (("dynamic_batch", ("N", 3, 8, 8)), ("dynamic_size", (1, 3, "height", "width")),
                        ("batch_2", (2, 3, 8, 8)), ("channels_5", (1, 5, 8, 8)), ("vector", (1, 3))):
        m, t = simple(shape=shape)
        write("bad_" + name, m.proto(t))

    m, t = simple()
    m.inputs.append(h.make_tensor_value_info("image_2", T.FLOAT, (1, 3, 8, 8)))
    write("bad_two_inputs", m.proto(m.op("Add", t, m.op("Flatten", m.op("GlobalAveragePool", "image_2")))))

    m, t = simple()
    write("bad_operator", m.proto(m.op("Einsum", t, equation="ij->ij")))

    m, t = simple()
    write("bad_domain", m.proto(m.op("Relu", t, domain="my.own")))

    m, t = simple()
    write("bad_attention", m.proto(m.op("MatMul", m.op("Transpose", t, perm=[1, 0]), t)))

    m, t = simple()
    t = m.op("Mul", t, rand(3))
    m.init[0].ClearField("raw_data")
    m.init[0].data_location = T.EXTERNAL
    m.init[0].external_data.add(key="location", value="weights.bin")
    write("bad_external", m.proto(t))

    m, t = simple()
    t = m.op("Mul", t, rand(3))
    m.init[0].dims[:] = [1 << 31, 1 << 31, 1 << 31]
    write("bad_dims", m.proto(t))

    m, t = simple()
    t = m.op("Mul", t, rand(3))
    m.init[0].dims[:] = [3000000]
    write("bad_elements", m.proto(t))

    m, t = simple()
    m.nodes.reverse()
    write("bad_order", m.proto(t))

    m, t = simple()
    m.nodes.append(h.make_node("Relu", ["x"], [t]))
    write("bad_twice", m.proto(t))

    m = Model(13)
    t = m.op("QuantizeLinear", "x", m.op("ReduceMean", "x", keepdims=0), np.array(0, U8))
    write("bad_scale", m.proto(t, T.UINT8))

    m, t = simple()
    m.opset = 5
    write("bad_opset", m.proto(t))


def tag(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def bombs():
    """What no exporter writes."""
    head = b"\x08\x08" + tag(8, b"\x10\x0d")
    x = tag(11, h.make_tensor_value_info("x", T.FLOAT, (1, 3, 8, 8)).SerializeToString())
    write("bomb_claims_3gb", head + varint(7 << 3 | 2) + varint(3 << 30) + b"\x0a\x02")
    inner = tag(5, varint(9 << 3 | 2) + varint(3 << 30))
    write("bomb_tensor_3gb", head + tag(7, inner))
    nested = b""
    for _ in range(3000):
        nested = tag(6, tag(1, tag(5, nested)))  # a graph attribute in a node in a graph
    write("bomb_nested", head + tag(7, x + tag(1, tag(4, b"Relu") + tag(5, nested))))
    write("bomb_attributes", head + tag(7, x + tag(1, tag(4, b"Relu") + tag(5, b"") * 10000)))
    write("bomb_strings", head + tag(7, x + tag(1, tag(4, b"Relu") + tag(1, b"") * 10000)))
    m, t = simple()
    m.nodes[0].output[0] = m.nodes[1].input[0] = "t" * 6000
    write("bomb_name", m.proto(t))


def main():
    os.makedirs(OUT, exist_ok=True)
    for make in (opset11, opset22, shape_arithmetic, traced_padding, qdq, quantized_pad, two_scales, qoperator, nhwc_uint8, typed, constants):
        write("good_" + make.__name__, make())
    errors()
    bombs()


main()
