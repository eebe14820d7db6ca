# SPDX-License-Identifier: GPL-2.0
"""This test shows that damaged and hostile DDF metadata gets one clear log line, an answer from examine, no write and no array."""

from lib import ddf_defects as ddf
from lib import defects

groups = ["quick", "hostile"]


def scenario(vm):
    defects.story(vm, "ddf", ddf, ddf.good)
