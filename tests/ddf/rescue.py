# SPDX-License-Identifier: GPL-2.0
"""This test shows that DDF disks with a damaged copy, of Adaptec's kind or of FreeBSD's, or torn by a power cut keep their arrays, that it is said aloud, and that the next write makes them whole in their own way."""

import re

from lib import arrays
from lib import ddf_bytes as sheet

groups = ["ddf"]

TWO = sheet.Shape()
ADAPTEC = sheet.Shape(little=True, variant="zlib", anchor=257, secondary=None, pci=(0x9005, 0x8017))
FREEBSD = sheet.Shape(variant="zlib", primary=40, secondary=None)
RAID0, RAID1 = 0, 1


def scenario(vm):
    two = vm.add_disks(2, size="24M", serial="TWO%04d")
    adaptec = vm.add_disks(2, size="24M", serial="ADAPTEC%04d", faults=True)
    freebsd = vm.add_disks(2, size="24M", serial="BSD%04d")
    damaged = members(TWO, two, (1, 2), [sheet.Array("two", RAID1, [1, 2], 8192, 8192, number=1)])
    damaged[0].spoilt = {"primary"}
    damaged[1].spoilt = {"primary vdr"}
    stripe = sheet.Array("stripe", RAID0, [3, 4], 8192, 16384, number=2)
    # Its row is not in the sector that has the table's checksum.
    mirror = sheet.Array("mirror", RAID1, [3, 4], 8192, 8192, start=8192, number=3, row=9)
    single = sheet.Array("bsd", RAID1, [5, 6], 8192, 8192, number=4)
    for disk, member in zip(two + adaptec + freebsd, damaged + members(ADAPTEC, adaptec, (3, 4), [stripe, mirror]) +
                            members(FREEBSD, freebsd, (5, 6), [single])):
        member.put(disk)

    vm.boot()
    vm.insmod()
    said_aloud(vm, two)
    seen = vm.emdctl("examine " + adaptec[0].dev)
    for key, value in ("byte_order", "little"), ("crc", "zlib"), ("anchor_block", str(adaptec[0].sectors - 257)):
        assert shown(seen, key) == value, seen

    want = arrays.make_file(vm, "/tmp/data", 1, seed=1)
    for name, shape, disks in ("two", TWO, two), ("mirror", ADAPTEC, adaptec), ("bsd", FREEBSD, freebsd):
        dev = arrays.device(vm, name)
        assert arrays.state(vm, name) == "optimal", name
        arrays.put(vm, "/tmp/data", dev, 1)
        vm.wait("clean", lambda: vm.array(name)["dirty"] is False)
        assert disks[0].read(mirror.start * (name == "mirror") + 2048, 2048) == vm.read_file("/tmp/data")
        arrays.stop_all(vm)
        read = [sheet.check(shape, disk) for disk in disks]
        assert read[0] == read[1] and read[0]["seq"] > 5 and not read[0]["open"], read
        assert read[0]["states"][name] == 0, read
        if shape.anchor != 1:
            assert disks[0].read(-1) == bytes(512), "an anchor where there was none"
        vm.emdctl("assemble --all")
    assert shown(vm.emdctl("examine " + two[0].dev), "copy") == "primary"

    torn_copies(vm, adaptec, want)


def members(shape, disks, numbers, these):
    return [sheet.Member(shape, disk.sectors, numbers, own, these, container=numbers[0])
            for disk, own in zip(disks, numbers)]


def shown(examined, key):
    """A value of the head of what examine prints."""
    return re.search(r"^%s +(.*)$" % key, examined, re.M).group(1)


def said_aloud(vm, disks):
    for disk, damage, state in zip(disks, ("header", "virtual disk records"), ("damaged", "damaged section")):
        dev = disk.dev.rsplit("/", 1)[1]
        line = "disk %s: ddf metadata: primary copy damaged (%s), the secondary is used" % (dev, damage)
        vm.wait("a word about %s" % dev, lambda: line in vm.dmesg())
        seen = vm.emdctl("examine " + disk.dev)
        assert shown(seen, "primary") == state and shown(seen, "copy") == "secondary", seen


def torn_copies(vm, disks, want):
    """One copy on each disk: whatever a cut leaves of it, a stripe keeps its disks, a mirror its halves."""
    arrays.put(vm, "/tmp/data", arrays.device(vm, "stripe"), 2)
    vm.wait("clean", lambda: vm.array("mirror")["dirty"] is False)
    arrays.stop_all(vm)
    vm.emdctl("assemble --all")
    mirror = arrays.device(vm, "mirror")
    log = vm.record(disks)
    arrays.put(vm, "/tmp/data", mirror, 2)
    log.stop()
    arrays.stop_all(vm)
    for disk in disks:
        vm.unplug(disk)
    looked = torn = 0
    for cut in log.cuts(torn=True, select=lambda e: not e.flush and e.sector >= e.disk.sectors - ADAPTEC.primary):
        # Within the table of arrays, of all the places where the sections can be torn.
        if cut.torn not in (0, 512 if len(cut.entry.data) == 1024 else 4 * 512):
            continue
        for disk in disks:
            disk.restore(cut.files[disk])
            vm.plug(disk)
        looked += 1
        try:
            for name in ("stripe", "mirror"):
                dev = arrays.device(vm, name)
                assert arrays.state(vm, name) == "optimal", name
                assert arrays.sha256(vm, dev, 1, 2 if name == "stripe" else 1) == want, name
            torn += any("error " in vm.emdctl("examine " + disk.dev) for disk in disks)
        except Exception:
            vm.say("cut at %d, sector %d, %d bytes into it" % (cut.position, cut.entry.sector, cut.torn))
            raise
        arrays.stop_all(vm)
        for disk in disks:
            vm.unplug(disk)
    vm.say("%d cuts, %d torn copies" % (looked, torn))
    assert looked >= 6 and torn >= 2, (looked, torn)
    assert vm.dmesg("its copy of the metadata is torn; the others name it"), "not silently"
