# Sourced by the tests: a folder of their own, the scripts, and checks. MNET_SOURCE and MNET_BUILD come from meson.
set -euo pipefail
scripts=$MNET_SOURCE/pipelines
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

export MNET_INSTALL=no GST_PLUGIN_PATH=$MNET_BUILD/plugin GST_REGISTRY=$MNET_BUILD/tests-registry.bin

fail() { printf 'FAILED: %s\n' "$*"; exit 1; }
skip() { printf 'skipped: %s\n' "$*"; exit 77; }

# succeeds COMMAND...
succeeds() { "$@" >output 2>&1 || { cat output; fail "$*"; }; }

# refuses TEXT COMMAND...: it must fail, and say TEXT.
refuses() {
  local text=$1 status=0
  shift
  "$@" >output 2>&1 || status=$?
  [ $status != 0 ] || fail "succeeded: $*"
  grep -qF -- "$text" output || { cat output; fail "doesn't say '$text': $*"; }
}

# has_elements NAME...: skips the test where one is missing.
has_elements() {
  local name
  for name in "$@"; do
    gst-inspect-1.0 --exists "$name" || skip "no element $name"
  done
}

# streams FILE: its video and audio codecs, one a line.
streams() { gst-discoverer-1.0 "$1" | sed -nE 's/^ +((video|audio) #).*: (.*)/\1 \3/p' | sed 's/ #//'; }
