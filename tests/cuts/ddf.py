# SPDX-License-Identifier: GPL-2.0
"""This test shows that a power cut at any moment of the life of DDF arrays leaves the old state or the new one, whole, with all that was acknowledged."""

from cuts import shared
from cuts.story import LIFE, Story

groups = ["cuts"]


def scenario(vm):
    return shared.prove(vm, [
        Story(vm, "ddf", "raid1", 2, spares=1, table=LIFE),
        Story(vm, "ddf", "raid5", 4, spares=1, table=LIFE),
    ])
