# SPDX-License-Identifier: GPL-2.0
"""Whatever a block device is asked, mirrors answer it right: any size, engine and flag, on 512 and 4096 byte sectors."""

import hashlib
import shutil

from lib import arrays

groups = ["array"]


def scenario(vm):
    for tool in "blkdiscard", "e2fsck":
        vm.add_file("/usr/sbin/" + tool, shutil.which(tool))
    for block in 512, 4096:
        vm.add_disks(4, size="96M", logical_block=block, serial="B%d-%%03d" % block)
    vm.boot()
    vm.insmod()
    for block, disks in (512, vm.disks[:4]), (4096, vm.disks[4:]):
        name = "ten%d" % block
        dev = arrays.create(vm, name, "raid10", disks, "--strip 64K --size 64M --init none")
        vm.emdctl("--yes create --force --level raid1 --name one%d --init none %s %s"
                  % (block, arrays.container(vm, name), vm.devs(disks[:2])))
        for each in dev, arrays.device(vm, "one%d" % block):
            assert vm.sh("blockdev --getss " + each).strip() == str(block)
            verified(vm, each, block)
            cleared(vm, each)
    file_system(vm, "/dev/" + vm.array("ten4096")["dev"])
    for array in "ten512", "ten4096", "one512", "one4096":
        vm.emdctl("scrub " + array)
        vm.emdctl("wait %s idle --timeout 60" % array)
        dev = arrays.device(vm, array)
        assert arrays.sysfs(vm, dev, "mismatch_cnt") == "0"
        assert arrays.state(vm, array) == "optimal"


def verified(vm, dev, block):
    """fio reads back what it wrote, by several ways, small and large, aligned as badly as can be."""
    common = ("fio --filename=%s --direct=1 --verify=crc32c --verify_fatal=1 --do_verify=1 --minimal --size=8M "
              "--randrepeat=0 " % dev)
    vm.sh(common + "--name=uring --ioengine=io_uring --iodepth=16 --rw=randwrite --bsrange=%d-256k "
          "--blockalign=%d --offset=0" % (block, block), timeout=120)
    vm.sh(common + "--name=aio --ioengine=libaio --iodepth=8 --rw=randwrite --bs=%d --size=1M --fsync=16 --offset=8M"
          % block, timeout=120)
    vm.sh(common + "--name=big --ioengine=libaio --iodepth=2 --rw=write --bs=4M --offset=9M", timeout=120)
    vm.sh(common + "--name=fua --ioengine=pvsync2 --sync=1 --rw=randwrite --bs=12k --size=960k --offset=18M",
          timeout=120)
    # Without waiting: refused or answered, nothing else.
    vm.sh("fio --filename=%s --direct=1 --minimal --name=nowait --ioengine=pvsync2 --nowait=1 --rw=randread "
          "--bs=4k --size=2M --ignore_error=EAGAIN" % dev)


def cleared(vm, dev):
    """Zeroes where asked for, everything else as it was."""
    before = arrays.make_file(vm, "/tmp/keep", 4, seed=7)
    arrays.put(vm, "/tmp/keep", dev, seek_mib=20)
    arrays.put(vm, "/tmp/keep", dev, seek_mib=32)
    vm.sh("blkdiscard -z -o 24M -l 8M " + dev)
    vm.sh("blkdiscard -z -o %d -l %d %s" % ((20 << 20) + 8192, 12288, dev))
    assert arrays.sha256(vm, dev, 8, 24) == hashlib.sha256(bytes(8 << 20)).hexdigest()
    out = vm.sh("dd if=%s bs=4k skip=%d count=3 iflag=direct 2>/dev/null | cmp -n 12288 - /dev/zero; echo $?"
                % (dev, (20 << 8) + 2))
    assert out.strip() == "0", out
    vm.sh("dd if=%s bs=4k skip=%d count=900 iflag=direct 2>/dev/null > /tmp/a; "
          "dd if=/tmp/keep bs=4k skip=5 count=900 2>/dev/null | cmp - /tmp/a" % (dev, (20 << 8) + 5))
    vm.sh("blkdiscard -o 24M -l 8M " + dev)
    assert arrays.sha256(vm, dev, 4, 32) == before


def file_system(vm, dev):
    vm.sh("mkfs.ext4 -q %s 32M && mkdir -p /mnt && mount -o discard %s /mnt" % (dev, dev))
    vm.sh("cp -a /lib/modules /mnt/ 2>/dev/null; cp /tmp/keep /mnt/keep; sync; rm -rf /mnt/modules; sync")
    vm.sh("cmp /tmp/keep /mnt/keep; umount /mnt; e2fsck -fn " + dev)
