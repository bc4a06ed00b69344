"""What bench.py compares with: the same model file in the peers' Python packages, and a video through OpenCV.

As a program it is what a user would write without this project, and prints frames, wall and CPU seconds as JSON:
  bench_peers.py VIDEO MODEL THREADS      MODEL `none` only decodes
"""
import importlib.metadata
import json
import sys
import time

PACKAGES = ("numpy", "onnxruntime", "ai-edge-litert", "openvino", "opencv-python-headless")


def versions():
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            pass
    return found


def noise(shape, dtype):
    import numpy as np

    random = np.random.default_rng(1)
    shape = [n if isinstance(n, int) and n > 0 else 1 for n in shape]
    if np.issubdtype(dtype, np.floating):
        return random.random(shape).astype(dtype)
    limits = np.iinfo(dtype)
    return random.integers(limits.min, limits.max, shape, dtype, endpoint=True)


def litert(path, threads):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(path, num_threads=threads)
    interpreter.allocate_tensors()
    for tensor in interpreter.get_input_details():
        interpreter.set_tensor(tensor["index"], noise([int(n) for n in tensor["shape"]], tensor["dtype"]))
    return interpreter.invoke


def onnx_session(path, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def onnx_runtime(path, threads):
    session = onnx_session(path, threads)
    tensor = session.get_inputs()[0]
    dtype = {"tensor(uint8)": "uint8", "tensor(int8)": "int8"}.get(tensor.type, "float32")
    feed = {tensor.name: noise(tensor.shape, dtype)}
    return lambda: session.run(None, feed)


def openvino(path, threads):
    import openvino as ov

    # f32 is asked for: some CPUs would compute float models in bf16, which is another result.
    model = ov.Core().compile_model(path, "CPU", {
        "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32"})
    request = model.create_infer_request()
    tensor = model.inputs[0]
    request.set_input_tensor(ov.Tensor(noise(list(tensor.shape), tensor.element_type.to_dtype())))
    return request.infer


def peers_of(path):
    """Name -> function of path and threads that returns a function: one inference."""
    if path.endswith(".tflite"):
        return {"LiteRT": litert, "OpenVINO": openvino}
    return {"ONNX Runtime": onnx_runtime, "OpenVINO": openvino}


def opencv_area(width, height):
    """1080p and other NV12 frames to a 224x224 RGB tensor, antialiased."""
    import cv2
    import numpy as np

    frame = noise((height * 3 // 2, width), np.uint8)
    size, area = (224, 224), cv2.INTER_AREA
    return lambda: cv2.resize(cv2.cvtColor(frame, cv2.COLOR_YUV2RGB_NV12), size, interpolation=area)


def classifier(path, threads):
    """A function of a square RGB picture, and its side."""
    import numpy as np

    if path.endswith(".onnx"):  # with the built-in model's normalisation
        session = onnx_session(path, threads)
        name, shape = session.get_inputs()[0].name, session.get_inputs()[0].shape
        return lambda rgb: session.run(None, {name: ((rgb.astype(np.float32) - 127) / 128).transpose(2, 0, 1)[None]}), shape[2]
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(path, num_threads=threads)
    interpreter.allocate_tensors()
    tensor, out = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero = tensor["quantization"]

    def classify(rgb):
        values = rgb
        if tensor["dtype"] != np.uint8:
            values = rgb.astype(np.float32) / 127.5 - 1
        if tensor["dtype"] == np.int8:
            values = np.clip(np.round(values / scale + zero), -128, 127)
        interpreter.set_tensor(tensor["index"], values[None].astype(tensor["dtype"]))
        interpreter.invoke()
        return interpreter.get_tensor(out["index"]).argmax()

    return classify, int(tensor["shape"][1])


def classify_video(video, model, threads):
    import cv2

    cv2.setNumThreads(threads)
    classify, side = (None, 0) if model == "none" else classifier(model, threads)
    capture, frames = cv2.VideoCapture(video), 0
    wall, cpu = time.perf_counter(), time.process_time()
    while True:
        found, picture = capture.read()
        if not found:
            break
        frames += 1
        if classify:
            small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
            classify(cv2.cvtColor(small, cv2.COLOR_BGR2RGB))
    return {"frames": frames, "wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


if __name__ == "__main__":
    print(json.dumps(classify_video(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
