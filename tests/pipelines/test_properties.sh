#!/bin/bash
# README.md names every property of our elements, and no other.
. "$(dirname "$0")/check.sh"
for element in mobilenet mobilenetoverlay mobilenetlog mobilenettext; do
  inherited='name parent qos'
  [ $element != mobilenet ] || inherited='name parent' # its qos is another than the base class's
  gst-inspect-1.0 $element | sed -nE '/^Element Properties:/,$s/^  ([a-z][a-z-]*) *: .*/\1/p' |
    grep -vxF "${inherited// /$'\n'}" | sort >real
  awk -v head="### $element" '/^##/ { inside = $0 == head } inside' "$MNET_SOURCE/README.md" |
    sed -nE 's/^\| `([a-z-]+)` \|.*/\1/p' | sort >written
  [ -s real ] || fail "$element has no properties"
  diff written real || fail "README.md and $element differ (<: in the README only, >: in the element only)"
done
