# SPDX-License-Identifier: GPL-2.0
"""This test shows that damaged and hostile ASR metadata gets one clear log line, an answer from examine, no write and no array."""

from lib import asr_defects as asr
from lib import defects

groups = ["quick", "hostile"]


def scenario(vm):
    defects.story(vm, "asr", asr, asr.Member)
