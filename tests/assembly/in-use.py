# SPDX-License-Identifier: GPL-2.0
"""Disks that somebody else holds are not taken, and the reason names them; parameters say what to leave alone."""

from lib import arrays

groups = ["assembly"]


def scenario(vm):
    disks = vm.add_disks(2, size="64M", bus="virtio", serial="VIRTIO%04d")
    vm.boot()
    status, output = vm.status("insmod /root/emd.ko ignore=nonsense")
    assert status != 0 and vm.dmesg("ignore=nonsense"), output
    vm.insmod()
    arrays.create(vm, "mirror", "raid1", disks)
    want = arrays.make_file(vm, "/tmp/data", 1)
    arrays.put(vm, "/tmp/data", arrays.device(vm, "mirror"))
    arrays.stop_all(vm)
    vm.rmmod()

    vm.sh("modprobe dm-mod; echo 0 2048 linear %s 0 | dmsetup create holder" % disks[0].dev)
    vm.insmod()
    vm.wait("the refusal", lambda: vm.dmesg("not assembled: .* is in use"))
    name = disks[0].dev.rsplit("/", 1)[1]
    status, output = vm.status("emdctl assemble --all")
    assert status == 1 and "%s is in use" % name in output, output
    vm.sh("dmsetup remove holder")
    vm.emdctl("assemble --all")
    assert arrays.sha256(vm, arrays.device(vm, "mirror"), 1) == want
    # And the other way round: what we hold is not taken from us.
    status, _ = vm.status("echo 0 2048 linear %s 0 | dmsetup create thief" % disks[0].dev)
    assert status != 0
    status, _ = vm.status("mkfs.ext4 -q -F %s" % disks[1].dev)
    assert status != 0
    arrays.stop_all(vm)
    vm.rmmod()

    vm.insmod("autoassemble=0")
    found = vm.wait("the container", lambda: vm.emdctl("list", json=True)["containers"])
    assert not any(a["dev"] for c in found for a in c["arrays"])
    vm.emdctl("assemble --all --read-only")
    dev = arrays.device(vm, "mirror")
    assert vm.array("mirror")["read_only"]
    assert arrays.sha256(vm, dev, 1) == want
    status, _ = vm.status("dd if=/tmp/data of=%s bs=4K count=1 oflag=direct" % dev)
    assert status != 0
    vm.rmmod()
    vm.insmod("ignore=imsm")
    vm.emdctl("scan")
    assert not vm.emdctl("list", json=True)["containers"]
