# SPDX-License-Identifier: GPL-2.0
"""This test shows that a power cut at any moment of the life of ASR arrays leaves the old state or the new one, whole, with all that was acknowledged."""

from cuts import shared
from cuts.story import LIFE, Story

groups = ["cuts", "long"]


def scenario(vm):
    tales = [
        Story(vm, "asr", "raid1", 2, spares=1, table=LIFE),
        # Its table takes more than one sector.
        Story(vm, "asr", "raid10", 4, spares=1, table=LIFE),
    ]
    return shared.prove(vm, tales)
