#!/usr/bin/env python3
"""Dependencies point one way: checks each #include of the sources against the layers. test_layers.py ROOT"""
import os
import re
import sys

# A folder of nn/ may include itself, nn/mnet.h, and what is named here, with all that stands below it.
BELOW = {
    "base": [],
    "graph": ["base"],
    "load": ["graph"],
    "opt": ["ops"],  # a table is made by running the ops themselves
    "kernels": ["base"],
    "ops": ["graph", "kernels"],
    "plan": ["ops"],
    "image": ["kernels"],
    "models": ["base"],
}
TOP = list(BELOW)  # of model.c, session.c and the tools, which include any
INTRINSICS = re.compile(r"^(\w*mmintrin|x86intrin|x86gprintrin|cpuid|arm_\w+)\.h$")
OUTSIDE = re.compile(r"^(gst|glib|gio|gobject|gmodule|pango|cairo|json-glib)\b")
PROTOBUF = re.compile(r"^protobuf-c/|\.pb-c\.h$")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def allowed(folder):
    folders = {folder}
    for below in BELOW[folder]:
        folders |= allowed(below)
    return folders


def engine_breaks(path, name):
    """What is wrong with a file of nn/ that includes `name`; None where nothing is."""
    folder = path.split("/")[1] if path.count("/") > 1 else None
    if OUTSIDE.match(name):
        return "the engine knows no GLib, GStreamer or drawing"
    if INTRINSICS.match(name) and path != "nn/base/cpu.c":
        if not path.startswith(("nn/kernels/x86/", "nn/kernels/arm/")):
            return "intrinsics only under nn/kernels/x86/ and nn/kernels/arm/"
    if PROTOBUF.match(name) and folder != "load":
        return "only the loader knows protobuf"
    if name.startswith(("plugin/", "tests/", "pipelines/")):
        return "the engine stands below this"
    if name.startswith("nn/") and name.count("/") > 1:
        target = name.split("/")[1]
        if folder in BELOW and target not in allowed(folder):
            return f"nn/{folder} stands below nn/{target}, or beside it"
        if target == "tools" and folder != "tools":
            return "nothing includes the tools"
    elif name.startswith("nn/") and name != "nn/mnet.h" and folder in BELOW:
        return f"nn/{folder} stands below the files of nn/"
    return None


def breaks(path, name):
    if path.startswith("nn/"):
        return engine_breaks(path, name)
    if path.startswith(("plugin/", "pipelines/")) and name.startswith("nn/") and name != "nn/mnet.h":
        return "only nn/mnet.h is for use outside the engine"
    if path.startswith("plugin/") and name.startswith(("tests/", "pipelines/")):
        return "the plugin stands below this"
    if path.startswith("plugin/meta/") and name.startswith("plugin/"):
        if not name.startswith("plugin/meta/"):
            return "the meta library stands alone"
    return None


def check_file(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        includes = INCLUDE.findall(file.read())
    for _, name in includes:
        reason = breaks(path, name)
        if reason:
            yield f"{path} includes {name}: {reason}"
    for quote, name in includes:
        if quote == "<" or "/" not in name or name.endswith(".pb-c.h"):  # the last is generated
            continue
        if not os.path.exists(os.path.join(root, name)):
            yield f"{path} includes {name}: paths are from the repository's root"
    own = os.path.splitext(path)[0] + ".h"
    if path.startswith(("nn/", "plugin/")) and path.endswith(".c") and os.path.exists(os.path.join(root, own)):
        if not includes or includes[0][1] != own:
            yield f"{path}: its own header comes first"


def check_the_check():
    for path, name in (
        ("nn/base/arena.c", "nn/graph/graph.h"),
        ("nn/graph/shape.c", "nn/ops/op.h"),
        ("nn/kernels/gemm.c", "nn/graph/graph.h"),
        ("nn/kernels/gemm.c", "immintrin.h"),
        ("nn/ops/conv.c", "arm_neon.h"),
        ("nn/ops/conv.c", "nn/model.h"),
        ("nn/plan/run.c", "nn/load/load.h"),
        ("nn/plan/run.c", "protobuf-c/protobuf-c.h"),
        ("nn/model.c", "nn/tools/tool.h"),
        ("nn/session.c", "glib.h"),
        ("plugin/classify/classifier.c", "nn/base/status.h"),
        ("plugin/meta/gstmobilenetmeta.c", "plugin/classify/settings.h"),
    ):
        assert breaks(path, name), f"{path} may not include {name}"
    for path, name in (
        ("nn/plan/run.c", "nn/kernels/gemm.h"),
        ("nn/base/cpu.c", "cpuid.h"),
        ("nn/kernels/x86/gemm_f32_avx2.c", "immintrin.h"),
        ("nn/model.c", "nn/load/load.h"),
        ("nn/base/status.h", "nn/mnet.h"),
        ("plugin/classify/classifier.c", "nn/mnet.h"),
    ):
        assert not breaks(path, name), f"{path} may include {name}"


def main():
    root = sys.argv[1]
    check_the_check()
    files = 0
    broken = []
    for top in ("nn", "plugin", "pipelines", "tests"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in sorted(names):
                if name.endswith((".c", ".h", ".cpp")):
                    files += 1
                    broken += check_file(root, os.path.relpath(os.path.join(folder, name), root))
    print("\n".join(broken) or f"{files} files hold to the layers")
    sys.exit(bool(broken) or files < 50)


main()
