#!/bin/sh
# SPDX-License-Identifier: MIT
# libbouncebox.a: one object in which only bouncebox_* can be seen, so that no name of ours meets one of whoever links it.
# usage: archive.sh LD OBJCOPY AR OUTPUT ARCHIVE...
set -eu
ld=$1 objcopy=$2 ar=$3 output=$4
shift 4
object=$output.p/bouncebox.o
mkdir -p "$output.p"
"$ld" -r -o "$object" --whole-archive "$@"
"$objcopy" --wildcard --keep-global-symbol='bouncebox_*' "$object"
rm -f "$output"
"$ar" rcs "$output" "$object"
