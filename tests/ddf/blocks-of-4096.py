# SPDX-License-Identifier: GPL-2.0
"""This test shows that DDF arrays on disks of 4096-byte blocks come back with their data, also with a disk replaced."""

from ddf import shared as ddf

groups = ["ddf"]


def scenario(vm):
    disks = vm.add_disks(4, size="64M", logical_block=4096)
    vm.boot()
    vm.insmod()
    ten = ddf.ddf_create(vm, "ten", "raid10", disks, "--size 16M --init none")
    container = vm.emdctl("list", json=True)["containers"][0]["name"]
    vm.emdctl("--yes create --level raid0 --name zero --size 16M " + container)
    zero, = ddf.started(vm, "zero")
    sums = [ddf.pattern(vm, dev, 16, seed) for seed, dev in enumerate((ten, zero))]
    vm.emdctl("--yes stop --all")
    vm.rmmod()

    vm.insmod()
    devs = ddf.started(vm, "ten", "zero")
    assert [ddf.checksum(vm, dev, 16) for dev in devs] == sums
    vm.emdctl("--yes delete zero")
    vm.emdctl("--yes fail ten " + disks[1].dev)
    assert vm.array("ten")["state"] == "degraded"
    vm.emdctl("--yes remove %s %s" % (container, disks[1].dev))
    vm.emdctl("--yes erase " + disks[1].dev)
    vm.emdctl("--yes add %s %s" % (container, disks[1].dev))
    ddf.idle(vm, "ten")
    assert ddf.checksum(vm, devs[0], 16) == sums[0]
    vm.emdctl("--yes stop --all")
    vm.rmmod()
    vm.insmod()
    ten, = ddf.started(vm, "ten")
    assert vm.array("ten")["state"] == "optimal"
    assert ddf.checksum(vm, ten, 16) == sums[0]
    vm.emdctl("--yes stop --all")
