# SPDX-License-Identifier: GPL-2.0
"""This test shows that disks which take their time hold up what is done to them, and nobody else."""

from imsm import shared as imsm
from lib import arrays

groups = ["array"]


def scenario(vm):
    disks = vm.add_disks(4, size="64M", serial="SLOW%04d", faults=True)
    vm.boot()
    imsm.mdadm_create(vm, disks, [imsm.MdArray("left", 1, 2, "16M", disks=disks[:2]),
                                  imsm.MdArray("right", 1, 2, "16M", disks=disks[2:])])
    imsm.mdadm_stop(vm)
    vm.insmod()
    left, right = imsm.started(vm, "left", "right")
    want = arrays.make_file(vm, "/tmp/data", 2)
    for dev in left, right:
        arrays.put(vm, "/tmp/data", dev)
    command(vm, disks, right, want)
    late(vm, disks, want)


def command(vm, disks, right, want):
    """A disk holds up a command for one array; the other, on other disks, is written and read meanwhile."""
    arrays.put(vm, "/tmp/data", right)
    held = disks[0].faults.hold("write", disks[0].sectors - 64)
    rename = vm.start("emdctl rename left third")
    vm.wait("its metadata to be written", lambda: held.hits)
    # That it is dirty is on record: nothing needs to be written but data.
    arrays.put(vm, "/tmp/data", right, 4)
    assert arrays.sha256(vm, right, 2, 4) == want
    assert rename.status is None
    disks[0].faults.clear()
    rename.wait(30 * vm.slow)
    assert rename.status == 0, rename.output
    vm.emdctl("rename third left")


def late(vm, disks, want):
    """Each write to one disk comes late: a command, a failure and a rebuild end as they do with others."""
    disks[1].faults.delay(0.2, "write", disks[1].sectors - 64)
    disks[1].faults.delay(0.1, "write", 0, 4096, count=8)
    left = arrays.device(vm, "left")
    arrays.put(vm, "/tmp/data", left, 4)
    vm.emdctl("fail right " + disks[3].dev)
    container = arrays.container(vm, "right")
    vm.emdctl("--yes add %s %s" % (container, disks[3].dev))
    vm.emdctl("wait right optimal --timeout 60", timeout=70)
    vm.emdctl("rename left slow")
    imsm.idle(vm, "slow")
    for name in "slow", "right":
        dev = arrays.device(vm, name)
        assert arrays.sha256(vm, dev, 2) == want and arrays.sha256(vm, dev, 2, 4) == want
        imsm.idle(vm, name)
    for disk in disks:
        found = vm.examine(disk)["volumes"]
        assert {name: each["Map State"] for name, each in found.items()} == {"slow": "normal", "right": "normal"}, found
