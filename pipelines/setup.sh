# Sourced by the scripts: installs what is missing, and builds. Defines need, build and use_build; `root` is the repository.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '== %s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

build_packages=(gcc libc6-dev meson ninja-build pkg-config protobuf-c-compiler libprotobuf-c-dev libgstreamer1.0-dev
  libgstreamer-plugins-base1.0-dev libjson-glib-dev libpango1.0-dev)
run_packages=(gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good fonts-dejavu-core)

# need PACKAGE...: installs those that are missing, with apt, as root or through sudo.
need() {
  local missing=() package sudo=
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "these packages are missing, and there is no apt-get to install them: ${missing[*]}"
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "these packages are missing; install them as root: apt-get install ${missing[*]}"
    sudo=sudo
  fi
  say "installing ${#missing[@]} missing packages: ${missing[*]}"
  $sudo apt-get update -qq || die "apt-get update failed; is there a network?"
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    die "apt-get could not install: ${missing[*]}"
}

# build FOLDER [MESON OPTIONS]: configures the first time, compiles what changed.
build() {
  local folder=$1
  shift
  if [ ! -e "$folder/build.ninja" ]; then
    say "configuring $folder"
    meson setup "$folder" "$root" "$@" >"$folder.log" 2>&1 || { cat "$folder.log" >&2; die "meson setup failed"; }
    mv "$folder.log" "$folder/setup.log"
  fi
  say "building $folder"
  ninja -C "$folder" >"$folder/build.log" 2>&1 || { grep -vE '^\[|^ninja: Ent' "$folder/build.log" >&2; die "the build failed"; }
}

# use_build FOLDER: GStreamer finds the elements of this build, and nothing is written outside of it.
use_build() {
  export GST_PLUGIN_PATH="$1/plugin${GST_PLUGIN_PATH:+:$GST_PLUGIN_PATH}"
  export GST_REGISTRY="$1/registry.bin"
}
