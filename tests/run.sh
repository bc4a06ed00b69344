#!/bin/bash
# Sets up, builds, and runs every test: as released (build/), and the engine under ASan and UBSan (build/asan).
# Ends with the line `N passed, N failed, N skipped`. Tests that need models and media from ../shared skip without them.
set -euo pipefail
. "$(dirname "$0")/../pipelines/setup.sh"

need "${build_packages[@]}" "${run_packages[@]}" gstreamer1.0-libav gstreamer1.0-plugins-bad python3 file
# In CI a warning is an error; a contributor's newer compiler may know more warnings.
strict=()
[ -z "${CI:-}" ] || strict=(-Dwerror=true)
mkdir -p "$root/build"
build "$root/build" "${strict[@]}"
mkdir -p "$root/build/asan"
build "$root/build/asan" -Db_sanitize=address,undefined -Db_lundef=false -Dplugin=disabled "${strict[@]}"

say "testing"
failed=0
meson test -C "$root/build" --no-rebuild --print-errorlogs || failed=1
meson test -C "$root/build/asan" --no-rebuild --print-errorlogs || failed=1

exec python3 - $failed "$root"/build/meson-logs/testlog.json "$root"/build/asan/meson-logs/testlog.json <<'END'
import json, sys
results = [json.loads(line)["result"] for log in sys.argv[2:] for line in open(log)]
passed, skipped = (sum(r in kinds for r in results) for kinds in (("OK", "EXPECTEDFAIL"), ("SKIP",)))
failed = max(len(results) - passed - skipped, int(sys.argv[1]))
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(failed > 0)
END
