# A pipeline of all three elements under valgrind: nothing of ours is lost, and nothing of ours reads or writes astray.
# What GLib and fontconfig keep until the process ends is theirs.
. "$(dirname "$0")/check.sh"
command -v valgrind >/dev/null || skip "no valgrind"

succeeds env G_SLICE=always-malloc valgrind --leak-check=full --show-leak-kinds=definite,indirect --num-callers=30 \
  --log-file=valgrind.log gst-launch-1.0 -q videotestsrc num-buffers=12 ! video/x-raw,format=NV12,width=640,height=360 ! \
  mobilenet interval=3 threshold=0 ! mobilenetoverlay min-probability=0 ! mobilenetlog location=log.jsonl ! fakesink
[ "$(wc -l <log.jsonl)" = 12 ] || fail "$(wc -l <log.jsonl) lines in the log"
grep -q 'LEAK SUMMARY' valgrind.log || { cat valgrind.log; fail "no leak check"; }
# Each report is a paragraph; one of ours has a frame in our code.
ours=$(sed 's/^==[0-9]*== \{0,1\}//' valgrind.log | awk -v RS= '/(Invalid|uninitialised|lost in loss record)/ && /(mnet_|gst_mobilenet)/')
[ -z "$ours" ] || { printf '%s\n' "$ours"; fail "valgrind reports"; }
