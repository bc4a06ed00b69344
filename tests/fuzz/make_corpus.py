#!/usr/bin/env python3
"""Writes tests/fuzz/corpus/tflite/: small TFLite files, right and wrong ones, for the fuzz target and the tests.

Needs the package flatbuffers; knows the little of the schema that it writes. A model is a list of tensors and a list of
operators; tables are dicts from field number to value.
"""
import io
import os
import struct
import sys
import zipfile

import flatbuffers
from flatbuffers import number_types as nt

F32, F16, S32, U8, S64, S8 = 0, 1, 2, 3, 4, 9
SAME, VALID = 0, 1
RELU6 = 3
CODES = dict(ADD=0, AVERAGE_POOL_2D=1, CONCATENATION=2, CONV_2D=3, DEPTHWISE_CONV_2D=4, DEQUANTIZE=6, FULLY_CONNECTED=9,
             LOGISTIC=14, MAX_POOL_2D=17, MUL=18, RELU=19, RELU_N1_TO_1=20, RELU6=21, RESHAPE=22, SOFTMAX=25, TANH=28,
             CUSTOM=32, PAD=34, GATHER=36, TRANSPOSE=39, MEAN=40, SUB=41, DIV=42, SQUEEZE=43, STRIDED_SLICE=45, SPLIT=49,
             CAST=53, PRELU=54, MAXIMUM=55, MINIMUM=57, PADV2=60, SLICE=65, EXPAND_DIMS=70, SHAPE=77, PACK=83,
             SPLIT_V=102, QUANTIZE=114, HARD_SWISH=117, RELU_0_TO_1=152)
OPTIONS = dict(ADD=11, AVERAGE_POOL_2D=5, CONCATENATION=10, CONV_2D=1, DEPTHWISE_CONV_2D=2, FULLY_CONNECTED=8,
               MAX_POOL_2D=5, MUL=21, SOFTMAX=9, GATHER=23, MEAN=27, SUB=28, DIV=29, SHAPE=55, SPLIT=35, STRIDED_SLICE=32, PACK=59, SPLIT_V=79)
FORMATS = {F32: 'f', F16: 'e', S32: 'i', U8: 'B', S64: 'q', S8: 'b'}


class Ref:
    """An offset of something already written."""

    def __init__(self, at):
        self.at = at


def i8(v):
    return (nt.Int8Flags, v)


def i32(v):
    return (nt.Int32Flags, v)


def u32(v):
    return (nt.Uint32Flags, v)


def u64(v):
    return (nt.Uint64Flags, v)


def f32(v):
    return (nt.Float32Flags, v)


def table(b, fields):
    b.StartObject(max(fields, default=-1) + 1)
    for slot, value in fields.items():
        if isinstance(value, Ref):
            b.PrependUOffsetTRelativeSlot(slot, value.at, 0)
        else:
            flags, number = value
            b.Prepend(flags, number)
            b.Slot(slot)
    return Ref(b.EndObject())


def vector(b, flags, numbers):
    b.StartVector(flags.bytewidth, len(numbers), max(flags.bytewidth, 4))
    for number in reversed(numbers):
        b.Prepend(flags, number)
    return Ref(b.EndVector())


def refs(b, items):
    b.StartVector(4, len(items), 4)
    for item in reversed(items):
        b.PrependUOffsetTRelative(item.at)
    return Ref(b.EndVector())


def string(b, text):
    return Ref(b.CreateString(text))


def blob(b, data, align=16):
    b.StartVector(1, len(data), align)
    b.head = b.head - len(data)
    b.Bytes[b.head:b.head + len(data)] = data
    return Ref(b.EndVector())


class Model:
    def __init__(self):
        self.tensors, self.operators, self.buffers, self.metadata = [], [], [b''], []
        self.inputs, self.outputs = [], []

    def tensor(self, shape, dtype=F32, data=None, scale=None, zero=None, axis=0, signature=None, name=None):
        index = 0
        if data is not None:
            self.buffers.append(data if isinstance(data, bytes) else struct.pack(f'<{len(data)}{FORMATS[dtype]}', *data))
            index = len(self.buffers) - 1
        self.tensors.append(dict(shape=shape, dtype=dtype, buffer=index, scale=scale, zero=zero, axis=axis,
                                 signature=signature, name=name or f't{len(self.tensors)}'))
        return len(self.tensors) - 1

    def op(self, code, inputs, shape, options=None, dtype=F32, custom=None, **quant):
        several = bool(shape) and isinstance(shape[0], list)
        shapes = shape if several else [shape]
        outputs = [self.tensor(s, dtype, **quant) for s in shapes]
        self.operators.append((code, inputs, outputs, options, custom))
        self.outputs = outputs[:1]
        return outputs if several else outputs[0]

    def bytes(self, outside=False):
        b = flatbuffers.Builder(1024)
        codes = sorted({(op[0], op[4]) for op in self.operators}, key=str)
        buffers = []
        for data in self.buffers:
            if outside and data:
                buffers.append(table(b, {1: u64(1), 2: u64(len(data))}))
            else:
                buffers.append(table(b, {0: blob(b, data)} if data else {}))
        tensors = []
        for t in self.tensors:
            fields = {0: vector(b, nt.Int32Flags, t['shape']), 1: i8(t['dtype']), 2: u32(t['buffer']),
                      3: string(b, t['name'])}
            if t['scale']:
                fields[4] = table(b, {2: vector(b, nt.Float32Flags, t['scale']),
                                      3: vector(b, nt.Int64Flags, t['zero'] or [0] * len(t['scale'])),
                                      6: i32(t['axis'])})
            if t['signature']:
                fields[7] = vector(b, nt.Int32Flags, t['signature'])
            tensors.append(table(b, fields))
        operators = []
        for code, inputs, outputs, options, custom in self.operators:
            fields = {0: u32(codes.index((code, custom))), 1: vector(b, nt.Int32Flags, inputs),
                      2: vector(b, nt.Int32Flags, outputs)}
            if options is not None:
                fields[3] = i8(OPTIONS[code])
                fields[4] = table(b, options)
            operators.append(table(b, fields))
        subgraph = table(b, {0: refs(b, tensors), 1: vector(b, nt.Int32Flags, self.inputs),
                             2: vector(b, nt.Int32Flags, self.outputs), 3: refs(b, operators), 4: string(b, 'main')})
        code_tables = []
        for code, custom in codes:
            fields = {0: i8(min(CODES[code], 127)), 3: i32(CODES[code])}
            if custom:
                fields[1] = string(b, custom)
            code_tables.append(table(b, fields))
        metadata = [table(b, {0: string(b, name), 1: u32(index)}) for name, index in self.metadata]
        fields = {0: u32(3), 1: refs(b, code_tables), 2: refs(b, [subgraph]), 3: string(b, 'made by make_corpus.py'),
                  4: refs(b, buffers)}
        if metadata:
            fields[6] = refs(b, metadata)
        b.Finish(table(b, fields).at, b'TFL3')
        out = bytearray(b.Output())
        if outside:
            self.move_outside(out)
        return bytes(out)

    def move_outside(self, out):
        """Puts the data behind the flatbuffer and its place into offset (and size, which is right already)."""
        def u(fmt, at):
            return struct.unpack_from('<' + fmt, out, at)[0]

        def field(at, slot):
            vtable = at - u('i', at)
            return at + u('H', vtable + 4 + 2 * slot)

        root = u('I', 0)
        at = field(root, 4)
        at += u('I', at)
        for i, data in enumerate(self.buffers):
            if data:
                entry = at + 4 + 4 * i
                out.extend(b'\0' * (-len(out) % 16))
                struct.pack_into('<Q', out, field(entry + u('I', entry), 1), len(out))
                out.extend(data)


def conv(m, x, shape, weights, bias, depthwise=False, stride=1, padding=SAME, act=RELU6, dtype=F32, **quant):
    if depthwise:
        options = {0: i8(padding), 1: i32(stride), 2: i32(stride), 3: i32(1), 4: i8(act)}
        return m.op('DEPTHWISE_CONV_2D', [x, weights, bias], shape, options, dtype, **quant)
    options = {0: i8(padding), 1: i32(stride), 2: i32(stride), 3: i8(act)}
    return m.op('CONV_2D', [x, weights, bias], shape, options, dtype, **quant)


def wave(n):
    return [((i * 37) % 23 - 11) / 16 for i in range(n)]


def classifier(kind):
    """Convolution, depthwise, pool, fully connected, softmax: in float, float16, uint8, or int8 per channel."""
    m = Model()
    if kind in ('f32', 'f16'):
        x = m.tensor([1, 8, 8, 3], signature=[-1, 8, 8, 3], name='picture')

        def constant(shape, n):
            if kind == 'f32':
                return m.tensor(shape, F32, wave(n))
            return m.op('DEQUANTIZE', [m.tensor(shape, F16, wave(n))], shape)
        q = lambda s, z: {}
        dtype = F32
    else:
        dtype = U8 if kind == 'u8' else S8
        x = m.tensor([1, 8, 8, 3], dtype, scale=[1 / 128], zero=[128 if kind == 'u8' else 0], name='picture')

        def constant(shape, n):
            if len(shape) == 1:
                return m.tensor(shape, S32, [i * 5 - 10 for i in range(n)], scale=[0.001], zero=[0])
            values = [(i * 37) % 251 for i in range(n)]
            if kind == 'u8':
                return m.tensor(shape, U8, values, scale=[0.02], zero=[113])
            axis = 3 if shape[0] == 1 else 0
            channels = shape[axis]
            return m.tensor(shape, S8, [v - 125 for v in values], scale=[0.01 * (c + 1) for c in range(channels)],
                            zero=[0] * channels, axis=axis)
        q = lambda s, z: dict(scale=[s], zero=[z if kind == 'u8' else z - 128])
    m.inputs = [x]
    y = conv(m, x, [1, 4, 4, 8], constant([8, 3, 3, 3], 216), constant([8], 8), stride=2, dtype=dtype, **q(6 / 255, 0))
    y = conv(m, y, [1, 4, 4, 8], constant([1, 3, 3, 8], 72), constant([8], 8), True, dtype=dtype, **q(6 / 255, 0))
    y = m.op('AVERAGE_POOL_2D', [y], [1, 1, 1, 8], {0: i8(VALID), 1: i32(4), 2: i32(4), 3: i32(4), 4: i32(4)}, dtype,
             **q(6 / 255, 0))
    y = m.op('RESHAPE', [y, m.tensor([2], S32, [-1, 8])], [1, 8], None, dtype, **q(6 / 255, 0))
    y = m.op('FULLY_CONNECTED', [y, constant([4, 8], 32), constant([4], 4)], [1, 4], {0: i8(0)}, dtype, **q(0.1, 100))
    m.op('SOFTMAX', [y], [1, 4], {0: f32(1)}, dtype, **q(1 / 256, 0))
    return m


def metadata_buffer():
    b = flatbuffers.Builder(256)
    options = table(b, {0: vector(b, nt.Float32Flags, [127.0]), 1: vector(b, nt.Float32Flags, [128.0])})
    unit = table(b, {0: i8(1), 1: options})
    image = table(b, {0: string(b, 'image'), 4: refs(b, [unit])})
    file = table(b, {0: string(b, 'labels.txt'), 2: i8(2)})
    scores = table(b, {0: string(b, 'scores'), 6: refs(b, [file])})
    subgraph = table(b, {2: refs(b, [image]), 3: refs(b, [scores])})
    b.Finish(table(b, {0: string(b, 'm'), 3: refs(b, [subgraph])}).at, b'M001')
    return bytes(b.Output())


def with_labels(compression):
    m = classifier('f32')
    m.buffers.append(metadata_buffer())
    m.metadata = [('TFLITE_METADATA', len(m.buffers) - 1)]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, 'w', compression) as z:
        info = zipfile.ZipInfo('labels.txt', (2024, 1, 1, 0, 0, 0))
        info.compress_type = compression
        z.writestr(info, 'cat\ndog\nbird\nfish\n')
    return m.bytes() + archive.getvalue()


def shapes():
    """Each operator that moves elements, in a chain that keeps [1, 4, 4, 8] or comes back to it."""
    m = Model()
    n = lambda *v: m.tensor([len(v)], S32, v)
    x = m.tensor([1, 8, 8, 3], name='picture')
    m.inputs = [x]
    one = m.tensor([], S32, [3])
    y = m.op('PAD', [x, m.tensor([4, 2], S32, [0, 0, 1, 0, 0, 1, 0, 0])], [1, 9, 9, 3])
    y = m.op('PADV2', [y, m.tensor([4, 2], S32, [0, 0, 0, 1, 1, 0, 0, 1]), m.tensor([], F32, [0.5])], [1, 10, 10, 4])
    y = m.op('MAX_POOL_2D', [y], [1, 5, 5, 4], {0: i8(SAME), 1: i32(2), 2: i32(2), 3: i32(2), 4: i32(2)})
    y = m.op('SLICE', [y, n(0, 1, 0, 0), n(1, -1, 4, 4)], [1, 4, 4, 4])
    a, b = m.op('SPLIT', [one, y], [[1, 4, 4, 2], [1, 4, 4, 2]], {0: i32(2)})
    y = m.op('CONCATENATION', [a, b, a], [1, 4, 4, 6], {0: i32(-1)})
    a, b = m.op('SPLIT_V', [y, n(2, 4), one], [[1, 4, 4, 2], [1, 4, 4, 4]], {0: i32(2)})
    y = m.op('TRANSPOSE', [b, n(0, 2, 1, 3)], [1, 4, 4, 4])
    y = m.op('STRIDED_SLICE', [y, n(0, 0, 0), n(0, 0, 4), n(1, 1, 2)], [1, 4, 2, 4],
             {0: i32(3), 1: i32(3)})
    row = m.op('STRIDED_SLICE', [y, n(0, 1), n(0, 2), n(1, 1)], [4, 2, 4], {0: i32(2), 1: i32(2), 4: i32(1)})
    y = m.op('EXPAND_DIMS', [row, m.tensor([], S32, [0])], [1, 4, 2, 4])
    y = m.op('STRIDED_SLICE', [y, n(0, 1), n(0, 3), n(1, 1)], [1, 4, 2, 2], {2: i32(1)})
    y = m.op('CONCATENATION', [y, y], [1, 4, 2, 4], {0: i32(3)})
    y = m.op('SQUEEZE', [y], [4, 2, 4])
    sizes = m.op('SHAPE', [x], [4], {0: i8(S32)}, S32)
    batch = m.op('STRIDED_SLICE', [sizes, n(0), n(1), n(1)], [], {4: i32(1)}, S32)
    shape = m.op('PACK', [batch, m.tensor([], S32, [32])], [2], {0: i32(2), 1: i32(0)}, S32)
    y = m.op('RESHAPE', [y, shape], [1, 32])
    m.op('GATHER', [sizes, m.tensor([2], S32, [1, 2])], [2], {0: i32(0)}, S32)
    m.outputs = [y]
    return m


def elements():
    """Each element-wise operator; bytes in, as of a model that rescales inside."""
    m = Model()
    x = m.tensor([1, 4, 4, 3], U8, name='picture')
    m.inputs = [x]
    y = m.op('CAST', [x], [1, 4, 4, 3])
    for code, act in (('MUL', 0), ('SUB', 0), ('DIV', 1), ('ADD', 2)):
        y = m.op(code, [y, m.tensor([3], F32, [0.5, 1, 2])], [1, 4, 4, 3], {0: i8(act)})
    for code in ('RELU', 'RELU_N1_TO_1', 'RELU6', 'RELU_0_TO_1', 'LOGISTIC', 'TANH', 'HARD_SWISH'):
        y = m.op(code, [y], [1, 4, 4, 3])
    y = m.op('MINIMUM', [y, m.tensor([], F32, [0.75])], [1, 4, 4, 3])
    y = m.op('MAXIMUM', [m.tensor([1], F32, [-0.25]), y], [1, 4, 4, 3])
    y = m.op('QUANTIZE', [y], [1, 4, 4, 3], None, S8, scale=[0.01], zero=[3])
    y = m.op('QUANTIZE', [y], [1, 4, 4, 3], None, U8, scale=[0.01], zero=[131])
    y = m.op('DEQUANTIZE', [y], [1, 4, 4, 3])
    m.op('MEAN', [y, m.tensor([2], S32, [1, -2])], [1, 3], {0: i8(0)})
    return m


def wrong():
    """Files that must be refused, by name."""
    def small():
        m = Model()
        m.inputs = [m.tensor([1, 4, 4, 3], name='picture')]
        return m

    m = small()
    m.inputs.append(m.tensor([1, 4], name='state'))
    m.op('RELU', [0], [1, 4, 4, 3])
    yield 'two_inputs', m.bytes()
    for name, shape, signature in (('dynamic_batch', [-1, 4, 4, 3], None), ('batch_2', [2, 4, 4, 3], None),
                                   ('dynamic_size', [1, 1, 1, 3], [-1, -1, -1, 3])):
        m = Model()
        m.inputs = [m.tensor(shape, signature=signature, name='picture')]
        m.op('RELU', [0], shape)
        yield name, m.bytes()
    m = small()
    m.op('PRELU', [m.op('RELU', [0], [1, 4, 4, 3]), m.tensor([3], F32, [1, 2, 3])], [1, 4, 4, 3])
    yield 'unsupported_op', m.bytes()
    m = small()
    m.op('CUSTOM', [0], [1, 4, 4, 3], custom='TFLite_Detection_PostProcess')
    yield 'custom_op', m.bytes()
    m = small()
    m.op('RELU', [m.tensor([1, 4, 4, 3], name='nobody')], [1, 4, 4, 3])
    yield 'unmade_input', m.bytes()
    m = small()
    m.tensors[0]['shape'] = [1, 30000, 30000, 3]
    m.op('RELU', [0], [1, 30000, 30000, 3])
    yield 'huge_tensor', m.bytes()
    m = classifier('f32')
    data = bytearray(m.bytes(outside=True))
    at = data.find(struct.pack('<Q', 864))  # the size of the first weights, 216 floats
    struct.pack_into('<Q', data, at, 3 << 30)
    yield 'claims_3_gb', bytes(data)
    m = small()
    m.op('ADD', [0, m.tensor([3], 7, b'\0' * 6, name='wide')], [1, 4, 4, 3], {0: i8(0)})
    yield 'int16', m.bytes()


def main():
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'corpus', 'tflite')
    if len(sys.argv) > 1:
        folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    files = {kind: classifier(kind).bytes() for kind in ('f32', 'f16', 'u8', 's8')}
    files |= {'outside': classifier('f32').bytes(outside=True), 'shapes': shapes().bytes(), 'elements': elements().bytes(),
              'labels_stored': with_labels(zipfile.ZIP_STORED), 'labels_deflated': with_labels(zipfile.ZIP_DEFLATED)}
    files |= dict(wrong())
    for name, data in files.items():
        with open(os.path.join(folder, name + '.tflite'), 'wb') as f:
            f.write(data)


if __name__ == '__main__':
    main()
