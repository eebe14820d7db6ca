# SPDX-License-Identifier: GPL-2.0
"""What the benchmark does, and what is expected of it.

Read on both sides: guest.py does the work, report.py compares. A target is how
many times as fast as a side EMD is to be, by the side's name:

  md         at its defaults
  tuned      with the settings that turned out best, see CANDIDATES
  skip_copy  tuned, and told not to copy what is written
  own        EMD itself, with all members in service
"""

import collections

# "args" are for mdadm. Layouts are the same on both sides.
LEVELS = {
    "raid0": {"members": 4, "format": "imsm", "copies": 1, "args": ["--chunk=64"]},
    "raid1": {"members": 2, "format": "imsm", "copies": 2, "args": []},
    "raid10": {"members": 4, "format": "imsm", "copies": 2, "args": ["--chunk=64", "--layout=n2"]},
    "raid5": {"members": 5, "format": "ddf", "parity": 1,
              "args": ["--chunk=64", "--layout=left-symmetric"]},
    "raid6": {"members": 6, "format": "ddf", "parity": 2,
              "args": ["--chunk=64", "--layout=ddf-N-continue"]},
}
# The same on members whose data comes from nowhere and goes nowhere, and which so take
# no time of the CPU and no memory bandwidth, as little as disks with DMA do.
LEVELS.update({"%s-void" % level: {**LEVELS[level], "as": level, "void": True}
               for level in ("raid5", "raid6")})
# Metadata is kept: sectors at the beginning, at the end.
VOID_KEEPS = 2048, 34 * 2048
WIDEST = max(row["members"] for row in LEVELS.values())

MD_DEFAULTS = {"stripe_cache_size": 256, "group_thread_cnt": 0, "skip_copy": 0}
CANDIDATES = [{"stripe_cache_size": size, "group_thread_cnt": threads}
              for size in (1024, 4096, 8192) for threads in (0, 1)]

DEPTHS = (1, 2, 4, 8, 16, 32, 64, 128)
DEPTH = 32                      # of all that is not a curve
WIDTHS = (3, 4, 6, 8, 12)
WIDTHS_FULL = tuple(range(3, 13))

# One job of fio: @mib take some half a second at a scale of 1. "present" reads four of
# five strips: with the layout of raid5 above and five members, those of members 1 to 4.
Work = collections.namedtuple("Work", "pattern block depth mib")
NOTHING = Work("read", "4k", 1, 0)
PRESENT = Work("present", "256k", DEPTH, 1536)
SYNCS = ("resync", "check", "rebuild")


def name(work):
    return "%s %s qd%d" % work[:3] if work.mib else "nothing"


def is_write(work):
    return "write" in work


def plain(full):
    """Levels without parity."""
    works = []
    for depth in (1, DEPTH) if full else (DEPTH,):
        deep = depth > 1
        works += [Work("read", "1M", depth, 2048), Work("read", "64k", depth, 1536),
                  Work("write", "1M", depth, 1024), Work("write", "64k", depth, 1024),
                  Work("randread", "4k", depth, 512 if deep else 128),
                  Work("randwrite", "4k", depth, 384 if deep else 128)]
    return works


def safe():
    """On an array with parity; EMD and md as they come, and md tuned."""
    return [Work("read", "1M", DEPTH, 2048), Work("read", "64k", DEPTH, 1536),
            Work("randread", "4k", DEPTH, 512), Work("randwrite", "4k", DEPTH, 128)]


def writes():
    """The same, and without copies too."""
    return [Work("write", block, DEPTH, 768) for block in ("64k", "128k", "256k", "512k", "1M")]


def curves():
    """Over the queue depth; the depth that is left out is above."""
    works = []
    for depth in DEPTHS:
        if depth != DEPTH:
            works += [Work("write", "256k", depth, 768 if depth > 4 else 384),
                      Work("randwrite", "4k", depth, 128 if depth > 8 else 48)]
    return works


def wide():
    return [Work("write", "1M", DEPTH, 768), Work("randwrite", "4k", DEPTH, 128)]


def degraded(level, missing):
    """What is read with members missing."""
    works = [Work("read", "1M", DEPTH, 1024), Work("read", "64k", DEPTH, 768)]
    return works + [PRESENT] if (level, missing) == ("raid5", 1) else works


def target(level, missing, work, who):
    """Dict of side and factor; empty where there is only something to see."""
    row = LEVELS[level]
    if "void" in row:
        return {}
    if "parity" not in row:
        return {} if work in SYNCS else {"md": 1}
    if work in SYNCS:
        return {"md": 10, "tuned": 4}
    if who == "zero_copy":
        return {"skip_copy": 4}
    if work.startswith("present"):
        return {"own": 1} if missing else {}
    if work.startswith("read "):
        return {"md": 3, "tuned": 3} if missing else {"md": 1, "tuned": 1}
    if work.startswith("randread"):
        return {"md": 1, "tuned": 1}
    if work.startswith("randwrite"):
        return {"md": 3, "tuned": 2}
    return {"md": 3, "tuned": 3}
