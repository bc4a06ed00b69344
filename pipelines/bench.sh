#!/bin/bash
# Measures inference, frame to tensor, a whole video, start-up and memory beside LiteRT, ONNX Runtime, OpenVINO and OpenCV.
#   pipelines/bench.sh [--quick] [--rounds N] [--models FOLDER] [--video FILE] [--python PYTHON]
#     --quick          one short round: whether all works, not how fast
#     --rounds N       of each engine in turn, of which the medians are taken (5); more where others use the machine
#     --models FOLDER  .tflite and .onnx files besides the built-in model (../shared/models, where there is one)
#     --video FILE     (one of ../shared/media where there is one, else the bundled clip)
#     --python PYTHON  a Python that has the peers, instead of build/bench/venv, where pip puts them
# The tables, in Markdown, are printed and left in build/bench/report.md. What is missing is left out, and said so.
set -euo pipefail
. "$(dirname "$0")/setup.sh"

command="pipelines/bench.sh${*:+ $*}"
quick=() rounds=5 models= video= python=
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit ;;
    --quick) quick=(--quick) ;;
    --rounds | --models | --video | --python)
      [ $# -ge 2 ] || die "$1 needs a value; see --help"
      declare "${1#--}=$2"
      shift ;;
    *) die "$1: not known; see --help" ;;
  esac
  shift
done
[[ $rounds =~ ^[1-9][0-9]*$ ]] || die "--rounds $rounds: not a number of rounds"
shared=$root/../shared
[ -n "$models" ] || [ ! -d "$shared/models" ] || models=$shared/models
[ -z "$models" ] || [ -d "$models" ] || die "$models: no such folder"
if [ -z "$video" ]; then
  video=$shared/media/one-by-one-person-detection.mp4
  [ -f "$video" ] && [ ${#quick[@]} = 0 ] || video=$root/pipelines/media/clip.webm
fi
[ -f "$video" ] || die "$video: no such file"

ready "${file_packages[@]}" python3
tools=${MNET_BUILD:-$root/build}/nn/tools
work=${MNET_BUILD:-$root/build}/bench
mkdir -p "$work"

# The peers' versions are those that the README's figures were measured with.
peers=(numpy onnxruntime==1.31.1 ai-edge-litert==2.3.0 openvino==2026.4.1 opencv-python-headless==5.0.0.93)
if [ -z "$python" ]; then
  python=$work/venv/bin/python
  if [ ! -e "$work/venv/complete" ]; then
    need python3-venv
    say "installing ${peers[*]} into $work/venv"
    if python3 -m venv "$work/venv" && "$python" -m pip install --quiet --disable-pip-version-check "${peers[@]}"; then
      touch "$work/venv/complete"
    else
      say "skipped: the peers, which pip could not install; is there a network?"
      python=python3
    fi
  fi
fi

measure() {
  "$python" "$root/pipelines/bench.py" --tools "$tools" --work "$work" --video "$video" --command "$command" \
    --rounds "$rounds" "${quick[@]}" ${models:+--models "$models"} "$@"
}

measure | tee "$work/report.md"
# Once more as on a smaller CPU, where this one has more.
if "$tools/mnet-bench" --peak --json | grep -q 'avx_vnni\|avx512'; then
  measure --avx2 | tee -a "$work/report.md"
fi
say "the tables are in $work/report.md"
