#!/bin/bash
# Sets up, builds, and runs every test: as released (build/), under ASan and UBSan (build/asan), and what has threads under
# TSan (build/tsan). Ends with the line `N passed, N failed, N skipped`.
# Tests that need models and media from ../shared skip without them.
set -euo pipefail
. "$(dirname "$0")/../pipelines/setup.sh"
case ${1:-} in
  -h | --help) usage; exit ;;
esac

# Scripts that are tested choose no build by what the caller had set.
unset MNET_BUILD MNET_INSTALL
need "${build_packages[@]}" "${run_packages[@]}" "${file_packages[@]}" gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-x \
  g++ python3 curl
! pkg-config --atleast-version=1.24 gstreamer-1.0 || need "${analytics_packages[@]}"
# For tests that skip without: not every release has them.
need_if_known clang-format-14 indent valgrind "${python_packages[@]}"
# In CI a warning is an error; a contributor's newer compiler may know more warnings, as one that instruments does.
build "$root/build" "-Dwerror=$([ -n "${CI:-}" ] && echo true || echo false)"
build "$root/build/asan" -Db_sanitize=address,undefined -Db_lundef=false
build "$root/build/tsan" -Db_sanitize=thread -Db_lundef=false -Dplugin=auto -Dcamera=disabled

failed=0
# GLib and GStreamer keep what they allocate until the process ends; the scanner of plugins isn't instrumented.
say "testing: as released"
meson test -C "$root/build" --no-rebuild --print-errorlogs || failed=1
say "testing: ASan and UBSan"
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
meson test -C "$root/build/asan" --no-rebuild --print-errorlogs --no-suite plugin --timeout-multiplier 4 || failed=1
ASAN_OPTIONS=detect_leaks=0 GST_REGISTRY_FORK=no CK_TIMEOUT_MULTIPLIER=10 \
  meson test -C "$root/build/asan" --no-rebuild --print-errorlogs --suite plugin --timeout-multiplier 4 --logbase plugin || failed=1
logs=("$root"/build/meson-logs/testlog.json "$root"/build/asan/meson-logs/{testlog,plugin}.json)

# TSan can't start where addresses are more random than it knows, as with newer kernels and older compilers.
tsan_run=
tsan_starts() { $tsan_run "$root/build/tsan/nn/tools/mnet-info" --help >/dev/null 2>&1; }
tsan_starts || tsan_run="setarch -R"
if tsan_starts; then
  say "testing: TSan"
  # The system's plugins, which aren't instrumented, are scanned by a process that isn't either.
  GST_REGISTRY=$root/build/tsan/tests/plugin/registry.bin gst-inspect-1.0 >/dev/null
  GST_REGISTRY_FORK=no CK_TIMEOUT_MULTIPLIER=10 \
    $tsan_run meson test -C "$root/build/tsan" --no-rebuild --print-errorlogs --timeout-multiplier 4 \
    nn/base/threads nn/plan/fuse nn/plan/plan nn/session plugin/{worker,lanes,ahead,live,live_changes,modelcache,streams} || failed=1
  logs+=("$root"/build/tsan/meson-logs/testlog.json)
else
  say "skipped: TSan, which does not start here (vm.mmap_rnd_bits is too large for it)"
fi

exec python3 - $failed "${logs[@]}" <<'END'
import json, sys
results = [json.loads(line)["result"] for log in sys.argv[2:] for line in open(log)]
passed, skipped = (sum(r in kinds for r in results) for kinds in (("OK", "EXPECTEDFAIL"), ("SKIP",)))
failed = max(len(results) - passed - skipped, int(sys.argv[1]))
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(failed > 0)
END
