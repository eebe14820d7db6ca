# SPDX-License-Identifier: GPL-2.0
"""A power cut at any metadata write leaves the old state or the new one, whole, and all that was acknowledged."""

import os
import re
import subprocess

from lib import arrays, blockserver
from lib.host import TOP

groups = ["array"]

SIZE = "32M"
EMDCTL = os.path.join(TOP, "tools/emdctl/emdctl")


class Story:
    """What is written when, and what must be there from when on."""

    def __init__(self, vm, disks):
        self.vm = vm
        self.log = vm.record(disks)
        self.parts = []         # (name, first position, one past the last)
        self.acked = []         # (position, MiB offset, sha256)

    def part(self, name, action):
        first = self.log.mark()
        action()
        self.parts.append((name, first, self.log.mark()))

    def write(self, offset, seed):
        want = arrays.make_file(self.vm, "/tmp/data", 1, seed)
        arrays.put(self.vm, "/tmp/data", arrays.device(self.vm, "mirror"), offset)
        self.acked.append((self.log.mark(), offset, want))


def scenario(vm):
    disks = vm.add_disks(3, size=SIZE, serial="PWR%04d", faults=True)
    spare = disks[2]
    vm.boot()
    vm.insmod()
    story = Story(vm, disks)
    story.part("create", lambda: arrays.create(vm, "mirror", "raid1", disks[:2]))
    created = story.log.mark()
    story.part("dirty", lambda: story.write(0, 1))
    story.part("clean", lambda: vm.wait("clean", lambda: vm.array("mirror")["dirty"] is False))
    story.part("fail", lambda: fail_and_write(vm, story, disks[0]))
    vm.emdctl("sync limit mirror 8M")
    story.part("add", lambda: vm.emdctl("--yes add %s %s" % (arrays.container(vm, "mirror"), spare.dev)))
    story.part("rebuild", lambda: rebuild(vm, story))
    # The disk that was failed knows an older truth, which would outlive the array.
    vm.emdctl("--yes remove %s %s" % (arrays.container(vm, "mirror"), disks[0].dev))
    vm.emdctl("--yes erase " + disks[0].dev)
    vm.emdctl("--yes add %s %s" % (arrays.container(vm, "mirror"), disks[0].dev))
    story.part("replace", lambda: replace(vm, story, disks[1], disks[0]))
    vm.emdctl("--yes remove %s %s" % (arrays.container(vm, "mirror"), disks[1].dev))
    vm.emdctl("--yes erase " + disks[1].dev)
    deleted = story.log.mark()
    story.part("delete", lambda: vm.emdctl("--yes delete mirror"))
    story.log.stop()
    arrays.stop_all(vm)
    vm.rmmod()
    for disk in disks:
        vm.unplug(disk)
    vm.insmod()

    chosen = choose(story)
    looked, assembled = 0, 0
    for cut in story.log.cuts(torn=True, lose_cache=blockserver.rng(4), select=is_metadata):
        looked += 1
        look(cut, disks)
        key = (cut.position, cut.torn)
        if key in chosen:
            chosen.discard(key)
            assembled += 1
            try:
                assemble(vm, cut, disks, story, created, deleted)
            except Exception:
                vm.say("cut at %r torn %d: %s" % (key, cut.torn, where(story, cut)))
                raise
    vm.say("%d cuts looked at, %d assembled" % (looked, assembled))
    assert looked > 30 and assembled >= 7, (looked, assembled)


def fail_and_write(vm, story, bad):
    """A member fails under a write that is then acknowledged."""
    bad.faults.error("write", 0, 40000)
    story.write(4, 2)
    bad.faults.clear()
    assert arrays.state(vm, "mirror") == "degraded"


def rebuild(vm, story):
    vm.wait("rebuild", lambda: vm.array("mirror")["sync"]["action"] == "rebuild")
    story.write(8, 3)
    vm.emdctl("wait mirror optimal --timeout 60")
    vm.wait("clean", lambda: vm.array("mirror")["dirty"] is False)


def replace(vm, story, old, new):
    """From the first write while it copies to after the switch."""
    vm.emdctl("replace mirror %s %s" % (old.dev, new.dev))
    story.write(12, 4)
    vm.emdctl("sync limit mirror none")
    vm.emdctl("wait mirror idle --timeout 60")
    assert arrays.member(vm, "mirror", new)["state"] == "in_sync", vm.array("mirror")


def is_metadata(entry):
    return not entry.flush and entry.sector >= entry.disk.sectors - 64


def where(story, cut):
    return [name for name, first, last in story.parts if first <= cut.position <= last]


def choose(story):
    """All cuts are looked at here; for each part two are assembled in the machine: amidst, and in a torn write."""
    chosen = set()
    for _, first, last in story.parts:
        writes = [n for n in range(first, last) if is_metadata(story.log.entries[n])]
        assert writes, story.parts
        chosen.add((writes[len(writes) // 2] + 1, 0))
        torn = [n for n in writes if len(story.log.entries[n].data) > 512]
        if torn:
            chosen.add((torn[len(torn) // 2], 512))
    return chosen


def look(cut, disks):
    """Not more than one disk is in the middle of a change, and never without an older state elsewhere."""
    whole = 0
    for disk in disks:
        out = subprocess.run([EMDCTL, "examine", cut.files[disk]], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True).stdout
        blank = "no metadata" in out or "nothing" in out
        broken = re.search(r"error", out) and not blank
        whole += not broken
    assert whole >= len(disks) - 1, "%d of %d disks are whole" % (whole, len(disks))


def assemble(vm, cut, disks, story, created, deleted):
    for disk in disks:
        disk.restore(cut.files[disk])
        vm.plug(disk)
    must = created <= cut.position and cut.position <= deleted
    vm.emdctl("scan")
    vm.status("emdctl assemble --degraded --all")
    array = vm.array("mirror")
    dev = array and "/dev/" + array["dev"]
    assert array or not must, "the array is gone"
    if array:
        assert array["state"] in ("optimal", "degraded"), array
        for position, offset, want in story.acked:
            if cut.position >= position:
                assert arrays.sha256(vm, dev, 1, offset) == want, "acknowledged data is lost"
    arrays.stop_all(vm)
    for disk in disks:
        vm.unplug(disk)
