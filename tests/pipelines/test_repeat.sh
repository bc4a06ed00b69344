#!/bin/bash
# Two runs over a file write the same log, byte for byte, with any number of threads.
. "$(dirname "$0")/check.sh"
log() {
  local file=$1
  shift
  succeeds timeout 120 gst-launch-1.0 -q filesrc location="$MNET_SOURCE/pipelines/media/clip.webm" ! decodebin ! \
    mobilenet mode=sync "$@" ! mobilenetlog timing=false location="$file" ! fakesink sync=false
}
for settings in '' 'smoothing=300 enter-threshold=0.2 unknown=on' 'max-rate=7 static-threshold=2'; do
  # shellcheck disable=SC2086
  log first.jsonl threads=1 $settings
  [ "$(wc -l <first.jsonl)" = 300 ] || fail "$(wc -l <first.jsonl) lines"
  for threads in 1 2 3; do
    # shellcheck disable=SC2086
    log again.jsonl threads=$threads $settings
    cmp first.jsonl again.jsonl || fail "another log with threads=$threads $settings"
  done
done
