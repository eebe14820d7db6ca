# SPDX-License-Identifier: GPL-2.0
"""Members that vanish together are not written off: when they come back, so does the array."""

from lib import arrays

groups = ["quick", "array"]


def scenario(vm):
    mirror = vm.add_disks(2, size="64M", serial="MIR%04d")
    ten = vm.add_disks(4, size="64M", serial="TEN%04d")
    vm.boot()
    vm.insmod()
    m = arrays.create(vm, "mirror", "raid1", mirror)
    t = arrays.create(vm, "ten", "raid10", ten, "--strip 64K --init none")
    want = arrays.make_file(vm, "/tmp/data", 4)
    for dev in m, t:
        arrays.put(vm, "/tmp/data", dev)
    pair = [d for d in ten if arrays.member(vm, "ten", d)["slot"] < 2]

    # In use, dirty, when it happens.
    pull_at_once(vm, mirror + pair)
    for name, dev in ("mirror", m), ("ten", t):
        vm.wait("%s to fail" % name, lambda name=name: arrays.state(vm, name) == "failed")
        status, _ = vm.status("dd if=/tmp/data of=%s bs=64K count=4 oflag=direct conv=fsync" % dev)
        assert status != 0
        status, _ = vm.status("dd if=%s of=/dev/null bs=64K count=2 iflag=direct" % dev)
        assert status != 0
    assert vm.dmesg("emd: emd.*more members lost")
    for disk in mirror + pair:
        vm.plug(disk)
    # What is running stays as it is until it is stopped.
    assert arrays.state(vm, "ten") == "failed"
    arrays.stop_all(vm)
    vm.emdctl("scan")
    vm.emdctl("assemble --all")
    for name in "mirror", "ten":
        dev = arrays.device(vm, name)
        # Of the four, the two that stayed may have heard of the first loss before the second.
        states = ("optimal",) if name == "mirror" else ("optimal", "degraded")
        assert arrays.state(vm, name) in states, vm.array(name)
        assert arrays.sha256(vm, dev, 4) == want
        arrays.put(vm, "/tmp/data", dev, seek_mib=8)
        vm.emdctl("wait %s idle --timeout 60" % name)
        assert arrays.sha256(vm, dev, 4, 8) == want
    for disk in mirror:
        assert vm.examine(disk)["volumes"]["mirror"]["Failed disk"] == "none"


def pull_at_once(vm, disks):
    """All gone while the machine holds its breath."""
    vm.qmp.command("stop")
    for disk in disks:
        vm.qmp.command("device_del", id=disk.name)
        disk.plugged = False
    vm.qmp.command("cont")
    for disk in disks:
        vm.wait("%s to disappear" % disk.name, lambda disk=disk: disk.serial not in vm.serials())
