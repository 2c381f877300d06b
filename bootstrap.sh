#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Sets sedge up from nothing: installs what is missing (Debian), configures, builds, and trains or tests.
# The one script to remember; everything it does can be done by hand with cmake, ninja and ctest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# What Debian 12 calls the tools and libraries that the README lists.
readonly packages=(build-essential cmake ninja-build pkg-config bison flex
  libjansson-dev libpopt-dev zlib1g-dev libminizip-dev libmd-dev libxxhash-dev llvm-19-dev)
readonly test_packages=(libcmocka-dev python3 python3-numpy python3-jsonschema python3-pylsp-jsonrpc python3-onnx
  python3-pip python3-setuptools python3-wheel
  gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-riscv64-linux-gnu libc6-dev-riscv64-cross qemu-user
  clang-19 lld-19 libclang-rt-19-dev libclang-rt-19-dev-wasm32 wasi-libc nodejs
  groff-base chromium chromium-driver dpkg-dev file)

usage() {
  cat <<'TEXT'
usage: ./bootstrap.sh build|demo|test

  build   installs what is missing, configures and builds; the command is then build/sedge
  demo    build, then trains examples/morse.sedge
  test    build, then runs every test: as released, under AddressSanitizer and
          UndefinedBehaviorSanitizer in build/sanitize, and fuzzers in build/fuzz; needs cmocka, numpy,
          jsonschema, Chromium and clang 19 too

Installing needs Debian or Ubuntu's apt-get and root or sudo; where everything is installed already,
neither they nor a network are used.

environment:
  CC                           the C compiler of a new build folder (gcc 12 or clang 19, or later)
  CMAKE_BUILD_PARALLEL_LEVEL   how many compilers and tests run at once (default: one per processor)
  SEDGE_WERROR=ON              makes warnings errors, as the continuous integration does
  SEDGE_FUZZ_SECONDS=N         how long each fuzzer runs (default: 60)
  SEDGE_MNIST=DIR              the folder with MNIST's four files, for the tests that train on it
TEXT
}

say() { printf '== %s\n' "$*"; }

fail() {
  printf 'bootstrap.sh: error: %s\n' "$*" >&2
  exit 1
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]
}

# As root, by whatever means there is.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# install_missing PACKAGE...: apt-get for those that dpkg does not know as installed.
install_missing() {
  if ! command -v dpkg-query >/dev/null; then
    say "not a Debian system: taking for granted that these are installed: $*"
    return
  fi
  local missing=() package
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  local by_hand="install them by hand: apt-get install ${missing[*]}"
  command -v apt-get >/dev/null || fail "missing packages and no apt-get; $by_hand"
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
    fail "missing packages, and neither root nor sudo to install them; $by_hand"
  say "installing ${missing[*]}"
  # A failed update is not yet a failure: the packages may be in apt's cache.
  as_root apt-get -qq update || say "apt-get update failed; trying what apt-get knows already"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
    install "${missing[@]}" >/dev/null || fail "apt-get could not install packages (see above); $by_hand"
}

# configure FOLDER OPTION...: a build folder that is up to date; shows cmake's words only if it fails.
configure() {
  local folder=$1
  shift
  local home
  home=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$folder/CMakeCache.txt" 2>/dev/null || true)
  if [ -n "$home" ] && [ "$home" != "$PWD" ]; then
    fail "$folder was configured for $home; remove it and run this again"
  fi
  mkdir -p "$folder"
  cmake -G Ninja -S . -B "$folder" -DSEDGE_WERROR="${SEDGE_WERROR:-OFF}" "$@" \
    >"$folder/configure.log" 2>&1 || {
    cat "$folder/configure.log" >&2
    fail "cmake could not configure $folder (its words are above)"
  }
}

# compile FOLDER TARGET...: on a terminal with ninja's one-line progress, elsewhere without.
compile() {
  local folder=$1
  shift
  local quiet=()
  [ -t 1 ] || quiet=(--quiet)
  ninja -C "$folder" -j "$jobs" "${quiet[@]}" "$@" || fail "the build in $folder failed"
}

# build WITH_TESTS PACKAGE...: the command; WITH_TESTS (ON or OFF) configures the tests too.
build() {
  local with_tests=$1
  shift
  install_missing "${packages[@]}" "$@"
  say "building build/sedge"
  configure build -DSEDGE_SANITIZE=OFF -DSEDGE_TESTS="$with_tests"
  compile build sedge
}

demo() {
  build OFF
  say "build/sedge train examples/morse.sedge"
  build/sedge train examples/morse.sedge
}

# run_tests FOLDER: ctest; leaves its counts in FOLDER/tests.xml.
run_tests() {
  rm -f "$1/tests.xml"
  ctest --test-dir "$1" -j "$jobs" --output-on-failure --no-tests=error --output-junit tests.xml
}

# count FOLDER NAME: the number that ctest's report gives NAME (tests, failures, disabled, skipped).
count() {
  local number
  number=$(sed -n "s/^[[:space:]]*$2=\"\([0-9]*\)\".*/\1/p" "$1/tests.xml" 2>/dev/null | head -n 1)
  echo "${number:-0}"
}

# Whether clang 19 is there with its fuzzer.
has_fuzzer() {
  command -v clang-19 >/dev/null || return 1
  echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
    clang-19 -fsanitize=fuzzer,address -x c -o "$1" - 2>/dev/null
}

# fuzz: every fuzzer for a while; folders and skipped are test_all's.
fuzz() {
  mkdir -p build/fuzz
  if ! has_fuzzer build/fuzz/probe; then
    local targets=(tests/fuzz/fuzz_*.c)
    say "NO FUZZING: clang-19 with libclang-rt-19-dev is missing; ${#targets[@]} fuzzers are skipped"
    run=$((run + ${#targets[@]})) skipped=$((skipped + ${#targets[@]}))
    return
  fi
  say "building build/fuzz"
  configure build/fuzz -DCMAKE_C_COMPILER=clang-19 -DSEDGE_FUZZ=ON -DSEDGE_TESTS=ON
  compile build/fuzz all
  say "fuzzing, each of the fuzzers for ${SEDGE_FUZZ_SECONDS:-60} seconds"
  folders+=(build/fuzz)
  run_tests build/fuzz
}

test_all() {
  build ON "${test_packages[@]}"
  compile build all
  # Nothing else needs sources; without them the test of other processors says what it misses, and is skipped.
  runtime/libraries.sh fetch build/cross/sources || say "no sources of libraries for other processors"
  say "testing build"
  local status=0 run=0 failed=0 skipped=0 folder folders=(build build/sanitize)
  run_tests build || status=1

  say "building build/sanitize"
  configure build/sanitize -DSEDGE_SANITIZE=ON -DSEDGE_TESTS=ON
  compile build/sanitize all
  say "testing build/sanitize"
  run_tests build/sanitize || status=1

  fuzz || status=1

  for folder in "${folders[@]}"; do
    run=$((run + $(count "$folder" tests)))
    failed=$((failed + $(count "$folder" failures)))
    skipped=$((skipped + $(count "$folder" skipped) + $(count "$folder" disabled)))
  done
  local passed=$((run - failed - skipped))
  echo
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$status" = 0 ] && [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

main() {
  [ $# = 1 ] || { usage >&2; exit 2; }
  jobs=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
  case $1 in
    build) build OFF; say "the command is build/sedge" ;;
    demo) demo ;;
    test) test_all ;;
    -h | --help | help) usage ;;
    *) usage >&2; exit 2 ;;
  esac
}

main "$@"
