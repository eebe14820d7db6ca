# SPDX-License-Identifier: GPL-2.0
"""Two halves of a mirror that each ran alone are refused together, and neither is written."""

from lib import arrays

groups = ["quick", "assembly"]


def scenario(vm):
    disks = vm.add_disks(2, size="64M")
    vm.boot()
    vm.insmod()
    arrays.create(vm, "mirror", "raid1", disks)
    want = arrays.make_file(vm, "/tmp/data", 1)
    arrays.put(vm, "/tmp/data", arrays.device(vm, "mirror"))
    arrays.stop_all(vm)
    vm.rmmod()
    for number, disk in enumerate(disks):
        other = disks[1 - number]
        vm.unplug(other)
        vm.insmod("degraded_timeout=1")
        dev = arrays.device(vm, "mirror")
        assert vm.array("mirror")["state"] == "degraded"
        assert vm.dmesg("starting degraded")
        # The half that was not there cannot be told that it is out.
        want = arrays.make_file(vm, "/tmp/half", 1, seed=10 + number)
        arrays.put(vm, "/tmp/half", dev)
        assert arrays.sha256(vm, dev, 1) == want
        arrays.stop_all(vm)
        vm.rmmod()
        vm.plug(other)
        vm.wait("the disk to come back", lambda other=other: other.serial in vm.serials())
    before = vm.sh("sha256sum " + vm.devs(disks))

    vm.insmod()
    found = vm.wait("the container", lambda: vm.emdctl("list", json=True)["containers"])
    assert vm.wait("the log", lambda: vm.dmesg("not assembled.*ran without the other"))
    assert not vm.array("mirror") or not vm.array("mirror")["dev"], found
    status, output = vm.status("emdctl assemble --all")
    assert status == 1 and "ran without the other" in output, output
    shown = vm.emdctl("show " + found[0]["name"])
    assert "ran without the other" in shown, shown
    vm.rmmod()
    assert vm.sh("sha256sum " + vm.devs(disks)) == before
