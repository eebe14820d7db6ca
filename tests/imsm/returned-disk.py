# SPDX-License-Identifier: GPL-2.0
"""This test shows that a disk which one driver wrote off, or replaced, is not believed by the other when it is back."""

from imsm import shared as imsm

groups = ["imsm"]


def scenario(vm):
    disks = vm.add_disks(2, size="64M")
    spare = vm.add_disk(size="64M")
    second = vm.add_disk(size="64M")
    vm.boot()
    imsm.mdadm_create(vm, disks, [imsm.MdArray("mirror", 1, 2, "16M")])
    imsm.pattern(vm, vm.md("mirror"), 16, 1)
    imsm.mdadm_stop(vm)

    # Failed under EMD: mdadm does not use it, though it is there and calls itself healthy.
    vm.insmod()
    dev, = imsm.started(vm, "mirror")
    vm.emdctl("fail mirror " + disks[1].dev)
    sums = imsm.pattern(vm, dev, 16, 2)
    vm.emdctl("stop --all --yes")
    vm.rmmod()
    assert imsm.volume(vm, disks[1], "mirror")["Slots"] == "[UU]"
    imsm.mdadm_assemble(vm, disks)
    assert imsm.md_attr(vm, "mirror", "degraded") == "1"
    assert md_members(vm) == {disks[0].dev}
    assert imsm.checksum(vm, vm.md("mirror"), 16) == sums
    imsm.mdadm_stop(vm)

    # Nor does EMD after that.
    old = imsm.fingerprint([disks[1]])
    vm.insmod()
    vm.emdctl("assemble --degraded --all")
    dev, = imsm.started(vm, "mirror")
    assert vm.array("mirror")["state"] == "degraded"
    assert imsm.checksum(vm, dev, 16) == sums
    assert state_of(vm, disks[1]) in ("failed", "foreign"), vm.emdctl("list", json=True)

    # Rebuilt under EMD with the old disk back: the new family is the truth for mdadm.
    container = vm.emdctl("list", json=True)["containers"][0]["name"]
    vm.emdctl("add %s %s --yes" % (container, spare.dev))
    imsm.idle(vm, "mirror")
    sums = imsm.pattern(vm, dev, 16, 3)
    vm.emdctl("stop --all --yes")
    vm.rmmod()
    assert imsm.fingerprint([disks[1]]) == old, "the disk that was written off was written"
    imsm.mdadm_assemble(vm, [disks[1], disks[0], spare])
    assert imsm.md_attr(vm, "mirror", "degraded") == "0"
    assert md_members(vm) == {disks[0].dev, spare.dev}
    assert imsm.checksum(vm, vm.md("mirror"), 16) == sums

    # The same with the parts exchanged: what mdadm wrote off and replaced, EMD does not believe.
    vm.sh("mdadm %s --fail %s" % (vm.md("mirror"), disks[0].dev))
    vm.wait("mdmon to record it", lambda: imsm.volume(vm, spare, "mirror")["Map State"] == "degraded")
    sums = imsm.pattern(vm, vm.md("mirror"), 16, 4)
    imsm.mdadm_stop(vm)
    old = imsm.fingerprint(disks)
    vm.insmod()
    vm.emdctl("assemble --degraded --all")
    dev, = imsm.started(vm, "mirror")
    assert vm.array("mirror")["state"] == "degraded"
    assert imsm.checksum(vm, dev, 16) == sums
    vm.emdctl("stop --all --yes")
    vm.rmmod()
    imsm.mdadm_assemble(vm, [spare])
    vm.sh("mdadm /dev/md/imsm0* --add " + second.dev)
    vm.wait("mdadm's rebuild", lambda: imsm.volume(vm, spare, "mirror")["Map State"] == "normal", timeout=90)
    sums = imsm.pattern(vm, vm.md("mirror"), 16, 5)
    imsm.mdadm_stop(vm)
    for order in (disks + [spare, second], [second, spare] + disks):
        vm.poweroff()
        vm.boot(disks=order)
        vm.insmod()
        dev, = imsm.started(vm, "mirror")
        assert vm.array("mirror")["state"] == "optimal"
        assert {m["dev"] for m in vm.array("mirror")["members"]} == {spare.dev[5:], second.dev[5:]}
        assert imsm.checksum(vm, dev, 16) == sums
        assert all(state_of(vm, d) in ("failed", "foreign") for d in disks)
        imsm.pattern(vm, dev, 1, 6)
        sums = imsm.checksum(vm, dev, 16)
        assert imsm.fingerprint(disks) == old, "a disk that was written off was written"


def md_members(vm):
    names = vm.sh("ls /sys/block/$(basename %s)/slaves" % vm.md("mirror")).split()
    return {"/dev/" + n for n in names}


def state_of(vm, disk):
    for container in vm.emdctl("list", json=True)["containers"]:
        for row in container["disks"]:
            if row["dev"] == disk.dev[5:]:
                return row["state"]
    return None
