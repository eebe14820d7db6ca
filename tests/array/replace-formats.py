# SPDX-License-Identifier: GPL-2.0
"""This test shows that a disk is replaced while the array is written in the other formats too, with parity and without."""

from lib import arrays

groups = ["array", "thorough"]

# Format, level, disks.
ARRAYS = (("ddf", "raid5", 3), ("asr", "raid1", 2))


def scenario(vm):
    disks = vm.add_disks(4, size="40M", serial="MEM%04d")
    vm.boot()
    vm.insmod()
    for kind, level, nr in ARRAYS:
        vm.say("%s %s" % (kind, level))
        vm.emdctl("--yes create --format %s --level %s --name array --init zero %s"
                  % (kind, level, vm.devs(disks[:nr])))
        dev = arrays.device(vm, "array")
        replaced(vm, dev, disks[:nr], disks[nr])
        arrays.stop_all(vm)
        for disk in disks:
            vm.status("emdctl --yes erase " + disk.dev)


def replaced(vm, dev, disks, new):
    old = disks[0]
    container = arrays.container(vm, "array")
    vm.emdctl("--yes add %s %s" % (container, new.dev))
    vm.emdctl("sync limit array 4M")
    vm.emdctl("replace array %s %s" % (old.dev, new.dev))
    # Below where it got and above; with and without data.
    want = arrays.make_file(vm, "/tmp/data", 4, seed=ord(dev[-1]))
    arrays.put(vm, "/tmp/data", dev)
    arrays.put(vm, "/tmp/data", dev, 8)
    vm.status("blkdiscard -o %d -l %d %s" % (4 << 20, 1 << 20, dev))
    assert arrays.member(vm, "array", old)["replacement"] == new.dev[5:]
    vm.emdctl("sync limit array none")
    vm.emdctl("wait array idle --timeout 60", timeout=70)
    assert arrays.member(vm, "array", new)["state"] == "in_sync", vm.array("array")
    assert arrays.state(vm, "array") == "optimal"
    vm.emdctl("scrub array")
    vm.emdctl("wait array idle --timeout 60", timeout=70)
    assert arrays.sysfs(vm, dev, "mismatch_cnt") == "0"
    # As recorded, and with the new disk as a source of all that its neighbour had.
    vm.emdctl("--yes remove %s %s" % (container, old.dev))
    vm.emdctl("--yes erase " + old.dev)
    arrays.stop_all(vm)
    vm.emdctl("assemble --all")
    dev = arrays.device(vm, "array")
    assert arrays.state(vm, "array") == "optimal", vm.array("array")
    vm.emdctl("--yes fail array %s" % disks[1].dev)
    assert arrays.sha256(vm, dev, 4) == want and arrays.sha256(vm, dev, 4, 8) == want
