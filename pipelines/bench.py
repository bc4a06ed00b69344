#!/usr/bin/env python3
"""Measures this project beside its peers and prints tables in Markdown. bench.sh sets up what it needs and calls it.

  bench.py --tools build/nn/tools [--models FOLDER] [--video FILE] [--quick]

All that is compared runs in alternating rounds; a figure is the median over the rounds of a round's median. A peer that
isn't installed, or can't load a model, is left out, and said so on standard error.
"""
import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import time

import bench_peers

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILTIN = os.path.join(ROOT, "nn", "models", "efficientnet_lite0_int8.onnx")
VIDEO_MODEL = "tf2_mobilenet_v2_1.0_224_ptq.tflite"
AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "MNET_CPU": "avx2,fma"}


def skip(what, why):
    print(f"skipped: {what}: {str(why).strip().splitlines()[0][:160] if str(why).strip() else 'failed'}", file=sys.stderr)


def table(head, rows):
    print("| " + " | ".join(head) + " |\n|" + " --- |" * len(head))
    for row in rows:
        print("| " + " | ".join("" if cell is None else str(cell) for cell in row) + " |", flush=True)
    print()


def milliseconds(value):
    return None if value is None else f"{value:.3f}"


def median_of_calls(call, seconds):
    times = []
    call()
    end = time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


class Bench:
    def __init__(self, options):
        self.options = options
        self.rounds = 1 if options.quick else options.rounds
        self.seconds = 0.05 if options.quick else options.seconds

    def tool(self, name, *arguments):
        command = [os.path.join(self.options.tools, name), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def ours(self, *arguments):
        return json.loads(self.tool("mnet-bench", "--json", "--seconds", self.seconds, *arguments))

    def alternate(self, calls):
        """Name -> function that returns a number; name -> median over the rounds."""
        results = {name: [] for name in calls}
        for _ in range(self.rounds):
            for name, call in calls.items():
                results[name].append(call())
        return {name: statistics.median(values) for name, values in results.items()}

    def models(self):
        """Name, argument of our tools, file for the peers."""
        yield "built-in (EfficientNet-Lite0, int8)", "builtin", BUILTIN
        folder = self.options.models
        found = sorted(name for name in os.listdir(folder) if name.endswith((".tflite", ".onnx"))) if folder else []
        for name in found[:1] if self.options.quick else found:
            yield name, os.path.join(folder, name), os.path.join(folder, name)

    def inference(self):
        names = ["OpenVINO"] if self.options.avx2 else ["LiteRT", "ONNX Runtime", "OpenVINO"]
        rows = []
        for title, model, path in self.models():
            for threads in (1, 2):
                calls = {}
                makers = bench_peers.peers_of(path)
                for name in filter(makers.get, names):
                    try:
                        infer = makers[name](path, threads)
                        infer()
                    except Exception as error:  # any of another project's
                        skip(f"{name} on {title}", error)
                        continue
                    calls[name] = lambda infer=infer: median_of_calls(infer, self.seconds)
                calls["ours"] = lambda: self.ours(model, "--threads", threads)["inference_ms"]["median"]
                times = self.alternate(calls)
                ours = times.pop("ours")
                ratio = f"{min(times.values()) / ours:.2f}" if times else None
                rows.append([title, threads, *(milliseconds(times.get(name)) for name in names), milliseconds(ours), ratio])
        print("Ratio: the fastest peer's time by ours; over 1, ours is faster.\n")
        table(["ms an inference", "threads", *names, "ours", "ratio"], rows)

    def frames(self):
        rows = []
        sizes = [(1920, 1080)] if self.options.quick else [(640, 480), (1920, 1080), (3840, 2160)]
        for width, height in sizes:
            try:
                area = bench_peers.opencv_area(width, height)
                opencv = milliseconds(median_of_calls(area, self.seconds))
            except ImportError as error:
                skip("OpenCV's resize", error)
                opencv = None
            for threads in (1, 2):
                for n_frames, where in ((1, "one frame"), (16, "16 in turn")):
                    frame = ("--frame", f"NV12:{width}x{height}", "--frames", n_frames, "--threads", threads)
                    runs = [self.ours(*frame) for _ in range(self.rounds)]
                    ours = statistics.median(run["preprocess_ms"]["median"] for run in runs)
                    read = statistics.median(run["read_ms"]["median"] for run in runs)
                    rows.append([f"{width}x{height}, {where}", threads, milliseconds(read), milliseconds(ours),
                                 f"{ours / read:.2f}", opencv])
        table(["ms from NV12 to 224x224 RGB, antialiased", "threads", "reading the frame", "ours", "ours / reading",
               "OpenCV, colours and area"], rows)

    def pipeline(self, *elements):
        """Wall and CPU seconds of a whole gst-launch-1.0 process."""
        command = ["gst-launch-1.0", "-q", "filesrc", f"location={self.options.video}", "!", "decodebin", "!", *elements,
                   "fakesink", "sync=false"]
        start, before = time.perf_counter(), os.times()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        return {"wall": time.perf_counter() - start, "cpu": cpu}

    def peer_video(self, model):
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bench_peers.py")
        command = [sys.executable, program, self.options.video, model, "2"]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    def video(self):
        model = os.path.join(self.options.models or "", VIDEO_MODEL)
        ours, path, peer = (model, model, "LiteRT") if os.path.isfile(model) else ("builtin", BUILTIN, "ONNX Runtime")
        element = ("mobilenet", "threads=2", *([f"model={ours}"] if ours != "builtin" else []), "!")
        calls = {"GStreamer, decoding alone": self.pipeline, "GStreamer, ours": lambda: self.pipeline(*element)}
        if {"opencv-python-headless", "ai-edge-litert" if peer == "LiteRT" else "onnxruntime"} <= set(bench_peers.versions()):
            calls["OpenCV, decoding alone"] = lambda: self.peer_video("none")
            calls[f"OpenCV, {peer}"] = lambda: self.peer_video(path)
        else:
            skip("a video through OpenCV", "not installed")
        results = {name: [] for name in calls}
        for _ in range(min(self.rounds, 3)):
            for name, call in calls.items():
                results[name].append(call())
        median = {name: {what: statistics.median(run[what] for run in runs) for what in ("wall", "cpu")}
                  for name, runs in results.items()}
        rows = []
        for name, of in median.items():
            alone = name.split(",")[0] + ", decoding alone"
            rows.append([name, f"{of['wall']:.2f}", f"{of['cpu']:.2f}",
                         None if name == alone else f"{of['cpu'] - median[alone]['cpu']:.2f}"])
        print(f"{os.path.basename(self.options.video)} with {os.path.basename(path)}; 2 threads; GStreamer's figures are of "
              "the whole process, OpenCV's from the first frame on.\n")
        table(["seconds", "wall", "CPU", "CPU besides decoding"], rows)

    def process(self):
        picture = os.path.join(self.options.work, "picture.ppm")
        width, height = 640, 480
        with open(picture, "wb") as file:
            file.write(b"P6 %d %d 255\n" % (width, height))
            file.write(bytes((x ^ y) & 255 for y in range(height) for x in range(width) for _ in range(3)))
        self.tool("mnet-run", "builtin", picture)
        starts = []
        for _ in range(3 if self.options.quick else 21):
            start = time.perf_counter()
            self.tool("mnet-run", "builtin", picture)
            starts.append((time.perf_counter() - start) * 1e3)
        memory = self.ours("builtin")["peak_memory_mib"]
        table(["built-in model", ""], [
            ["start of a process to its first label", f"{statistics.median(starts):.1f} ms"],
            ["peak memory of mnet-bench", f"{memory:.1f} MiB"]])

    def peak(self):
        rows = [[threads, *(f"{value:.1f}" for value in self.ours("--peak", "--threads", threads)["peak_gmacs"].values())]
                for threads in (1, 2)]
        table(["threads", "f32 GMAC/s", "int8 GMAC/s"], rows)


def cpu_name():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith(("model name", "Model")))
    except (OSError, StopIteration):
        return platform.machine()


def features(bench):
    return json.loads(bench.tool("mnet-bench", "--peak", "--json"))["cpu"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tools", required=True, help="folder of mnet-bench and mnet-run")
    parser.add_argument("--models", help="folder of .tflite and .onnx files; without it the built-in model alone")
    parser.add_argument("--video", help="without it nothing runs end to end")
    parser.add_argument("--work", default=".", help="folder for what is written")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.4, help="of each engine in each round")
    parser.add_argument("--quick", action="store_true", help="one short round of each: whether all works, not how fast")
    parser.add_argument("--avx2", action="store_true", help="inference alone, ours and the peer that can be limited to AVX2")
    parser.add_argument("--command", default="pipelines/bench.py", help="what the report says it was made by")
    options = parser.parse_args()
    os.makedirs(options.work, exist_ok=True)
    if options.avx2:
        os.environ.update(AVX2)
    bench = Bench(options)
    if options.avx2:
        print("## Inference, limited to AVX2 (LiteRT and ONNX Runtime can't be)\n")
        bench.inference()
        return
    peers = ", ".join(f"{name} {version}" for name, version in bench_peers.versions().items()) or "none"
    print(f"# Benchmark\n\n- CPU: {cpu_name()}, {os.cpu_count()} cores; {features(bench)}\n"
          f"- {datetime.date.today()}, {platform.system()} {platform.release()}, Python {platform.python_version()}\n"
          f"- peers: {peers}\n- command: `{options.command}`\n")
    for title, run in (("Peak of the CPU", bench.peak), ("Inference", bench.inference), ("Frame to tensor", bench.frames),
                       ("End to end", bench.video), ("Start and memory", bench.process)):
        if run == bench.video and not options.video:
            skip("end to end", "no video")
            continue
        print(f"## {title}\n", flush=True)
        run()


main()
