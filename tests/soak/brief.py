# SPDX-License-Identifier: GPL-2.0
"""Whatever happens to the members under load, redundancy agrees afterwards and every write that was answered is there."""

from soak import shared

groups = ["thorough", "soak"]


def scenario(vm):
    story = shared.Story(vm, 1, ["five"], mib=24)
    story.begin()
    story.round(3)
    story.end()
