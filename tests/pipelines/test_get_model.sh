#!/bin/bash
# get-model.sh: the list, a local copy, a wrong hash, a download that goes on, no network.
. "$(dirname "$0")/check.sh"
name=mobilenet_v1_0.25_128_quant
get=$scripts/get-model.sh

succeeds "$get" --list
grep -q "^$name .*Apache-2.0" output || fail "not in the list"
refuses 'no such model' "$get" mobilenet_v9
refuses 'no such option' "$get" --form .
refuses 'no such file' "$get" $name --from . --to out
mkdir wrong
echo junk >wrong/$name.tflite
refuses 'SHA-256' "$get" $name --from wrong --to out
[ -z "$(ls out)" ] || fail "a wrong file stays behind"
# A proxy where nobody listens is a machine without a network.
refuses 'could not be downloaded' env https_proxy=http://127.0.0.1:9 "$get" $name --to out

[ -e "$MNET_SHARED/models/$name.tflite" ] || skip "no models in MNET_SHARED; the rest was tested"
succeeds "$get" $name --from "$MNET_SHARED/models" --to out
line=$(grep '^gst-launch-1.0' output)
cmp "$MNET_SHARED/models/$name.tflite" out/$name.tflite
video=$scripts/media/clip.webm
eval "${line/VIDEO/\$video}" 2>/dev/null | head -n 3 >log || true
[ "$(grep -c '"label":"' log)" = 3 ] || fail "the line that it prints doesn't work: $line"

# The other half of an interrupted download, from a server that knows ranges.
python3 - "$MNET_SHARED/models" port <<'END' &
import http.server, os, sys
class Ranges(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        data = open(os.path.join(sys.argv[1], os.path.basename(self.path)), "rb").read()
        wanted = self.headers.get("Range")
        start = int(wanted[len("bytes="):].split("-")[0]) if wanted else 0
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        self.wfile.write(data[start:])
    def log_message(self, form, *values):
        print("server:", self.path, self.headers.get("Range"), file=open("requests", "a"))
server = http.server.HTTPServer(("127.0.0.1", 0), Ranges)
open("port.new", "w").write(str(server.server_port))
os.rename("port.new", "port")
server.serve_forever()
END
server=$!
trap 'kill $server; rm -rf "$folder"' EXIT
until [ -e port ]; do sleep 0.1; done
mkdir pipelines
cp "$scripts/setup.sh" pipelines
sed "s|^base=.*|base=http://127.0.0.1:$(cat port)|" "$get" >pipelines/get-model.sh
for tool in curl wget; do
  command -v $tool >/dev/null || continue
  mkdir -p $tool
  head -c 100000 "$MNET_SHARED/models/$name.tflite" >$tool/$name.tflite.part
  mkdir -p only-$tool
  for needed in bash awk sed cat sha256sum dirname mkdir mv rm $tool; do ln -sf "$(command -v $needed)" only-$tool; done
  succeeds env no_proxy=127.0.0.1 PATH="$folder/only-$tool" bash pipelines/get-model.sh $name --to $tool
  cmp "$MNET_SHARED/models/$name.tflite" $tool/$name.tflite
done
grep -q 'bytes=100000-' requests || fail "the download didn't go on"
