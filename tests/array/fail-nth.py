# SPDX-License-Identifier: GPL-2.0
"""This test shows that a command which cannot have one of its allocations, whichever it is, does without it or is refused for want of memory and leaves everything as it was."""

import os
import random

from lib import arrays, no_memory

groups = ["quick", "array"]
kernels = ["debug"]

FULL = os.environ.get("EMD_FULL") == "1"
SEED = os.environ.get("EMD_SEED", "1")
FORMATS = ["imsm", "ddf", "asr"]
LEVELS = ["raid1", "raid5"]


def scenario(vm):
    lots = random.Random("%s memory" % SEED)
    no_memory.add_programs(vm)
    disks = vm.add_disks(4, size="40M", serial="MEM%04d")
    vm.boot()
    vm.insmod()
    no_memory.choose(vm)
    tried = no_memory.Tries(vm, lots, 10 if FULL else 150)
    for fmt in FORMATS if FULL else [lots.choice(FORMATS)]:
        life(vm, tried, fmt, lots.choice(LEVELS if fmt != "asr" else LEVELS[:1]), disks)
    return "%d commands, %d refused, %d did without (seed %s)" % (tried.commands, tried.refused, tried.passed, SEED)


def life(vm, tried, fmt, level, disks):
    """Every command there is, in the life of one array."""
    vm.say("%s %s" % (fmt, level))
    nr = {"raid1": 2, "raid5": 3}[level]
    members, spare = disks[:nr], disks[3]
    old, other = disks[0].dev, disks[1].dev
    create = "create --format %s --level %s --size 8M --init none --name" % (fmt, level)

    tried.every("scan", again=True)
    tried.every("--dry-run %s data %s" % (create, vm.devs(members)), again=True)
    # A refused command gives its disks back, which are then looked at: they must not be ones that something is on.
    tried.every("--yes %s data %s" % (create, vm.devs(members)),
                undo=["--yes delete data", lambda: make_bare(vm, members)],
                backed_out=lambda: taken_back(vm, members))
    dev = arrays.device(vm, "data")
    want = arrays.make_file(vm, "/tmp/data", 4)
    arrays.put(vm, "/tmp/data", dev)
    container = arrays.container(vm, "data")
    idle(vm, dev)

    tried.every("list", again=True)
    tried.every("examine " + old, again=True)
    tried.every("history " + container, again=True)
    tried.every("rename data other", undo=["rename other data"])
    tried.every("sync limit other 100M")
    tried.every("policy other sync_limit=50M", undo=["policy other sync_limit=none"])
    tried.every("--yes add %s %s" % (container, spare.dev),
                undo=["scan", "--yes remove %s %s" % (container, spare.dev), lambda: make_bare(vm, [spare])])
    if fmt != "imsm":
        tried.every("add --for other %s %s" % (container, spare.dev), "assign",
                    undo=["add --for all %s %s" % (container, spare.dev)])
    tried.every("--dry-run replace other %s %s" % (old, spare.dev), again=True)
    tried.every("replace other %s %s" % (old, spare.dev))
    vm.emdctl("wait other idle --timeout 60")
    assert arrays.member(vm, "other", disks[0]) is None, vm.array("other")
    tried.every("--yes remove %s %s" % (container, old))
    idle(vm, dev)
    tried.every("scrub other", undo=["wait other idle --timeout 60"])
    vm.emdctl("wait other idle --timeout 60")
    tried.every("--yes fail other " + other)
    vm.emdctl("--yes remove %s %s" % (container, other))
    idle(vm, dev)
    vm.sh("rm -f /tmp/saved")
    tried.every("save %s /tmp/saved" % container, again=True)
    assert arrays.state(vm, "other") == "degraded"
    assert arrays.sha256(vm, dev, 4) == want
    tried.every("--yes stop other", undo=["assemble " + container])
    tried.every("assemble " + container)
    dev = arrays.device(vm, "other")
    assert arrays.sha256(vm, dev, 4) == want
    tried.every("--yes delete other")
    vm.emdctl("--yes stop --all")
    tried.every("--yes erase " + spare.dev)
    tried.every("--yes restore /tmp/saved " + spare.dev)
    for disk in disks:
        vm.status("emdctl --yes erase " + disk.dev)


def taken_back(vm, disks):
    """An array that could not be shown to the system when it was on the disks: it is not there any more."""
    assert vm.array("data") is None, vm.array("data")
    make_bare(vm, disks)


def make_bare(vm, disks):
    """Not part of any container, if they are, and with nothing on them."""
    if vm.array("other") is None:
        vm.emdctl("scan")
        vm.emdctl("--yes stop --all")
    for disk in disks:
        vm.status("emdctl --yes erase " + disk.dev)


def idle(vm, dev):
    """Nobody writes: what reaches a disk from here on is the command's."""
    vm.wait("clean", lambda: arrays.sysfs(vm, dev, "dirty") == "0")
