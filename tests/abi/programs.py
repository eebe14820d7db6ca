# SPDX-License-Identifier: GPL-2.0
"""Builds the test programs of this directory and puts them into a machine."""

import os
import subprocess

from lib.host import TOP


def add_programs(vm):
    """abi and compat32, built for this run; layout.h is checked on the way."""
    made = os.path.join(vm.directory, "abi")
    os.makedirs(made)
    subprocess.run(["make", "-s", "-C", os.path.join(TOP, "tests/abi"), "O=" + made], check=True)
    for name in "abi", "compat32":
        vm.add_file("/root/" + name, os.path.join(made, name))
