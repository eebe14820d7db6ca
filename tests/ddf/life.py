# SPDX-License-Identifier: GPL-2.0
"""This test shows that a DDF mirror lives through a power cut, a disk that vanishes and a spare that takes over, and that mdadm sees each of it."""

from ddf import shared as ddf

groups = ["ddf"]


def scenario(vm):
    disks = vm.add_disks(3, size="48M")
    vm.boot()
    vm.insmod()
    dev = ddf.ddf_create(vm, "mirror", "raid1", disks[:2], "--size 8M --init resync")
    sums = ddf.pattern(vm, dev, 8, 1)
    ddf.idle(vm, "mirror")
    assert view(vm, disks[0])["init state"] == "Fully Initialised"
    container = vm.emdctl("list", json=True)["containers"][0]["name"]
    vm.emdctl("--yes add %s %s" % (container, disks[2].dev))
    assert ddf.examine(vm, disks[0])["disks"][2] == "Global-Spare/Online"
    assert ddf.examine(vm, disks[2])["disks"][2] == "Global-Spare/Online"

    # Power fails while it is written to.
    vm.sh("dd if=/dev/zero of=%s bs=4k count=1 seek=2047 oflag=direct 2>/dev/null" % dev)
    assert view(vm, disks[0])["state"] == "Optimal, Not Consistent", view(vm, disks[0])
    vm.kill()
    vm.boot()
    assert view(vm, disks[1])["state"] == "Optimal, Not Consistent", view(vm, disks[1])
    vm.insmod()
    dev, = ddf.started(vm, "mirror")
    assert vm.array("mirror")["dirty"]
    sums = ddf.pattern(vm, dev, 8, 2)
    ddf.idle(vm, "mirror")
    assert view(vm, disks[0])["state"] == "Optimal, Consistent", view(vm, disks[0])

    # A disk vanishes: the spare takes its place, and the tables say so.
    vm.unplug(disks[1])
    sums = ddf.pattern(vm, dev, 8, 3)
    ddf.idle(vm, "mirror")
    seen = ddf.examine(vm, disks[0])
    assert seen["arrays"]["mirror"]["state"] == "Optimal, Consistent", seen
    assert "Failed" in seen["disks"][1] and seen["disks"][2] == "active/Online", seen
    assert seen["arrays"]["mirror"]["Raid Devices"].startswith("2 (0@0K 2@"), seen
    ddf.compare(disks[0], disks[2], 0, 16384)

    # It comes back: what it has is old, and it is left alone.
    vm.plug(disks[1])
    vm.wait("the stale disk", lambda: [d for c in vm.emdctl("list", json=True)["containers"] for d in c["disks"]
                                       if d["state"] == "foreign"])
    assert ddf.checksum(vm, dev, 8) == sums
    vm.emdctl("--yes stop --all")
    vm.rmmod()
    ddf.mdadm_assemble(vm, [disks[0], disks[2]])
    ddf.no_resync(vm)
    assert ddf.checksum(vm, vm.md("mirror"), 8) == sums
    ddf.mdadm_stop(vm)

    # Two arrays; one is deleted, the other does not notice.
    vm.insmod()
    dev, = ddf.started(vm, "mirror")
    vm.emdctl("--yes create --level raid0 --name fast --size 8M %s" % container)
    fast, = ddf.started(vm, "fast")
    ddf.pattern(vm, fast, 8, 4)
    vm.emdctl("--yes delete fast")
    assert list(ddf.examine(vm, disks[2])["arrays"]) == ["mirror"]
    assert ddf.checksum(vm, dev, 8) == sums
    vm.emdctl("--yes stop --all")


def view(vm, disk):
    return ddf.examine(vm, disk)["arrays"]["mirror"]
