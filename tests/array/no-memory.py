# SPDX-License-Identifier: GPL-2.0
"""This test shows that swap and data survive resyncs, failed and replaced disks, and are stopped, in every format, while every allocation of the driver fails."""

import os
import random
import re

from lib import arrays, no_memory

groups = ["quick", "array"]
kernels = ["debug"]

FULL = os.environ.get("EMD_FULL") == "1"
SEED = os.environ.get("EMD_SEED", "1")
FORMATS = ["imsm", "ddf", "asr"]
MEMBERS = {"raid1": 2, "raid5": 3}

# Swap is on a partition of each array, data behind it.
SWAP_MIB = 7
DATA_MIB = 4
FIRST_MIB = 8
SECOND_MIB = 12
FATES = OLD_DIES, NEW_DIES, NEW_SERVES = "the old disk dies", "the new disk dies", "the new disk takes over"
DATA_AREA = 16 << 11    # sectors at the beginning of a disk, no metadata among them
SLOW = 16       # KiB/s: so slow that it does not come to an end before it is told to


class Array:
    """One of those that all has to happen to."""

    def __init__(self, fmt, level, disks, fate):
        self.fmt = fmt
        self.level = level
        self.disks = disks[:MEMBERS[level]] + disks[3:]     # its members, and at the end a spare
        self.fate = fate        # of the disk that is being replaced, and of its replacement
        self.name = fmt
        self.container = self.dev = self.listed = None
        self.nodes = [disk.dev for disk in self.disks]

    @property
    def swap(self):
        return self.dev + "p1"

    def sysfs(self, attribute):
        return "/sys/block/%s/emd/%s" % (self.dev[5:], attribute)


def scenario(vm):
    lots = random.Random("%s memory" % SEED)
    no_memory.add_programs(vm)
    disks = vm.add_disks(12, size="52M", serial="MEM%04d", faults=True)
    vm.boot()
    vm.insmod()
    no_memory.choose(vm)
    # ASR has no parity.
    levels = [*lots.sample(list(MEMBERS), 2), "raid1"]
    fates = lots.sample(FATES, 3)
    failed = 0
    for turn in range(6 if FULL else 1):
        if turn:
            vm.sh("for disk in %s; do emdctl --yes erase $disk; done; true" % vm.devs(disks), timeout=180)
        if turn == 3:
            levels = [levels[1], levels[0], "raid1"]
        fates = fates[1:] + fates[:1]
        cast = [Array(*each) for each in zip(FORMATS, levels, (disks[i:i + 4] for i in (0, 4, 8)), fates)]
        failed += story(vm, cast)
    return "%d allocations failed (seed %s)" % (failed, SEED)


def story(vm, cast):
    create(vm, cast)
    want = arrays.make_file(vm, "/tmp/data", DATA_MIB)
    for each in cast:
        vm.sh("echo 'start=2048, size=%d' | sfdisk -q %s" % (SWAP_MIB << 11, each.dev))
    vm.wait("the partitions", lambda: not vm.status("ls " + " ".join(each.swap for each in cast))[0])
    vm.sh(" && ".join("mkswap {0} && swapon {0}".format(each.swap) for each in cast))

    no_memory.gone(vm)
    # Of what is asked for at the control device none is done, and why is said.
    status, output = vm.status("emdctl list")
    assert status == 1 and "memory" in output, output
    resynced(vm, cast)
    out = no_memory.vmstat(vm, "pswpout")
    vm.sh("rm -f /tmp/stop")
    paging = vm.start("/root/pageout 16 /tmp/stop")
    vm.wait("memory to go out", lambda: no_memory.vmstat(vm, "pswpout") > out + 3700)
    a_member_fails(vm, cast)
    failed = no_memory.back(vm)

    replace(vm, cast)
    no_memory.gone(vm)
    replaced(vm, cast)
    vm.sh("touch /tmp/stop")
    paging.wait(60 * vm.slow)
    assert paging.status == 0 and int(paging.output) > 1, paging.output
    vm.sh("; ".join("swapoff " + each.swap for each in cast))
    clean(vm, cast)
    for each in cast:
        assert sum_of(vm, each, FIRST_MIB) == sum_of(vm, each, SECOND_MIB) == want, each.name
    failed += no_memory.back(vm)

    stopped(vm, cast)
    assert failed > 100, "hardly an allocation failed"
    return failed


def create(vm, cast):
    """Arrays that are being resynced, with a spare."""
    for each in cast:
        vm.say("%s %s: %s" % (each.fmt, each.level, each.fate))
        # It must not be over before it can be told to be slow.
        for disk in each.disks[:-1]:
            disk.faults.delay(0.02 * vm.slow, "write", nr=DATA_AREA)
    vm.sh(" && ".join("emdctl --yes create --format %s --level %s --name %s --size 16M --init resync %s && "
                      "for f in /sys/block/emd*/emd/sync_speed_max; do echo %d > $f; done"
                      % (each.fmt, each.level, each.name, " ".join(each.nodes[:-1]), SLOW) for each in cast), timeout=180)
    for each in cast:
        for disk in each.disks:
            disk.faults.clear()
    find(vm, cast)
    vm.sh(" && ".join("emdctl --yes add %s %s" % (each.container, each.nodes[-1]) for each in cast))


def find(vm, cast):
    """Where the arrays are, and what they say of themselves."""
    containers = vm.emdctl("list", json=True)["containers"]
    for each in cast:
        (each.container, each.listed), = ((container["name"], array) for container in containers
                                          for array in container["arrays"] if array["name"] == each.name)
        each.dev = "/dev/" + each.listed["dev"]


def read(vm, cast, attribute):
    return vm.sh("cat " + " ".join(each.sysfs(attribute) for each in cast)).split()


def go(vm, cast, kib):
    vm.sh("; ".join("echo %d > %s" % (kib, each.sysfs("sync_speed_max")) for each in cast))


def put(vm, cast, seek_mib):
    for each in cast:
        arrays.put(vm, "/tmp/data", each.dev, seek_mib)


def sum_of(vm, each, mib):
    return arrays.sha256(vm, each.dev, DATA_MIB, mib)


def clean(vm, cast):
    """Nobody writes to them. While they are dirty IMSM does not say where work would go on."""
    vm.wait("all to be clean", lambda: read(vm, cast, "dirty") == ["0"] * 3)


def resynced(vm, cast):
    """A resync goes on, where it is gets recorded, and its end."""
    clean(vm, cast)
    assert read(vm, cast, "sync_action") == ["resync"] * 3
    go(vm, cast, 1024)
    has_checkpoints(vm, cast, "resync", 0)
    go(vm, cast, 0)
    vm.wait("all to be in sync", lambda: read(vm, cast, "sync_action") == ["idle"] * 3, timeout=60)
    recorded(vm, cast, "idle", 0)


def a_member_fails(vm, cast):
    """And the spare is filled, while memory goes out and comes back, and data is written."""
    go(vm, cast, SLOW)
    for each in cast:
        put(vm, [each], FIRST_MIB)
        assert read(vm, [each], "dirty") == ["1"], each.name
    for each in cast:
        each.disks[0].faults.error("write")
    put(vm, cast, SECOND_MIB)
    vm.wait("the rebuilds", lambda: read(vm, cast, "sync_action") == ["rebuild"] * 3)
    recorded(vm, cast, "rebuild", 1)
    no_memory.through_page_cache(vm, cast[-1].dev, SECOND_MIB)
    vm.sh("killall -STOP pageout")
    clean(vm, cast)
    assert read(vm, cast, "sync_action") == ["rebuild"] * 3
    go(vm, cast, 1024)
    has_checkpoints(vm, cast, "rebuild", 1)
    vm.sh("killall -CONT pageout")
    go(vm, cast, 0)
    vm.wait("all to be whole", lambda: read(vm, cast, "state") == ["optimal"] * 3, timeout=60)
    recorded(vm, cast, "idle", 1)


def replace(vm, cast):
    """With memory: the disk that failed is well again, and another is copied to it."""
    go(vm, cast, SLOW)
    for each in cast:
        each.disks[0].faults.clear()
    vm.sh(" && ".join("emdctl --yes remove {0.container} {1} && emdctl --yes add {0.container} {1} && "
                      "emdctl replace {0.name} {2} {1}".format(each, *each.nodes[:2]) for each in cast), timeout=120)


def replaced(vm, cast):
    """Whoever dies, and when the copy is complete: in the end the array is whole."""
    assert read(vm, cast, "sync_action") == ["rebuild"] * 3
    for each in cast:
        new, old = each.disks[:2]
        for disk in {OLD_DIES: [old], NEW_DIES: [new], NEW_SERVES: []}[each.fate]:
            disk.faults.error("write")
    put(vm, cast, FIRST_MIB)
    go(vm, cast, 0)
    vm.wait("all to be whole", lambda: read(vm, cast, "state") == ["optimal"] * 3 and
            read(vm, cast, "sync_action") == ["idle"] * 3, timeout=60)


def serves(each):
    """Has the disk that was to be replaced been replaced, as was its fate?"""
    new, old = each.nodes[:2] if each.fate != NEW_DIES else each.nodes[1::-1]
    states = {"/dev/" + member["dev"]: member["state"] for member in each.listed["members"]}
    return states.get(new) == "in_sync" and old not in states


def recorded(vm, cast, action, source):
    """The metadata says what goes on."""
    for each in cast:
        vm.wait("%s's %s in the metadata" % (each.name, action),
                lambda each=each: said(each.disks[source], "sync_action") == [action])


def has_checkpoints(vm, cast, action, source):
    """The metadata says where work would go on after a power cut. ASR's does not: from the beginning."""
    missing = [each for each in cast if each.fmt != "asr"]

    def all_seen():
        missing[:] = [each for each in missing if action not in said(each.disks[source], "sync_action") or
                      not any(int(sector) for sector in said(each.disks[source], "sync_sector"))]
        return not missing

    vm.wait("checkpoints of the " + action, all_seen, timeout=10)


def said(disk, key):
    """What the metadata on a disk says, of each of its arrays."""
    return re.findall(r"\b%s\s+(\S+)" % key, no_memory.examined(disk))


def stopped(vm, cast):
    """With memory what was done without is found to be right; then they are stopped without."""
    find(vm, cast)
    for each in cast:
        assert each.listed["state"] == "optimal" and serves(each), (each.fate, each.listed)
    vm.sh(" && ".join("emdctl scrub " + each.name for each in cast))
    vm.wait("the scrubs", lambda: read(vm, cast, "sync_action") == ["idle"] * 3, timeout=60)
    assert read(vm, cast, "mismatch_cnt") == ["0"] * 3
    no_memory.without(vm, "--yes stop --all")
    assert vm.status("ls -d /sys/block/emd*")[0], "an array is still there"
    for each in cast:
        # The spare of the beginning has been a member since.
        text = no_memory.examined(each.disks[-1])
        assert re.search(r"\bsync_action +idle", text) and re.search(r"\bdirty +0\b", text), text
        for disk in each.disks:
            disk.faults.clear()
