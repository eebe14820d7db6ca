# SPDX-License-Identifier: GPL-2.0
"""This test shows that the root may be a partition of a mirror, each disk of which shows that partition too, and that a disk that missed a boot is not believed."""

from boot import shared as boot
from lib import arrays

groups = ["boot"]
kernels = ["builtin"]


def scenario(vm):
    disks = vm.add_disks(2, size="384M")
    vm.boot()
    dev = arrays.create(vm, "system", "raid1", disks)
    vm.sh("echo 'start=2048, type=83' | sfdisk -q %s" % dev)
    vm.wait("the partition", lambda: vm.status("test -b %sp1" % dev)[0] == 0)
    boot.install(vm, dev + "p1")
    arrays.stop_all(vm)
    vm.poweroff()

    # Alone; it is written to.
    vm.boot("emd.degraded_timeout=1", root="/dev/emd0p1", disks=disks[:1])
    assert boot.root(vm) == "/dev/emd0p1", boot.root(vm)
    assert arrays.state(vm, "system") == "degraded"
    boot.intact(vm)
    vm.sh("echo the other is away > /root/note; sync")
    vm.poweroff()

    # The disk that was away comes first. It is filled up again, not believed.
    vm.boot(root="/dev/emd0p1", disks=[disks[1], disks[0]])
    assert boot.root(vm) == "/dev/emd0p1", boot.root(vm)
    assert vm.read_file("/root/note") == b"the other is away\n"
    assert arrays.member(vm, "system", disks[0])["state"] == "in_sync"
    stale = arrays.member(vm, "system", disks[1])
    assert stale is None or stale["state"] == "rebuilding", stale
    boot.intact(vm)
