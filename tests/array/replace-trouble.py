# SPDX-License-Identifier: GPL-2.0
"""This test shows that a replace which meets trouble leaves the old disk in its place, or a rebuild where that was lost."""

from lib import arrays

groups = ["array"]

MIB = 8


def scenario(vm):
    disks = vm.add_disks(4, size="64M", serial="MEM%04d", faults=True)
    spares = vm.add_disks(3, size="64M", serial="SPARE%04d", faults=True)
    vm.boot()
    vm.insmod()
    dev = arrays.create(vm, "five", "raid5", disks, "--strip 64K --init none")
    container = arrays.container(vm, "five")
    want = arrays.make_file(vm, "/tmp/data", MIB)
    arrays.put(vm, "/tmp/data", dev)
    for spare in spares:
        vm.emdctl("--yes add %s %s" % (container, spare.dev))

    cancelled(vm, disks, spares[0])
    unreadable(vm, disks, spares[0], dev)
    metadata_refused(vm, disks, spares[0])
    for command in ("remove", "add"):
        vm.emdctl("--yes %s %s %s" % (command, container, spares[0].dev))
    new_disk_fails(vm, disks, spares[1], dev)
    dev = power_fails(vm, disks, spares[0])
    assert arrays.sha256(vm, dev, MIB) == want
    old_disk_fails(vm, disks, spares[0], dev)
    assert arrays.sha256(vm, dev, MIB) == want


def begin(vm, old, new):
    """It copies, slowly; returns the number of the last event before."""
    last = int(vm.emdctl("events").splitlines()[-1].split()[0])
    vm.emdctl("sync limit five 4M")
    vm.emdctl("replace five %s %s" % (old.dev, new.dev))
    assert arrays.member(vm, "five", old)["replacement"] == new.dev[5:]
    return last


def dropped(vm, since, old, new, reason):
    """The old disk is where it was, the other is not in the array, and everybody was told why."""
    vm.emdctl("wait five replace-dropped --since %d --timeout 60" % (since + 1), timeout=70)
    text = vm.emdctl("events --since %d" % (since + 1))
    assert reason in text, text
    member = arrays.member(vm, "five", old)
    assert member["state"] == "in_sync" and "replacement" not in member, member
    assert arrays.member(vm, "five", new) is None
    assert arrays.state(vm, "five") == "optimal" and vm.array("five")["sync"]["action"] == "idle"
    vm.emdctl("sync limit five none")


def cancelled(vm, disks, new):
    last = begin(vm, disks[0], new)
    vm.emdctl("sync cancel five")
    dropped(vm, last, disks[0], new, "cancelled by command")


def unreadable(vm, disks, new, dev):
    """What neither the disk nor the others can give ends it."""
    last = begin(vm, disks[0], new)
    bad = [disk.faults.error("read", 60000, 8) for disk in disks[:2]]
    vm.emdctl("sync limit five none")
    dropped(vm, last, disks[0], new, "cannot be read anywhere")
    assert bad[0].hits and bad[1].hits
    for disk in disks[:2]:
        disk.faults.clear()


def metadata_refused(vm, disks, new):
    """All is copied, but the new disk does not take its metadata: nobody believes it."""
    last = begin(vm, disks[0], new)
    new.faults.error("write", new.sectors - 64, 64)
    vm.emdctl("sync limit five none")
    dropped(vm, last, disks[0], new, "refused")
    new.faults.clear()
    for disk in disks:
        found = vm.examine(disk)
        assert found["volumes"]["five"]["Map State"] == "normal", found
        assert new.serial not in [d["serial"] for d in found["disks"]], found


def new_disk_fails(vm, disks, new, dev):
    """A user's write that the new disk refuses is answered all the same."""
    last = begin(vm, disks[0], new)
    new.faults.error("write", 30000, 4096)
    vm.sh("dd if=/dev/urandom of=%s bs=256K seek=160 count=40 oflag=direct conv=fsync 2>&1" % dev)
    dropped(vm, last, disks[0], new, "write error")
    vm.emdctl("scrub five")
    vm.emdctl("wait five idle --timeout 60")
    assert arrays.sysfs(vm, dev, "mismatch_cnt") == "0"


def power_fails(vm, disks, new):
    """Nothing was recorded of it: the array is as it was."""
    begin(vm, disks[0], new)
    vm.kill()
    vm.boot()
    vm.insmod()
    dev = arrays.device(vm, "five")
    assert arrays.member(vm, "five", disks[0])["state"] == "in_sync"
    assert arrays.member(vm, "five", new) is None
    assert arrays.state(vm, "five") == "optimal"
    return dev


def old_disk_fails(vm, disks, new, dev):
    """Then it is an ordinary rebuild, of whatever is a spare."""
    vm.sh("dd if=/dev/zero of=%s bs=256K seek=160 count=1 oflag=direct conv=fsync 2>&1" % dev)
    vm.emdctl("wait five idle --timeout 90", timeout=100)
    last = begin(vm, disks[0], new)
    vm.unplug(disks[0])
    vm.emdctl("wait five replace-dropped --since %d --timeout 60" % (last + 1), timeout=70)
    vm.emdctl("sync limit five none")
    vm.emdctl("wait five optimal --timeout 90", timeout=100)
