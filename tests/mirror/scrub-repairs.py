# SPDX-License-Identifier: GPL-2.0
"""A check counts what differs between copies, a repair removes it, whatever users write meanwhile."""

import os

groups = ["thorough"]


def idle(vm, dev):
    return vm.sh("cat /sys/block/%s/emd/sync_action" % dev).strip() == "idle"


def scrub(vm, name, dev, repair=""):
    vm.emdctl("scrub %s %s" % (repair, name))
    vm.wait("end of scrub", lambda: idle(vm, dev), timeout=60)
    return int(vm.sh("cat /sys/block/%s/emd/mismatch_cnt" % dev))


def fio(seconds):
    return ("fio --name=v --filename=/dev/emd0 --direct=1 --ioengine=libaio --iodepth=8 --rw=randrw "
            "--bsrange=4k-192k --size=40M --verify=crc32c --verify_backlog=64 --verify_fatal=1 "
            "--time_based --runtime=%d --output=/tmp/fio.log" % seconds)


def scenario(vm):
    # With heads and without: reads are balanced in different ways.
    for level, count, bus in ("raid1", 2, "scsi"), ("raid10", 4, "nvme"):
        disks = vm.add_disks(count, size="64M", bus=bus, serial=level.upper() + "%02d")
        vm.boot()
        vm.insmod()
        vm.emdctl("create --format imsm --level %s --name it --init none --yes %s" % (level, vm.devs(disks)))
        assert scrub(vm, "it", "emd0") == 0

        vm.say("five sectors differ, in three places")
        for sector, nr in (4096, 1), (20001, 3), (60000, 1):
            disks[1].write(sector, os.urandom(nr * 512))
        assert scrub(vm, "it", "emd0") == 5
        shown = vm.emdctl("show it")
        vm.say(shown)
        assert scrub(vm, "it", "emd0", "--repair") == 5
        assert scrub(vm, "it", "emd0") == 0

        vm.say("scrubs and writes at the same time")
        load = vm.start(fio(8))
        for _ in range(3):
            assert scrub(vm, "it", "emd0", "--repair") == 0
        load.wait(120)
        assert load.status == 0, load.output + vm.sh("cat /tmp/fio.log")
        assert scrub(vm, "it", "emd0") == 0
        vm.emdctl("stop --all --yes")
        vm.rmmod()
        vm.poweroff()
        for disk in disks:
            disk.plugged = False
