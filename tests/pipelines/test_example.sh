#!/bin/bash
# The C programs of README.md and pipelines/ compile against the installed libraries as pkg-config gives them, and run.
. "$(dirname "$0")/check.sh"
command -v pkg-config >/dev/null || skip "no pkg-config"
succeeds meson install -C "$MNET_BUILD" --no-rebuild --destdir "$folder/installed"
# The libraries look as if they were where they will be installed; here they are below a folder.
find installed -name '*.pc' -exec sed -i "s|^prefix=|&$folder/installed|" {} +
PKG_CONFIG_PATH=$(find "$folder/installed" -name pkgconfig)
LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH")
export PKG_CONFIG_PATH LD_LIBRARY_PATH

awk '/^```c$/ { file = "program" ++n ".c"; next } /^```/ { file = "" } file { print >file }' "$MNET_SOURCE/README.md"
[ -e program2.c ] || fail "README.md doesn't have two programs"
for n in 1 2; do
  package=mnet
  [ $n = 1 ] || package=gstreamer-mobilenet-1.0
  read -ra flags < <(pkg-config --cflags --libs $package)
  succeeds "${CC:-cc}" -Wall -Werror program$n.c -o program$n "${flags[@]}"
done
gst-launch-1.0 -q filesrc location="$scripts/media/clip.webm" ! decodebin ! videoconvert ! \
  video/x-raw,format=RGB,width=640,height=360 ! identity eos-after=2 ! filesink location=frame.rgb
succeeds ./program1 frame.rgb 640 360
grep -q 'cat' output || { cat output; fail "program 1 sees no cat"; }
succeeds ./program2 "$scripts/media/clip.webm"
grep -q 'cat' output || { cat output; fail "program 2 sees no cat"; }

read -ra flags < <(pkg-config --cflags --libs gstreamer-1.0)
succeeds "${CC:-cc}" -Wall -Werror "$scripts/app.c" -o app "${flags[@]}"
succeeds ./app "filesrc location=$scripts/media/clip.webm ! decodebin ! identity eos-after=10"
grep -q 'cat' output || { cat output; fail "app sees no cat"; }
read -ra flags < <(pkg-config --cflags --libs mnet)
succeeds "${CC:-cc}" -Wall -Werror "$scripts/app-engine.c" -o app-engine "${flags[@]}"
succeeds ./app-engine frame.rgb RGB 640 360
grep -q 'cat' output || { cat output; fail "app-engine sees no cat"; }
