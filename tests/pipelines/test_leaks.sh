# A pipeline of all three elements under valgrind: nothing of ours is lost, and nothing of ours reads or writes astray.
# What GLib, fontconfig and the decoders keep until the process ends is theirs.
. "$(dirname "$0")/check.sh"
command -v valgrind >/dev/null || skip "no valgrind"

succeeds env G_SLICE=always-malloc valgrind --leak-check=full --show-leak-kinds=definite,indirect --num-callers=30 \
  --log-file=valgrind.log gst-launch-1.0 -q filesrc location="$scripts/media/clip.webm" ! decodebin ! \
  identity eos-after=12 ! mobilenet interval=3 ! mobilenetoverlay ! mobilenetlog location=log.jsonl ! fakesink
[ "$(wc -l <log.jsonl)" -ge 10 ] || fail "$(wc -l <log.jsonl) lines in the log"
grep -q 'LEAK SUMMARY' valgrind.log || { cat valgrind.log; fail "no leak check"; }
# Each report is a paragraph; one of ours has a frame in our code.
ours=$(sed 's/^==[0-9]*== \{0,1\}//' valgrind.log | awk -v RS= '/(Invalid|uninitialised|lost in loss record)/ && /(mnet_|gst_mobilenet)/')
[ -z "$ours" ] || { printf '%s\n' "$ours"; fail "valgrind reports"; }
