# SPDX-License-Identifier: GPL-2.0
"""This test shows that EMD assembles what dmraid's rules describe, with dmraid's data, and refuses blocks of 4096 bytes."""

from asr import shared as asr
from lib import dmraid

groups = ["asr"]

DRIVES = 0x91000001, 0xc2000002, 0xf3000003


def scenario(vm):
    disks = vm.add_disks(3, size="24M")
    big = vm.add_disks(2, size="24M", logical_block=4096, serial="BIG%04d")
    size = asr.member_sectors(disks)
    asr.write(disks, [asr.line(3, 0x2a000001, 1, 0, 3 * size, 384, "stripe")] +
              [asr.line(0, magic, 0, 0, size, 128, "stripe", 2 * i) for i, magic in enumerate(DRIVES)], DRIVES)
    vm.boot()
    tables = dmraid.activate(vm, "asr")
    assert "asr_stripe" in tables, tables
    sums = asr.pattern(vm, "/dev/mapper/asr_stripe", 8, 1)
    dmraid.deactivate(vm, "asr")
    before = [disk.read(-17, 17) for disk in disks]
    vm.insmod()
    dev, = asr.started(vm, "stripe")
    array = vm.array("stripe")
    assert array["level"] == "raid0" and array["size_sectors"] == 3 * size, array
    assert [m["dev"] for m in array["members"]] == [disk.dev.rsplit("/", 1)[1] for disk in disks], array
    assert asr.checksum(vm, dev, 8) == sums
    assert [disk.read(-17, 17) for disk in disks] == before, "a stripe has nothing to be written"
    status, text = vm.status("emdctl --yes create --format asr --level raid1 --name big " + vm.devs(big))
    assert status == 1 and "logical blocks of 4096 bytes, asr needs 512" in text, text
    vm.emdctl("--yes stop --all")
