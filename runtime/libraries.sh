#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Makes the libraries that a built trainer uses for another system, from Debian's own sources of them:
#
#   runtime/libraries.sh fetch SOURCES                  jansson, libmd and zlib (which has minizip), 1.6 MB
#   runtime/libraries.sh make SOURCES OUT COMPILER...   OUT/include, OUT/lib, by a compiler and its options
#
# Installed with the runtime's sources, which `sedge build --target` compiles, for systems whose packages cannot be installed here:
# Debian 12 has none for riscv64, and nobody has them for WebAssembly.
# `CC="COMPILER -I OUT/include -L OUT/lib" sedge build --target TRIPLE` then links them.
set -euo pipefail

# Sources come with signatures that apt-get checks; its own lists and settings are left as they are.
fetch() {
  local sources=$1 name archive
  [ ! -e "$sources/whole" ] || return 0
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work/lists/partial" "$work/cache" "$work/packed" "$sources"
  cat >"$work/debian.sources" <<'TEXT'
Types: deb-src
URIs: http://deb.debian.org/debian
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
TEXT
  local options=(-qq -o "Dir::Etc::sourcelist=$work/debian.sources" -o Dir::Etc::sourceparts=-
    -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update
  (cd "$work/packed" && apt-get "${options[@]}" source --download-only jansson libmd zlib)
  for name in jansson libmd zlib; do
    archive=$(find "$work/packed" -name "${name}_*.orig.tar.*" ! -name '*.asc')
    mkdir -p "$sources/$name"
    tar -xf "$archive" -C "$sources/$name" --strip-components=1
  done
  touch "$sources/whole"
}

# What jansson's configure would find in C17 with GCC or Clang.
configure_jansson() {
  sed -e 's/@json_inline@/inline/' -e 's/@json_have_[a-z_]*@/1/' \
    "$1/src/jansson_config.h.in" >"$2/jansson_config.h"
}

make_libraries() {
  local sources=$1 out=$2
  shift 2
  local file library
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$out/include/minizip" "$out/lib" "$work"/{jansson,md,z,minizip}
  configure_jansson "$sources/jansson" "$out/include"
  touch "$work/config.h" "$work/jansson_private_config.h" # of which nothing is needed but what stands in options below
  cp "$sources/jansson/src/jansson.h" "$sources/libmd/include/sha2.h" "$sources/zlib/zlib.h" "$out/include"
  # As zlib's configure has it, so that whoever includes it sees the same off_t.
  sed 's/^#ifdef HAVE_UNISTD_H/#if 1/' "$sources/zlib/zconf.h" >"$out/include/zconf.h"
  cp "$sources/zlib/contrib/minizip/unzip.h" "$sources/zlib/contrib/minizip/ioapi.h" "$out/include/minizip"

  local options=(-O2 -fPIC -w -ffunction-sections -fdata-sections -D_GNU_SOURCE -DHAVE_STDINT_H -DHAVE_UNISTD_H
    -DHAVE_LOCALECONV -DHAVE_SYS_TYPES_H -DNOCRYPT -I "$work" -I "$out/include" -I "$sources/zlib")
  compile() {
    library=$1
    shift
    for file; do
      "${compiler[@]}" "${options[@]}" -c "$file" -o "$work/$library/$(basename "$file" .c).o"
    done
    rm -f "$out/lib/lib$library.a"
    # An index of any processor's objects is llvm-ar's and multi-target ar's alike.
    "${ar[@]}" rcs "$out/lib/lib$library.a" "$work/$library"/*.o
  }
  local compiler=("$@") ar=(ar)
  if [[ $1 == *-gcc ]]; then ar=("${1%gcc}ar"); else ar=("llvm-ar${1#clang}"); fi
  compile jansson "$sources"/jansson/src/*.c
  compile md "$sources/libmd/src/sha2.c"
  compile z "$sources"/zlib/*.c
  compile minizip "$sources/zlib/contrib/minizip/unzip.c" "$sources/zlib/contrib/minizip/ioapi.c"
}

case ${1:-} in
  fetch) fetch "$2" ;;
  make) make_libraries "${@:2}" ;;
  *) sed -n '/^#   tests/s/^# *//p' "$0" >&2; exit 2 ;;
esac
