# SPDX-License-Identifier: GPL-2.0
"""This test shows that a kernel with EMD built in boots from an array that mdadm made, whole or degraded, with no initramfs."""

from boot import shared as boot
from imsm import shared as imsm
from lib import arrays

groups = ["boot", "imsm"]
kernels = ["builtin"]

WAIT = 2


def scenario(vm):
    disks = vm.add_disks(4, size="256M")
    # mdadm makes the array: this once EMD leaves the disks alone.
    vm.boot("emd.autoassemble=0")
    imsm.mdadm_create(vm, disks, [imsm.MdArray("system", 10, 4, "160M")])
    boot.install(vm, vm.md("system"))
    imsm.mdadm_stop(vm)
    vm.poweroff()

    # Complete; nobody tells the kernel to wait for it.
    vm.boot(root="/dev/emd0")
    assert boot.root(vm) == "/dev/emd0", boot.root(vm)
    assert arrays.state(vm, "system") == "optimal"
    boot.intact(vm)
    vm.sh("echo written on four disks > /root/note; sync")
    vm.poweroff()

    # One disk of each pair is missing: one line says what is done about it.
    vm.boot("emd.degraded_timeout=%d" % WAIT, root="/dev/emd0", disks=[disks[1], disks[2]])
    assert boot.root(vm) == "/dev/emd0", boot.root(vm)
    lines = vm.dmesg(r"emd: .*missing").splitlines()
    assert len(lines) == 1 and "after %d s, starting degraded" % WAIT in lines[0], lines
    assert arrays.state(vm, "system") == "degraded"
    assert vm.read_file("/root/note") == b"written on four disks\n"
    boot.intact(vm)
