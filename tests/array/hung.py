# SPDX-License-Identifier: GPL-2.0
"""This test shows that a disk which does not answer stops its own array only, and that nothing is lost when it does again."""

import time

from imsm import shared as imsm
from lib import arrays

groups = ["array"]


def scenario(vm):
    disks = vm.add_disks(4, size="64M", serial="HANG%04d", faults=True)
    vm.boot()
    imsm.mdadm_create(vm, disks, [imsm.MdArray("stuck", 1, 2, "32M", disks=disks[:2]),
                                  imsm.MdArray("free", 1, 2, "32M", disks=disks[2:])])
    imsm.mdadm_stop(vm)
    vm.insmod()
    stuck, free = imsm.started(vm, "stuck", "free")
    want = arrays.make_file(vm, "/tmp/data", 4)
    for dev in stuck, free:
        arrays.put(vm, "/tmp/data", dev)
    # The other array is in use, and stays so: nothing about it is to be recorded.
    user = vm.start("fio --name=user --filename=%s --direct=1 --ioengine=libaio --iodepth=2 --rw=randrw --bs=16k "
                    "--offset=8M --size=8M --time_based --runtime=600 --rate_iops=40,40 --verify=crc32c "
                    "--verify_backlog=16 --verify_fatal=1 --minimal" % free)
    first = writes(vm, free)
    vm.wait("its user to write", lambda: writes(vm, free) > first, timeout=60)
    # A write to an array that is clean would wait for all disks of the container.
    arrays.put(vm, "/tmp/data", stuck)
    vm.wait("both to be dirty", lambda: vm.array("free")["dirty"] and vm.array("stuck")["dirty"])

    disks[0].faults.hang()
    writer = vm.start("dd if=/tmp/data of=%s bs=256K seek=32 oflag=direct conv=fsync" % stuck)
    began = writes(vm, free)
    # Long enough for a pause in writing to be noticed, short enough for the kernel not to give the disk up.
    until = time.monotonic() + 8 * vm.slow
    seen = began
    while time.monotonic() < until:
        now = vm.wait("writes to the other array", lambda seen=seen: writes(vm, free) > seen and writes(vm, free),
                      timeout=20)
        assert arrays.sha256(vm, free, 4) == want
        seen = now
    assert writer.status is None, "answered by a disk that hangs"
    assert user.status is None, user.output
    disks[0].faults.release()

    writer.wait(30 * vm.slow)
    assert writer.status == 0, writer.output
    assert arrays.sha256(vm, stuck, 4) == want and arrays.sha256(vm, stuck, 4, 8) == want
    vm.sh("kill -INT $(pidof fio)")
    user.wait(30 * vm.slow)
    assert b";user;0;0;" in user.output and b"verify" not in user.output, user.output
    for name in "stuck", "free":
        imsm.idle(vm, name)
        imsm.copies_agree(vm, name)
    assert imsm.volume(vm, disks[3], "stuck")["Dirty State"] == "clean"
    assert imsm.volume(vm, disks[0], "stuck")["Map State"] == "normal"


def writes(vm, dev):
    """Requests completed on this array."""
    return int(vm.sh("cat /sys/block/%s/stat" % dev[5:]).split()[4])
