# SPDX-License-Identifier: GPL-2.0
"""This test shows that a power cut at any moment of the life of DDF arrays leaves the old state or the new one, whole, with all that was acknowledged."""

from cuts import shared
from cuts.story import LIFE, PAIR, Story

groups = ["cuts", "long"]


def scenario(vm):
    tales = [
        Story(vm, "ddf", "raid1", 2, spares=1, table=LIFE),
        Story(vm, "ddf", "raid5", 4, spares=1, table=LIFE),
        Story(vm, "ddf", "raid0", 2, table=PAIR),
    ]
    if shared.FULL:
        tales += [
            Story(vm, "ddf", "raid10", 4, spares=1, table=LIFE),
            Story(vm, "ddf", "raid6", 5, spares=1, table=LIFE),
        ]
    return shared.prove(vm, tales)
