# SPDX-License-Identifier: GPL-2.0
"""This test shows that whichever write of ASR metadata a disk refuses, a command is taken back, and an event costs that disk alone."""

from refusals import shared
from refusals.scenes import COMMANDS, EVENTS

groups = ["refusals"]


def scenario(vm):
    return shared.prove(vm, "asr", COMMANDS + EVENTS)
