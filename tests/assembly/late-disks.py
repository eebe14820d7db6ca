# SPDX-License-Identifier: GPL-2.0
"""A disk that comes late is in sync while nothing was written without it, and stale afterwards."""

from lib import arrays

groups = ["assembly"]


def scenario(vm):
    disks = vm.add_disks(2, size="64M")
    vm.boot()
    vm.insmod()
    arrays.create(vm, "mirror", "raid1", disks)
    want = arrays.make_file(vm, "/tmp/data", 2)
    arrays.put(vm, "/tmp/data", arrays.device(vm, "mirror"))
    arrays.stop_all(vm)
    vm.rmmod()

    # Never by itself when told so; by command when asked for.
    vm.unplug(disks[1])
    vm.insmod("degraded_timeout=0")
    vm.wait("the container", lambda: vm.emdctl("list", json=True)["containers"])
    status, output = vm.status("emdctl assemble --all")
    assert status == 1 and "--degraded" in output, output
    vm.emdctl("assemble --degraded --all")
    dev = arrays.device(vm, "mirror")
    assert arrays.state(vm, "mirror") == "degraded"
    generation = vm.examine(disks[0])["Generation"]
    assert arrays.sha256(vm, dev, 2) == want

    # Read only so far: the other disk missed nothing.
    vm.plug(disks[1])
    vm.wait("the late disk to join", lambda: arrays.state(vm, "mirror") == "optimal")
    assert vm.examine(disks[0])["Generation"] == generation
    arrays.stop_all(vm)
    vm.rmmod()

    # Written without it: it stays out, and as it is.
    vm.unplug(disks[1])
    vm.insmod("degraded_timeout=1")
    dev = arrays.device(vm, "mirror")
    want = arrays.make_file(vm, "/tmp/data", 2, seed=2)
    arrays.put(vm, "/tmp/data", dev)
    vm.plug(disks[1])
    vm.wait("the stale disk to be noticed", lambda: vm.dmesg("comes late and is left alone"))
    assert arrays.state(vm, "mirror") == "degraded"
    assert arrays.sha256(vm, dev, 2) == want
    arrays.stop_all(vm)
    vm.rmmod()

    # The older half alone is started; when the newer comes before a write, it wins.
    vm.unplug(disks[0])
    vm.insmod("degraded_timeout=1")
    arrays.device(vm, "mirror")
    vm.plug(disks[0])
    vm.wait("the newer metadata to win", lambda: vm.dmesg("carries newer metadata, deciding again"))
    dev = arrays.device(vm, "mirror")
    assert arrays.sha256(vm, dev, 2) == want
    assert arrays.member(vm, "mirror", disks[0])["state"] == "in_sync"
