# SPDX-License-Identifier: GPL-2.0
"""The test machine boots, runs commands, and sees its disks come and go."""

groups = ["thorough", "smoke"]
needs_emd = False


def scenario(vm):
    scsi = vm.add_disks(2, size="64M", bus="scsi", serial="SCSI%02d")
    nvme = vm.add_disks(1, size="64M", bus="nvme", serial="NVME%02d", logical_block=4096)
    virtio = vm.add_disks(1, size="64M", bus="virtio", serial="VIRT%02d")
    late = vm.add_disk(size="64M", serial="LATE%02d", plugged=False)
    vm.boot()

    assert vm.sh("echo hello").strip() == "hello"
    assert vm.status("exit 3") == (3, "")
    blob = bytes(range(256)) * 20000
    vm.write_file("/tmp/blob", blob)
    assert vm.read_file("/tmp/blob") == blob

    assert sorted(d.dev for d in scsi) == ["/dev/sda", "/dev/sdb"]
    assert vm.sh("blockdev --getss %s" % nvme[0].dev).strip() == "4096"
    vm.sh("echo written | dd of=%s bs=512 conv=sync,fsync 2>/dev/null" % virtio[0].dev)
    assert virtio[0].read(0)[:7] == b"written"

    vm.plug(late)
    for disk in scsi[1], nvme[0], virtio[0], late:
        vm.unplug(disk)
    vm.plug(nvme[0])

    sleeper = vm.start("sleep 1000")
    vm.kill()
    assert sleeper.done.wait(5)
    vm.boot()
    assert len(vm.serials()) == 2
