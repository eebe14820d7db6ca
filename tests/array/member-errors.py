# SPDX-License-Identifier: GPL-2.0
"""A member that fails is replaced by its copy: nothing is lost, and the metadata knew before the writer did."""

import re

from lib import arrays

groups = ["quick", "array"]


def scenario(vm):
    mirror = vm.add_disks(2, size="64M", serial="MIR%04d", faults=True)
    ten = vm.add_disks(4, size="64M", serial="TEN%04d", faults=True)
    vm.boot()
    vm.insmod()
    m = arrays.create(vm, "mirror", "raid1", mirror)
    t = arrays.create(vm, "ten", "raid10", ten, "--strip 64K --init none")
    want = arrays.make_file(vm, "/tmp/data", 4)
    for dev in m, t:
        arrays.put(vm, "/tmp/data", dev)

    unreadable_somewhere(vm, "mirror", m, mirror, want)
    unreadable_somewhere(vm, "ten", t, ten, want)
    unreadable_everywhere(vm, m, mirror)
    write_error(vm, "ten", t, ten)
    last_copy(vm, "mirror", m, mirror, want)


def unreadable_somewhere(vm, name, dev, disks, want):
    """Bad sectors in different places of all copies."""
    mirrored = arrays.sysfs(vm, dev, "level") == "raid1"
    for number, disk in enumerate(disks):
        # Copies of one pair are bad in different sectors.
        disk.faults.bad_sectors(1000 + 300 * (number % 2), 16)
    assert arrays.sha256(vm, dev, 4) == want
    # One copy may have answered everything: a scrub reads all of them.
    vm.emdctl("scrub --repair " + name)
    vm.emdctl("wait %s idle --timeout 60" % name)
    vm.wait("repairs", lambda: not any(d.faults.faults for d in disks))
    array = vm.array(name)
    assert array["state"] == "optimal", array
    for number, disk in enumerate(disks):
        slot = arrays.member(vm, name, disk)["slot"]
        assert int(arrays.sysfs(vm, dev, "members/%d/read_errors" % slot)) > 0
        assert int(arrays.sysfs(vm, dev, "members/%d/write_errors" % slot)) == 0
    if mirrored:
        assert disks[0].read(0, 16384) == disks[1].read(0, 16384)
    assert arrays.sha256(vm, dev, 4) == want


def unreadable_everywhere(vm, dev, disks):
    for disk in disks:
        disk.faults.error("read", 2048, 8)
    status, _ = vm.status("dd if=%s of=/dev/null bs=4k skip=256 count=1 iflag=direct" % dev)
    assert status != 0
    assert arrays.state(vm, "mirror") == "optimal"
    for disk in disks:
        disk.faults.clear()
    vm.sh("dd if=%s of=/dev/null bs=4k skip=256 count=1 iflag=direct" % dev)


def write_error(vm, name, dev, disks):
    """The metadata of the others says "failed" before the write is answered."""
    good, bad = disks[0], disks[1]
    before = vm.examine(good)
    bad.faults.error("write", 0, 8192)
    want = arrays.make_file(vm, "/tmp/more", 2, seed=2)
    log = vm.record(disks)
    arrays.put(vm, "/tmp/more", dev, seek_mib=1)
    answered = log.mark()
    log.stop()
    anchors = [e for e in log.entries[:answered] if e.sector >= good.sectors - 8 and not e.flush]
    assert {e.disk for e in anchors} >= {disks[0], disks[2], disks[3]}, "the failure was not recorded"
    assert arrays.sha256(vm, dev, 2, 1) == want
    assert arrays.state(vm, name) == "degraded"
    assert arrays.member(vm, name, bad)["state"] == "failed"
    after = vm.examine(good)
    assert after["volumes"][name]["Map State"] == "degraded", after
    assert int(after["Generation"], 16) > int(before["Generation"], 16)
    assert sum("failed" in d["State"] for d in after["disks"]) == 1, after
    assert re.search(r"member \d+ \(%s\).*write error, marked failed; array is degraded" % bad.dev[5:],
                     vm.dmesg("emd")), vm.dmesg("emd")


def last_copy(vm, name, dev, disks, want):
    vm.emdctl("--yes fail %s %s" % (name, disks[0].dev))
    assert arrays.state(vm, name) == "degraded"
    status, text = vm.status("emdctl --yes fail %s %s" % (name, disks[1].dev))
    assert status == 1 and "force" in text, (status, text)
    # Nor does a write error take it: the writer is told, what is there stays readable.
    disks[1].faults.error("write", 0, 8192)
    status, _ = vm.status("dd if=/dev/zero of=%s bs=4k seek=512 count=1 oflag=direct" % dev)
    assert status != 0
    disks[1].faults.clear()
    assert arrays.state(vm, name) == "degraded"
    assert arrays.sha256(vm, dev, 4) == want
    vm.emdctl("--yes fail --force %s %s" % (name, disks[1].dev))
    assert arrays.state(vm, name) == "failed"
    status, _ = vm.status("dd if=%s of=/dev/null bs=4k count=1 iflag=direct" % dev)
    assert status != 0
