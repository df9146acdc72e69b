#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tests/mta/forgeries.py with 10,000 of each.

usage: forged.py PROGRAM [NUMBER]          BB_SEED repeats the choices
"""
import pathlib
import sys

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / part) for part in ("mta", "proc")]
from forgeries import main  # noqa: E402

main(int(sys.argv[2]) if len(sys.argv) > 2 else 10000)
