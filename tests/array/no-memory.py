# SPDX-License-Identifier: GPL-2.0
"""This test shows that swap and data on mirrors survive a failed disk, and get a spare filled, while every allocation of the driver fails."""

from lib import no_memory

groups = ["quick", "array"]
kernels = ["debug"]


def scenario(vm):
    no_memory.story(vm, "raid1", 2)
