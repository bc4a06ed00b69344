#!/bin/bash
# bench.sh: a short round of everything, without the peers.
. "$(dirname "$0")/check.sh"
has_elements decodebin vp8dec
bench=$scripts/bench.sh clip=$scripts/media/clip.webm

succeeds "$bench" --help
grep -q -- --quick output || fail "no help"
refuses 'not known' "$bench" --fast
refuses 'needs a value' "$bench" --video
refuses 'no such file' "$bench" --video missing.mkv
refuses 'no such folder' "$bench" --models missing
refuses 'not a number of rounds' "$bench" --rounds many

mkdir none
succeeds "$bench" --quick --models none --video "$clip" --python "$(command -v python3)"
report=$MNET_BUILD/bench/report.md
for line in '## Peak of the CPU' '## Inference' '## Frame to tensor' '## End to end' '## Start and memory'; do
  grep -qxF "$line" "$report" || fail "no '$line' in the report"
done
grep -qE '^\| built-in .* \| 2 \|.* \| [0-9.]+ \|' "$report" || fail "no inference of the built-in model"
grep -qE '^\| 1920x1080, one frame \| 2 \| [0-9.]+ \| [0-9.]+ \|' "$report" || fail "no frame to tensor"
grep -qE '^\| GStreamer, ours \| [0-9.]+ \| [0-9.]+ \|' "$report" || fail "no video"
grep -qE 'first label \| [0-9.]+ ms' "$report" || fail "no start"
grep -qF 'pipelines/bench.sh --quick --models none' "$report" || fail "the command isn't in the report"
