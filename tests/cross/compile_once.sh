#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Stands in for a compiler that builds several trainers: compiles each source of a call once, and links what it has compiled.
#
#   CC="tests/cross/compile_once.sh OBJECTS COMPILER OPTION..." sedge build ...
#
# OBJECTS is a folder of the caller's, who knows that sources and options stay the same.
set -euo pipefail
shopt -s extglob

objects=$1
shift
mkdir -p "$objects"
compile=() link=() sources=()
for word; do
  case $word in
    *.c) sources+=("$word"); link+=("$objects/${word//\//%}.o") ;;
    -@(l|L|Wl)* | *.o) link+=("$word") ;;
    *) compile+=("$word"); link+=("$word") ;;
  esac
done
# What stands behind -o is the caller's.
for ((i = 0; i < ${#compile[@]}; i++)); do
  if [ "${compile[i]}" = -o ]; then unset "compile[i]" "compile[i+1]"; fi
done
for source in "${sources[@]}"; do
  [ -e "$objects/${source//\//%}.o" ] || printf '%s\0%s\0' "$source" "$objects/${source//\//%}.o"
done | xargs -0 -r -n 2 -P "$(nproc)" bash -c '"${@:1:$#-2}" -c "${@: -2:1}" -o "${@: -1}"' compile "${compile[@]}"
exec "${link[@]}"
