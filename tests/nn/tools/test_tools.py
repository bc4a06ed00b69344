#!/usr/bin/env python3
"""The command-line tools, as a user calls them. test_tools.py FOLDER-OF-TOOLS CORPUS"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

TOOLS, CORPUS = sys.argv[1:3]
MODEL = os.path.join(CORPUS, "tflite", "u8.tflite")  # 8x8x3 bytes in, 4 bytes out


def call(tool, *arguments, **options):
    command = [os.path.join(TOOLS, tool), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **options)


class Case(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def succeeds(self, *call_of, **options):
        run = call(*call_of, **options)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return run.stdout

    def fails(self, message, *call_of):
        """One line on standard error, led by the tool's name; nothing else."""
        run = call(*call_of)
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertRegex(run.stderr, rf"\A{call_of[0]}: [^\n]*{message}[^\n]*\n\Z")


def gradient(width, height, channels):
    return bytes((x * 7 + y * 3 + c * 50) % 256 for y in range(height) for x in range(width) for c in range(channels))


class Run(Case):
    def picture(self, name="picture.ppm", width=40, height=30, head=b"P6\n%d %d\n255\n"):
        channels = 3 if head.startswith(b"P6") else 1
        return self.write(name, head % (width, height) + gradient(width, height, channels))

    def test_labels_of_a_picture(self):
        lines = self.succeeds("mnet-run", "builtin", self.picture()).splitlines()
        self.assertEqual(len(lines), 5)
        found = [re.fullmatch(r"([01]\.\d{4}) +(\d+) (\S.*)", line).groups() for line in lines]
        probabilities = [float(probability) for probability, _, _ in found]
        self.assertEqual(probabilities, sorted(probabilities, reverse=True))
        self.assertLess(sum(probabilities), 1.001)
        self.assertTrue(all(int(index) < 1000 for _, index, _ in found))

    def test_options(self):
        labels = self.write("labels.txt", b"zero\none\ntwo\nthree\n")
        picture = self.picture()
        lines = self.succeeds("mnet-run", "--labels", labels, "--top", 2, MODEL, picture).splitlines()
        names = ["zero", "one", "two", "three"]
        self.assertEqual(len(lines), 2)
        for line in lines:
            _, index, name = line.split(maxsplit=2)
            self.assertEqual(name, names[int(index)])
        alike = {self.succeeds("mnet-run", "--threads", n, "builtin", picture) for n in (0, 1, 3)}
        self.assertEqual(len(alike), 1)
        for fit in ("stretch", "crop", "letterbox"):
            for resize in ("antialias", "bilinear", "nearest"):
                self.succeeds("mnet-run", "--fit", fit, "--resize", resize, MODEL, picture)
        self.assertTrue(self.succeeds("mnet-run", "--no-optimization", MODEL, picture))

    def test_grey_picture_with_comments(self):
        picture = self.picture("grey.pgm", head=b"P5 # made by hand\n#\n%d\t%d # size\n255\n")
        self.assertTrue(self.succeeds("mnet-run", MODEL, picture))

    def test_raw_tensors(self):
        tensor = self.write("in.bin", gradient(8, 8, 3))
        out = self.path("out.bin")
        self.assertEqual(self.succeeds("mnet-run", MODEL, "--input", tensor, "--output", out), "")
        output = self.read("out.bin")
        self.assertEqual(len(output), 4)
        self.assertAlmostEqual(sum(output), 256, delta=3)  # of a softmax in steps of 1/256
        # An 8x8 picture is that tensor: the quantisation takes pixel bytes as they are.
        picture = self.write("same.ppm", b"P6 8 8 255\n" + gradient(8, 8, 3))
        lines = self.succeeds("mnet-run", "--top", 4, MODEL, picture).splitlines()
        for line in lines:
            probability, index = line.split()[:2]
            self.assertAlmostEqual(float(probability), output[int(index)] / 256, delta=1e-4)
        self.assertEqual(len(lines), 4)

    def test_wrong_sizes(self):
        out = self.path("out.bin")
        for size in (0, 191, 193):
            tensor = self.write("in.bin", bytes(size))
            self.fails(f"192 bytes.*{size}", "mnet-run", MODEL, "--input", tensor, "--output", out)
        self.assertFalse(os.path.exists(out))

    def test_files_that_cannot_be(self):
        tensor = self.write("in.bin", bytes(192))
        missing = self.path("none/at.all")
        out = self.path("out.bin")
        self.fails("No such file", "mnet-run", MODEL, "--input", missing, "--output", out)
        self.fails("No such file", "mnet-run", MODEL, "--input", tensor, "--output", missing)
        self.fails("No such file", "mnet-run", missing, "--input", tensor, "--output", out)
        self.fails("No such file", "mnet-run", MODEL, missing)
        self.fails("No such file", "mnet-run", "--labels", missing, MODEL, self.picture())
        self.fails("directory", "mnet-run", MODEL, self.folder)
        if os.path.exists("/dev/full"):
            self.fails("No space", "mnet-run", MODEL, "--input", tensor, "--output", "/dev/full")
            with open("/dev/full", "w") as full:
                command = [os.path.join(TOOLS, "mnet-run"), MODEL, self.picture()]
                self.assertEqual(subprocess.run(command, stdout=full, stderr=subprocess.PIPE).returncode, 1)

    def test_broken_pictures(self):
        whole = b"P6 4 4 255\n" + gradient(4, 4, 3)
        for data, message in (
            (b"", "not a binary PPM"),
            (b"P", "not a binary PPM"),
            (b"P3\n1 1\n255\n1 2 3\n", "not a binary PPM"),
            (b"\xff\xd8\xff\xe0 JFIF", "not a binary PPM"),
            (b"P6", "can be read"),
            (b"P6 4", "can be read"),
            (b"P6 4 4", "can be read"),
            (b"P6 0 4 255\n", "can be read"),
            (b"P6 -4 4 255\n", "can be read"),
            (b"P6 99999999999 4 255\n", "can be read"),
            (b"P6 8193 1 255\n", "can be read"),
            (b"P6 4 4 65535\n" + bytes(96), "can be read"),
            (b"P6 8192 8192 255\n", "truncated"),
            (b"P6 4 4 255", "truncated"),
            (whole[:-1], "truncated"),
            (b"P6 # a comment without an end", "can be read"),
        ):
            with self.subTest(data[:20]):
                self.fails(message, "mnet-run", MODEL, self.write("broken.ppm", data))
        self.assertTrue(self.succeeds("mnet-run", MODEL, self.write("whole.ppm", whole)))


class Info(Case):
    def test_builtin(self):
        text = self.succeeds("mnet-info", "builtin")
        for line in (
            r"model +builtin \(ONNX\)",
            r"input +224x224, 3 channels, f32, NCHW",
            r"normalisation +mean 127 127 127, scale 0\.0078125 .*from ONNX metadata.*",
            r"output +1000 classes, f32",
            r"embedding +1280",
            r"labels +built-in",
            r"parameters +4\.\d+ M",
            r"MACs +38\d\.\d M",
            r"arena +\d+ KiB a session",
            r"weights +\d+ KiB, shared",
            r"cpu +\S+",
            r"passes",
            r"qdq: \d+ made integer",
            r"steps",
        ):
            self.assertRegex(text, rf"(?m)^{line}$")
        self.assertGreater(len(text[text.index("\nsteps\n") :].splitlines()), 40)

    def test_quantisation(self):
        text = self.succeeds("mnet-info", MODEL)
        self.assertIn("real = (q - 128) * 0.0078125\n", text)
        self.assertIn("real = (q - 0) * 0.00390625\n", text)

    def test_cpu_mask(self):
        text = self.succeeds("mnet-info", MODEL, env={**os.environ, "MNET_CPU": "c"})
        self.assertRegex(text, r"(?m)^cpu +c$")

    def test_cpu_mask_of_unknown_names(self):
        run = call("mnet-info", MODEL, env={**os.environ, "MNET_CPU": "avx1,sse,neon"})
        self.assertEqual(run.returncode, 0)
        self.assertRegex(run.stderr, r"\Amnet: MNET_CPU: no feature is called 'avx1'; known are c,avx2,[^\n]*\n\Z")

    def test_without_optimisation(self):
        self.assertIn("\nsteps\n", self.succeeds("mnet-info", "--no-optimization", MODEL))

    def test_wrong_models(self):
        self.fails("two_inputs.tflite: has 2 inputs", "mnet-info", CORPUS + "/tflite/two_inputs.tflite")
        self.fails("is a directory", "mnet-info", CORPUS)


class Bench(Case):
    def check(self, text, what, threads):
        result = json.loads(text)
        times = result[what]
        self.assertEqual(set(times), {"min", "median", "p99"})
        self.assertTrue(0 < times["min"] <= times["median"] <= times["p99"], times)
        self.assertGreater(result["runs"], 0)
        self.assertGreater(result["peak_memory_mib"], 1)
        self.assertEqual(result["threads"], threads)
        return result

    def test_model(self):
        for threads in (1, 2):
            call_of = ("mnet-bench", MODEL, "--threads", threads, "--seconds", 0.05, "--json")
            result = self.check(self.succeeds(*call_of), "inference_ms", threads)
            self.assertGreater(result["load_ms"], 0)
        text = self.succeeds("mnet-bench", "--seconds", 0, "builtin")
        self.assertRegex(text, r"inference_ms +min [\d.]+ +median [\d.]+ +p99 [\d.]+")

    def test_frame(self):
        for frame in ("NV12:641x361", "RGB:64x64", "GRAY8:1x1", "I420_10LE:33x17", "RGBP:9x9"):
            call_of = ("mnet-bench", "--frame", frame, "--seconds", 0.02, "--json")
            self.check(self.succeeds(*call_of), "preprocess_ms", 1)
        for resize in ("bilinear", "nearest"):
            call_of = ("mnet-bench", "--frame", "NV12:320x240", "--resize", resize, "--size", 96, "--threads", 2)
            self.check(self.succeeds(*call_of, "--seconds", 0.02, "--json"), "preprocess_ms", 2)

    def test_wrong_frames(self):
        for frame in ("", "NV12", "NV12:0x5", "NV12:5x", "NV12:5x5x", "WEBP:5x5", "NV12:9000x5", "NV12:-5x5"):
            with self.subTest(frame):
                self.fails("--frame", "mnet-bench", "--frame", frame)


    def test_profile(self):
        text = self.succeeds("mnet-bench", "--profile", "--seconds", 0.1, "builtin")
        head, steps, kernels = re.split(r"\n +(?=ms)|\n\n", text, maxsplit=2)
        self.assertRegex(head, r"\Abuiltin, 1 thread, .*; peak [\d.]+ f32, [\d.]+ qs8 GMAC/s; medians of \d+ runs")
        rows = [line.split() for line in steps.splitlines()[1:]]
        total = rows.pop()
        self.assertEqual(total[0], "sum")
        self.assertEqual([row[0] for row in rows], [str(i) for i in range(len(rows))])
        times = [float(row[1]) for row in rows]
        self.assertGreater(max(times), 0)
        self.assertAlmostEqual(sum(times), float(total[1]), delta=1e-4 * len(rows))
        sums = [line.split() for line in kernels.splitlines()[1:]]
        self.assertEqual({row[-1] for row in sums}, {row[5] for row in rows})
        self.assertEqual(sum(int(row[-2]) for row in sums), len(rows))
        ordered = [float(row[0]) for row in sums]
        self.assertEqual(ordered, sorted(ordered, reverse=True))
        self.assertTrue(self.succeeds("mnet-bench", "--profile", "--seconds", 0, "--threads", 2, MODEL))

    def test_peak(self):
        for more in ((), ("--cpu", "c")):
            result = json.loads(self.succeeds("mnet-bench", "--peak", "--json", *more))
            self.assertEqual(set(result["peak_gmacs"]), {"f32", "qs8"})
            self.assertGreater(min(result["peak_gmacs"].values()), 0.1)
            self.assertTrue({"peak_f32_c", "peak_qs8_c"} <= set(result["kernels"]))
            self.assertGreater(min(result["kernels"].values()), 0.1)
            self.assertEqual(len(result["kernels"]) == 2, result["cpu"] == "c")
        self.assertRegex(self.succeeds("mnet-bench", "--peak"), r"(?m)^qs8 +[\d.]+ GMAC/s +peak_qs8_\w+$")

    def test_cpu_mask(self):
        text = self.succeeds("mnet-bench", "--cpu", "c", "--seconds", 0, "--json", MODEL)
        self.assertEqual(json.loads(text)["cpu"], "c")


class Arguments(Case):
    def test_help(self):
        for tool in ("mnet-run", "mnet-info", "mnet-bench"):
            for option in ("--help", "-h"):
                self.assertRegex(self.succeeds(tool, option), rf"\Ausage: {tool} ")

    def test_misuse(self):
        """Usage on standard error, and 2."""
        for call_of in (
            ("mnet-run",),
            ("mnet-run", MODEL),
            ("mnet-run", MODEL, "--input", "x"),
            ("mnet-run", MODEL, "picture", "--input", "x", "--output", "y"),
            ("mnet-run", "--nonsense"),
            ("mnet-info",),
            ("mnet-info", MODEL, MODEL),
            ("mnet-bench",),
            ("mnet-bench", MODEL, "--frame", "NV12:8x8"),
            ("mnet-bench", MODEL, "--peak"),
            ("mnet-bench", MODEL, "--profile", "--json"),
            ("mnet-bench", "--peak", "--frame", "NV12:8x8"),
        ):
            with self.subTest(call_of):
                run = call(*call_of)
                self.assertEqual((run.returncode, run.stdout), (2, ""))
                self.assertIn(f"usage: {call_of[0]} ", run.stderr)

    def test_numbers(self):
        for option in ("--threads", "--seconds"):
            for value in ("", "x", "-1", "1x", "99999999999999999999"):
                with self.subTest(option, value=value):
                    self.fails(option, "mnet-bench", f"{option}={value}", MODEL)
        self.fails("--seconds", "mnet-bench", "--seconds=nan", MODEL)
        self.fails("--top", "mnet-run", "--top=0", MODEL, "picture")
        self.fails("--fit 'wide'", "mnet-run", "--fit", "wide", MODEL, "picture")
        self.fails("--resize 'best'", "mnet-run", "--resize", "best", MODEL, "picture")


del sys.argv[1:3]
unittest.main(verbosity=2)
