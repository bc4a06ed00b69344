#!/bin/bash
# Fetches an official MobileNet, and says how it is used. The built-in model needs none of this.
#   pipelines/get-model.sh [--list]                 what there is
#   pipelines/get-model.sh NAME                     downloads it and its labels; goes on where it was interrupted
#     --to FOLDER      instead of ~/.local/share/mobilenet (of $XDG_DATA_HOME)
#     --from FOLDER    takes the files from there, without a network
# Every file is checked by its SHA-256.
set -euo pipefail
. "$(dirname "$0")/setup.sh"

base=https://github.com/google-coral/test_data/raw/104342d2d3480b3e66203073dac24f4e2dbb4c41
# name | SHA-256 of NAME.tflite | what it is. All: Apache-2.0; labels: imagenet_labels.txt, 1001 lines for 1001 outputs.
table='mobilenet_v1_0.25_128_quant | cb273c23ee76374b05b9583177e28aa19744858a7679c56a250e83d0333da785 | MobileNetV1, width 0.25, 128x128, uint8
mobilenet_v1_0.5_160_quant | 3cc6d2ca460abd2e0f699a6d0d2550c6b61c6e3b0e27a3616e384ea74cb86f43 | MobileNetV1, width 0.5, 160x160, uint8
mobilenet_v2_1.0_224_quant | 7aad0c74c5e3c06e5eb3c827e13304fdd68a83da6087d92ee169c24ff9fd4776 | MobileNetV2, width 1.0, 224x224, uint8
tf2_mobilenet_v2_1.0_224_ptq | 5d3137241276e79c86d14a74fe43581398ae0e815191d3dba45495b810840e8c | MobileNetV2, width 1.0, 224x224, int8 inside'
licence=Apache-2.0
labels=imagenet_labels.txt
labels_hash=b8aaeb5630c62626a7d124a05c0e14230a7ffdd2136a31d0190a4fb71c1d82f1

list() {
  local name hash what
  while IFS='|' read -r name hash what; do
    printf '%-30s%s; ImageNet; %s\n' "$name" "$what" "$licence"
  done <<<"$table"
}

# hash_is FILE SHA-256
hash_is() { [ "$(sha256sum <"$1")" = "$2  -" ]; }

# download URL FILE: goes on after what FILE has already.
download() {
  if command -v curl >/dev/null; then
    curl --fail --location --silent --show-error --connect-timeout 20 --retry 2 --continue-at - --output "$2" "$1"
  elif command -v wget >/dev/null; then
    wget --quiet --timeout 20 --tries 3 --continue --output-document "$2" "$1"
  else
    need curl ca-certificates
    download "$@"
  fi
}

# get FILE SHA-256: into $to, checked.
get() {
  local file=$1 hash=$2
  if [ -e "$to/$file" ] && hash_is "$to/$file" "$hash"; then
    say "$to/$file is there already"
    return
  fi
  if [ -n "$from" ]; then
    [ -f "$from/$file" ] || die "$from/$file: no such file"
    say "copying $from/$file"
    cp -- "$from/$file" "$to/$file.part"
  else
    say "downloading $base/$file"
    [ -s "$to/$file.part" ] && hash_is "$to/$file.part" "$hash" || download "$base/$file" "$to/$file.part" ||
      die "$base/$file could not be downloaded. Is there a network? The same command goes on where it stopped; with --from FOLDER it takes a local copy"
  fi
  hash_is "$to/$file.part" "$hash" || { rm -f "$to/$file.part"; die "$file: its SHA-256 is not $hash; removed"; }
  mv -- "$to/$file.part" "$to/$file"
}

name= from= to=${XDG_DATA_HOME:-$HOME/.local/share}/mobilenet
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit ;;
    --list) list; exit ;;
    --from | --to)
      [ $# -ge 2 ] || die "$1: a folder is missing"
      if [ "$1" = --from ]; then from=$2; else to=$2; fi
      shift ;;
    -*) die "$1: no such option; see --help" ;;
    *) [ -z "$name" ] || die "one model at a time"; name=$1 ;;
  esac
  shift
done
[ -n "$name" ] || { list; exit; }
hash=$(awk -F ' [|] ' -v name="$name" '$1 == name { print $2 }' <<<"$table")
[ -n "$hash" ] || { list >&2; die "$name: no such model; the list is above"; }

mkdir -p "$to" || die "$to: can't be made"
get "$name.tflite" "$hash"
get "$labels" "$labels_hash"
say "$name ($licence) is ready. For example:"
cat <<END
gst-launch-1.0 -q filesrc location=VIDEO ! decodebin ! mobilenet model=$to/$name.tflite labels=$to/$labels ! mobilenetlog ! fakesink sync=false
END
