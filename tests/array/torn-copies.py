# SPDX-License-Identifier: GPL-2.0
"""A power cut between any two sectors of the metadata costs no array a member, not even a RAID0."""

import re

from lib import arrays

groups = ["array"]


def scenario(vm):
    disks = vm.add_disks(4, size="32M", serial="TORN%04d", faults=True)
    vm.boot()
    vm.insmod()
    # The second array's record is not in the sector that holds the generation.
    stripe = arrays.create(vm, "stripe", "raid0", disks, "--size 32M")
    vm.emdctl("--yes create --format imsm --level raid10 --name mirror --init none "
              + arrays.container(vm, "stripe"))
    mirror = arrays.device(vm, "mirror")
    want = arrays.make_file(vm, "/tmp/data", 1, seed=1)
    arrays.put(vm, "/tmp/data", stripe, 8)
    arrays.put(vm, "/tmp/data", mirror, 4)
    vm.wait("clean", lambda: vm.array("mirror")["dirty"] is False)

    log = vm.record(disks)
    arrays.put(vm, "/tmp/data", mirror, 8)
    written = log.mark()
    vm.wait("clean again", lambda: vm.array("mirror")["dirty"] is False)
    log.stop()
    arrays.stop_all(vm)
    for disk in disks:
        vm.unplug(disk)

    looked, torn = 0, 0
    for cut in log.cuts(torn=True, select=is_metadata):
        # Behind the extension, before the anchor; array/power-cuts has the others.
        if cut.torn != disks[0].logical_block:
            continue
        for disk in disks:
            disk.restore(cut.files[disk])
            vm.plug(disk)
        looked += 1
        try:
            torn += starts_whole(vm, disks, want, cut.position >= written)
        except Exception:
            vm.say("cut at %d, %d bytes into it" % (cut.position, cut.torn))
            raise
        arrays.stop_all(vm)
        for disk in disks:
            vm.unplug(disk)
    vm.say("%d cuts, %d of them left a torn copy" % (looked, torn))
    assert looked >= 8 and torn >= 6, (looked, torn)


def is_metadata(entry):
    return not entry.flush and entry.sector >= entry.disk.sectors - 64


def starts_whole(vm, disks, want, acknowledged):
    """All is there by itself, nothing was written yet; the first write makes all copies whole."""
    for name in ("stripe", "mirror"):
        dev = arrays.device(vm, name)
        assert arrays.state(vm, name) == "optimal", name
        assert arrays.sha256(vm, dev, 1, 8 if name == "stripe" else 4) == want, name
    if acknowledged:
        assert arrays.sha256(vm, dev, 1, 8) == want, "what was acknowledged is lost"
    torn = [disk for disk in disks if damaged(vm, disk)]
    assert len(torn) <= 1, torn
    for disk in torn:
        assert "%s: its copy of the metadata is torn" % disk.dev.rsplit("/", 1)[1] in vm.dmesg()
        arrays.put(vm, "/tmp/data", dev, 12)
        assert not damaged(vm, disk), "%s was not made whole" % disk.serial
        assert arrays.state(vm, "stripe") == arrays.state(vm, "mirror") == "optimal"
    return len(torn)


def damaged(vm, disk):
    return re.search(r"^\s*error\s", vm.emdctl("examine " + disk.dev), re.M)
