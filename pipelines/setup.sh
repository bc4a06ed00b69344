# Sourced by the scripts: installs what is missing, builds, and what they share. `root` is the repository.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

installed=  # whether need() has installed anything

say() { printf '== %s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# usage: the comment at the head of the script, for --help.
usage() { sed -n '2,${/^#/!q;s/^# \{0,1\}//p}' "$0"; }

build_packages=(gcc libc6-dev meson ninja-build pkg-config protobuf-c-compiler libprotobuf-c-dev libgstreamer1.0-dev
  libgstreamer-plugins-base1.0-dev libjson-glib-dev libcairo2-dev libpango1.0-dev libv4l-dev)
run_packages=(gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good fonts-dejavu-core)
# For videos of any codec; probe needs the last.
file_packages=(gstreamer1.0-libav gstreamer1.0-plugins-base-apps)
# For programs in Python.
python_packages=(gobject-introspection libgirepository1.0-dev python3-gi gir1.2-gstreamer-1.0 gir1.2-gst-plugins-base-1.0)
# For GstAnalytics, which GStreamer has from 1.24 on.
analytics_packages=(libgstreamer-plugins-bad1.0-dev gstreamer1.0-plugins-bad)

# need PACKAGE...: installs those that are missing, with apt, as root or through sudo. MNET_INSTALL=no never installs.
need() {
  local missing=() package sudo=
  command -v dpkg-query >/dev/null || return 0  # not Debian: the build and GStreamer will say what is missing
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "${MNET_INSTALL:-}" != no ] || die "these packages are missing: ${missing[*]}"
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "these packages are missing; install them as root: apt-get install ${missing[*]}"
    sudo=sudo
  fi
  say "installing ${#missing[@]} missing packages: ${missing[*]}"
  $sudo apt-get update -qq || die "apt-get update failed; is there a network?"
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    die "apt-get could not install: ${missing[*]}"
  installed=yes
}

# need_if_known PACKAGE...: the same for those that this release has.
need_if_known() {
  local known=() package
  command -v apt-cache >/dev/null || return 0
  for package in "$@"; do
    [ -z "$(apt-cache show "$package" 2>/dev/null)" ] || known+=("$package")
  done
  need "${known[@]}"
}

# build FOLDER [MESON OPTIONS]: configures the first time, for other options and for new packages, compiles what changed.
build() {
  local folder=$1
  shift
  mkdir -p "$folder"
  if [ ! -e "$folder/build.ninja" ]; then
    say "configuring $folder"
    meson setup "$folder" "$root" "$@" >"$folder/setup.log" 2>&1 || { cat "$folder/setup.log" >&2; die "meson setup failed"; }
  elif [ -n "$installed" ]; then
    meson setup --reconfigure "$folder" "$root" "$@" >"$folder/setup.log" 2>&1 || { cat "$folder/setup.log" >&2; die "meson setup failed"; }
  elif [ $# -gt 0 ]; then
    meson configure "$folder" "$@" || die "meson configure failed"
  fi
  say "building $folder"
  ninja -C "$folder" >"$folder/build.log" 2>&1 || { grep -vE '^\[|^ninja: Ent' "$folder/build.log" >&2; die "the build failed"; }
}

# use_build FOLDER: GStreamer finds the elements of this build, and nothing is written outside of it.
use_build() {
  export GST_PLUGIN_PATH="$1/plugin${GST_PLUGIN_PATH:+:$GST_PLUGIN_PATH}"
  export GST_REGISTRY="$1/registry.bin"
}

# ready PACKAGE...: installs what running needs and the packages named, builds, uses the build. MNET_BUILD: a finished
# build to use as it is.
ready() {
  if [ -z "${MNET_BUILD:-}" ]; then
    need "${build_packages[@]}" "${run_packages[@]}" "$@"
    build "$root/build"
  fi
  use_build "${MNET_BUILD:-$root/build}"
}

# probe FILE: ends where it isn't a video; sets `sound` to the codec of its sound, or to nothing.
probe() {
  local found
  [ -e "$1" ] || die "$1: no such file"
  [ -f "$1" ] && [ -r "$1" ] || die "$1: not a readable file"
  found=$(gst-discoverer-1.0 "$(realpath "$1")" 2>&1) || true
  if ! grep -qE '^ +video #' <<<"$found"; then
    die "$1: not a video that GStreamer can read: $(sed -n '/^An error/{n;s/^ *//p}' <<<"$found" | grep . || echo 'no video stream in it')"
  fi
  sound=$(sed -nE '/^ +audio #/{s/^[^:]*: //p;q}' <<<"$found")
}

# show_labels: reads the log's JSON lines, and prints one whenever the best label changes: time, label, percent.
# It goes on at Ctrl-C, until GStreamer has ended.
show_labels() {
  local line label last= time percent
  local label_form='"label":"(([^"\\]|\\.)*)"' probability_form='"probability":([0-9.]+)' pts_form='"pts":([0-9]+)'
  trap '' INT
  while IFS= read -r line; do
    [[ $line =~ $label_form ]] || continue
    label=${BASH_REMATCH[1]}
    [ "$label" != "$last" ] || continue
    [[ $line =~ $probability_form ]] && percent=${BASH_REMATCH[1]}e2
    [[ $line =~ $pts_form ]] && time=${BASH_REMATCH[1]}e-9
    LC_ALL=C printf '%8.2f s  %-30s %3.0f %%\n' "$time" "$label" "$percent"
    last=$label
  done
}
