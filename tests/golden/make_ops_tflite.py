#!/usr/bin/env python3
"""Makes tests/golden/ops/tflite_*.ops, as make_ops.py does for ONNX: see there for their form.

Reference: LiteRT's reference kernels. Needs numpy, flatbuffers, ai-edge-litert.
Usage: make_ops_tflite.py OUTPUT_FOLDER
"""
import pathlib
import struct
import sys

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

TYPES = {np.int8: schema.TensorType.INT8, np.uint8: schema.TensorType.UINT8,
         np.int32: schema.TensorType.INT32, np.float32: schema.TensorType.FLOAT32}
ACTIVATIONS = (schema.ActivationFunctionType.NONE, schema.ActivationFunctionType.RELU,
               schema.ActivationFunctionType.RELU6)


class Model:
    """One operator; its first tensor is the input, [1, H, W, C]."""

    def __init__(self, rng, dtype):
        self.rng, self.dtype = rng, dtype
        self.tensors, self.buffers = [], [schema.BufferT()]
        self.shape = [1, *(int(n) for n in rng.integers(3, 10, 2)), int(rng.integers(1, 20))]
        self.x = self.tensor(self.shape, dtype, *self.quant())
        self.scale = float(self.tensors[self.x].quantization.scale[0])
        self.input = self.bytes(self.shape, dtype)

    def bytes(self, shape, dtype):
        info = np.iinfo(dtype)
        return self.rng.integers(info.min, info.max + 1, shape).astype(dtype)

    def quant(self):
        info = np.iinfo(self.dtype)
        return self.rng.uniform(0.01, 0.06), self.rng.integers(info.min, info.max + 1)

    def tensor(self, shape, dtype, scale=None, zero_point=0, data=None, axis=0):
        t = schema.TensorT()
        t.shape, t.type, t.name = list(shape), TYPES[dtype], f"t{len(self.tensors)}"
        if scale is not None:
            t.quantization = schema.QuantizationParametersT()
            t.quantization.scale = [float(s) for s in np.atleast_1d(np.float32(scale))]
            t.quantization.zeroPoint = [int(z) for z in np.atleast_1d(zero_point)]
            t.quantization.quantizedDimension = axis
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            self.buffers.append(buffer)
            t.buffer = len(self.buffers) - 1
        self.tensors.append(t)
        return len(self.tensors) - 1

    def integers(self, values):
        return self.tensor(np.shape(values), np.int32, data=np.array(values, np.int32))

    def constant(self, shape):
        return self.tensor(shape, self.dtype, *self.quant(), data=self.bytes(shape, self.dtype))

    def weights(self, shape, axis):
        """Old uint8 models: one scale and zero point; int8 models: scales per output channel."""
        if self.dtype == np.uint8:
            scale, zero = self.rng.uniform(0.002, 0.02, 1), int(self.rng.integers(100, 156))
            data = self.rng.integers(1, 256, shape).astype(np.uint8)
        else:
            scale, zero = self.rng.uniform(0.002, 0.02, shape[axis]), np.zeros(shape[axis], int)
            data = self.rng.integers(-127, 128, shape).astype(np.int8)
        bias = self.rng.integers(-4000, 4000, shape[axis]).astype(np.int32)
        return [self.tensor(shape, self.dtype, scale, zero, data, axis),
                self.tensor([shape[axis]], np.int32, np.float32(scale) * np.float32(self.scale),
                            np.zeros(len(scale), int), bias)]

    def build(self, op, inputs, output, options=None):
        model, graph, node = schema.ModelT(), schema.SubGraphT(), schema.OperatorT()
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, op)
        code.deprecatedBuiltinCode = code.builtinCode
        code.version = 1 if op in ("HARD_SWISH", "QUANTIZE") else 2
        node.opcodeIndex, node.inputs, node.outputs = 0, inputs, [output]
        if options is not None:
            name = type(options).__name__[:-1]
            node.builtinOptionsType = getattr(schema.BuiltinOptions, name)
            node.builtinOptions = options
        graph.tensors, graph.operators = self.tensors, [node]
        graph.inputs, graph.outputs = [self.x], [output]
        model.version, model.operatorCodes = 3, [code]
        model.subgraphs, model.buffers = [graph], self.buffers
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def options_of(kind, **fields):
    options = getattr(schema, kind + "OptionsT")()
    for name, value in fields.items():
        assert hasattr(options, name), name
        setattr(options, name, value)
    return options


def run(model, data):
    interpreter = Interpreter(model_content=model, num_threads=1,
                              experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], data)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def out_size(size, stride, padding, kernel):
    return -(-size // stride) if padding == schema.Padding.SAME else (size - kernel) // stride + 1


def window(m, i, kernel):
    """Stride, padding and output size of a window."""
    padding = (schema.Padding.SAME, schema.Padding.VALID)[i % 3 == 2]
    stride = [int(s) for s in m.rng.integers(1, 3, 2)]
    size = [out_size(m.shape[1 + k], stride[k], padding, kernel) for k in range(2)]
    return dict(padding=padding, strideH=stride[0], strideW=stride[1]), size


def conv(m, i):
    out, kernel = int(m.rng.integers(1, 20)), (3, 1)[i % 2]
    fields, size = window(m, i, kernel)
    y = m.tensor([1, *size, out], m.dtype, *out_quant(m, 0.2))
    return m.build("CONV_2D", [m.x, *m.weights([out, kernel, kernel, m.shape[3]], 0)], y,
                   options_of("Conv2D", fusedActivationFunction=ACTIVATIONS[i % 3],
                              dilationHFactor=1, dilationWFactor=1, **fields))


def depthwise(m, i):
    fields, size = window(m, i, 3)
    y = m.tensor([1, *size, m.shape[3]], m.dtype, *out_quant(m, 0.1))
    return m.build("DEPTHWISE_CONV_2D", [m.x, *m.weights([1, 3, 3, m.shape[3]], 3)], y,
                   options_of("DepthwiseConv2D", fusedActivationFunction=ACTIVATIONS[i % 3],
                              depthMultiplier=1, dilationHFactor=1, dilationWFactor=1, **fields))


def out_quant(m, scale):
    info = np.iinfo(m.dtype)
    return scale * m.rng.uniform(0.5, 1.5), int(m.rng.integers(info.min + 64, info.max - 63))


def binary(op, kind, scale):
    def make(m, i):
        shape = (m.shape, [1, 1, 1, m.shape[3]], [1])[i % 3]
        y = m.tensor(m.shape, m.dtype, *out_quant(m, scale))
        return m.build(op, [m.x, m.constant(shape)], y,
                       options_of(kind, fusedActivationFunction=ACTIVATIONS[i % 3]))
    return make


def pool(op):
    def make(m, i):
        fields, size = window(m, i, 3)
        x = m.tensors[m.x].quantization
        y = m.tensor([1, *size, m.shape[3]], m.dtype, x.scale, x.zeroPoint)
        return m.build(op, [m.x], y,
                       options_of("Pool2D", filterHeight=3, filterWidth=3,
                                  fusedActivationFunction=ACTIVATIONS[i % 3], **fields))
    return make


def mean(m, i):
    y = m.tensor([1, 1, 1, m.shape[3]], m.dtype, *out_quant(m, 0.02))
    return m.build("MEAN", [m.x, m.integers([1, 2])], y, options_of("Reducer", keepDims=True))


def unary(op, options=None, quant=None):
    def make(m, i):
        low = np.iinfo(m.dtype).min
        y = m.tensor(m.shape, m.dtype, *(quant(low) if quant else out_quant(m, 0.04)))
        return m.build(op, [m.x], y, options)
    return make


def concat(m, i):
    x = m.tensors[m.x].quantization
    other = m.tensor([*m.shape[:3], 3], m.dtype, x.scale, x.zeroPoint,
                     m.bytes([*m.shape[:3], 3], m.dtype))
    y = m.tensor([*m.shape[:3], m.shape[3] + 3], m.dtype, x.scale, x.zeroPoint)
    return m.build("CONCATENATION", [m.x, other], y,
                   options_of("Concatenation", axis=3,
                              fusedActivationFunction=schema.ActivationFunctionType.NONE))


def pad(m, i):
    pads = np.array([[0, 0], m.rng.integers(0, 3, 2), m.rng.integers(0, 3, 2), [0, 0]])
    x = m.tensors[m.x].quantization
    shape = [int(n) for n in np.array(m.shape) + pads.sum(1)]
    y = m.tensor(shape, m.dtype, x.scale, x.zeroPoint)
    return m.build("PAD", [m.x, m.integers(pads)], y, options_of("Pad"))


def dequantize(m, i):
    return m.build("DEQUANTIZE", [m.x], m.tensor(m.shape, np.float32), options_of("Dequantize"))


FAMILIES = {
    "conv": conv, "depthwise": depthwise, "add": binary("ADD", "Add", 0.08),
    "sub": binary("SUB", "Sub", 0.08), "mul": binary("MUL", "Mul", 0.2),
    "average_pool": pool("AVERAGE_POOL_2D"), "max_pool": pool("MAX_POOL_2D"), "mean": mean,
    "logistic": unary("LOGISTIC", None, lambda low: (1 / 256, low)),
    "hard_swish": unary("HARD_SWISH"),
    "softmax": unary("SOFTMAX", options_of("Softmax", beta=1.0), lambda low: (1 / 256, low)),
    "requantize": unary("QUANTIZE", options_of("Quantize")), "dequantize": dequantize,
    "concat": concat, "pad": pad,
}


def record(name, model, data, result):
    parts = [name.encode(), model, data.tobytes(), result.tobytes()]
    return b"MNOP" + struct.pack("<4I", *map(len, parts)) + b"".join(parts)


def main():
    folder = pathlib.Path(sys.argv[1])
    for number, (name, make) in enumerate(FAMILIES.items()):
        rng = np.random.default_rng(100 + number)
        records = []
        for i in range(6):
            m = Model(rng, (np.uint8, np.int8)[i % 2])
            model = make(m, i)
            records.append(record(f"{name}_{i}", model, m.input, run(model, m.input)))
        (folder / f"tflite_{name}.ops").write_bytes(b"".join(records))


if __name__ == "__main__":
    main()
