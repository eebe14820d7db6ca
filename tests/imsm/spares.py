# SPDX-License-Identifier: GPL-2.0
"""This test shows that add, remove, delete and erase leave on the disks what mdadm expects to find there."""

from imsm import shared as imsm
from lib.vm import Refused

groups = ["imsm"]


def scenario(vm):
    disks = vm.add_disks(2, size="64M", serial="A-LONG-SERIAL-%06d")
    spare = vm.add_disk(size="64M", serial="SPARE%d")
    vm.boot()
    vm.insmod()
    vm.emdctl("create --format imsm --level raid0 --strip 64K --size 16M --name zero " + vm.devs(disks))
    container = vm.emdctl("list", json=True)["containers"][0]["name"]
    vm.emdctl("create --format imsm --level raid1 --size 8M --init none --name mirror " + container)

    # A spare's own record, as mdadm writes it.
    vm.emdctl("add %s %s --yes" % (container, spare.dev))
    found = vm.examine(spare)
    assert own_state(found) == "spare" and not found["volumes"], found
    assert found["RAID Devices"] == "0" and found["Generation"] == "00000001", found
    assert found["UUID"] == "00000000:00000000:00000000:00000000", found
    assert int(vm.examine(disks[0])["Disks"]) == 2

    # Taken out: nothing is left on it, and the others never knew it.
    vm.emdctl("remove %s %s --yes" % (container, spare.dev))
    vm.emdctl("erase --yes " + spare.dev)
    status, output = vm.status("mdadm --examine " + spare.dev)
    assert status and "No md superblock" in output, output
    try:
        vm.emdctl("erase --yes " + disks[0].dev)
    except Refused as error:
        assert "in use" in error.output or "member" in error.output or "belongs" in error.output, error
    else:
        raise AssertionError("erased a member")

    # The first array goes: the second keeps its place, its id and its data.
    dev = "/dev/" + vm.array("mirror")["dev"]
    sums = imsm.pattern(vm, dev, 8, 1)
    was = imsm.volume(vm, disks[1], "mirror")
    vm.emdctl("delete zero --yes")
    found = vm.examine(disks[1])
    assert list(found["volumes"]) == ["mirror"], found
    now = found["volumes"]["mirror"]
    assert (now["Sector Offset"], now["Volume ID"], now["Num Stripes"]) == \
        (was["Sector Offset"], was["Volume ID"], was["Num Stripes"]), (was, now)
    assert now["Subarray"] == "0"
    assert imsm.checksum(vm, dev, 8) == sums
    vm.emdctl("add %s %s --yes" % (container, spare.dev))
    vm.emdctl("stop --all --yes")
    vm.rmmod()
    imsm.mdadm_assemble(vm, disks + [spare])
    assert imsm.checksum(vm, vm.md("mirror"), 8) == sums
    # mdadm takes our spare when it needs one.
    vm.sh("mdadm %s --fail %s" % (vm.md("mirror"), disks[0].dev))
    vm.wait("mdadm to rebuild onto the spare",
            lambda: own_state(vm.examine(spare)) == "active" and
            imsm.volume(vm, disks[1], "mirror")["Slots"] == "[UU]", timeout=90)
    assert imsm.checksum(vm, vm.md("mirror"), 8) == sums
    imsm.mdadm_stop(vm)

    # The last array goes: all its disks are spares, for mdadm too.
    vm.sh("mdadm --zero-superblock " + disks[0].dev)
    vm.insmod()
    imsm.started(vm, "mirror")
    vm.emdctl("delete mirror --yes")
    for disk in disks[1], spare:
        found = vm.examine(disk)
        assert own_state(found) == "spare" and not found["volumes"], found


def own_state(found):
    return found["disks"][0]["State"] if found["disks"] else None
