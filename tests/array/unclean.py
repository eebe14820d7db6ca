# SPDX-License-Identifier: GPL-2.0
"""A power cut during writes costs a resync, not data: marks, order, checkpoints and copies that agree."""

import re

from lib import arrays

groups = ["array"]

PLANTED = 40000     # sectors where the copies will differ after the cut


def scenario(vm):
    disks = vm.add_disks(2, size="64M", serial="CUT%04d", faults=True)
    vm.boot()
    vm.insmod()
    m = arrays.create(vm, "mirror", "raid1", disks)
    vm.sh("mkfs.ext4 -q -O ^has_journal %s 8M" % m)
    want = arrays.make_file(vm, "/tmp/data", 4)
    arrays.put(vm, "/tmp/data", m, seek_mib=10)
    idle_is_clean(vm, disks)
    untouched(vm, disks, want)
    dirty_comes_first(vm, disks)
    vm.kill()
    # The copies may differ where a write was under way.
    disks[0].write(PLANTED, b"A" * 4096)
    disks[1].write(PLANTED, b"B" * 4096)
    log = vm.record(disks)
    vm.boot()
    vm.insmod()
    m = arrays.device(vm, "mirror")
    assert vm.array("mirror")["dirty"] is True
    assert vm.examine(disks[0])["volumes"]["mirror"]["Dirty State"] == "dirty"
    answer = one_opinion(vm, m)
    assert arrays.sha256(vm, m, 4, 10) == want
    log.stop()
    assert not [e for e in log.entries if not e.flush], "reading made it write"
    vm.emdctl("sync limit mirror 4M")
    arrays.make_file(vm, "/tmp/more", 1, seed=3)
    arrays.put(vm, "/tmp/more", m, seek_mib=40)
    vm.wait("a resync", lambda: vm.array("mirror")["sync"]["action"] == "resync")
    done, total = arrays.sysfs(vm, m, "sync_completed").split(" / ")
    assert int(done) < int(total), (done, total)
    assert one_opinion(vm, m) == answer
    vm.wait("a checkpoint", lambda: checkpoint(vm, disks[0]) > 0)
    assert "resync" in vm.emdctl("status mirror")
    vm.kill()

    vm.boot()
    vm.insmod()
    m = arrays.device(vm, "mirror")
    recorded = checkpoint(vm, disks[0])
    assert recorded > 0
    arrays.make_file(vm, "/tmp/more", 1, seed=4)
    arrays.put(vm, "/tmp/more", m, seek_mib=50)
    vm.emdctl("wait mirror idle --timeout 60")
    begun = re.search(r"resync started at sector (\d+)", vm.dmesg("emd"))
    assert begun and int(begun.group(1)) > 0, vm.dmesg("emd")
    assert one_opinion(vm, m) == answer
    assert arrays.sha256(vm, m, 4, 10) == want
    idle_is_clean(vm, disks)
    size = vm.array("mirror")["size_sectors"]
    assert disks[0].read(0, size) == disks[1].read(0, size)

    # Cut when clean, and stopped when not: neither asks for a resync.
    vm.kill()
    vm.boot()
    vm.insmod()
    write_a_little(vm)
    arrays.stop_all(vm)
    assert vm.examine(disks[0])["volumes"]["mirror"]["Dirty State"] == "clean"
    vm.emdctl("assemble --all")
    write_a_little(vm)
    idle_is_clean(vm, disks)
    assert not vm.dmesg("resync started")


def write_a_little(vm):
    vm.sh("dd if=/dev/zero of=%s bs=64K count=1 seek=720 oflag=direct conv=fsync" % arrays.device(vm, "mirror"))


def idle_is_clean(vm, disks):
    vm.wait("clean", lambda: vm.array("mirror")["dirty"] is False)
    for disk in disks:
        volume = vm.examine(disk)["volumes"]["mirror"]
        assert volume["Dirty State"] == "clean", volume
        assert volume["Map State"] == "normal", volume


def untouched(vm, disks, want):
    """Assembling, reading, a read-only mount, stopping: nothing is written."""
    arrays.stop_all(vm)
    vm.rmmod()
    log = vm.record(disks)
    vm.insmod()
    m = arrays.device(vm, "mirror")
    assert arrays.sha256(vm, m, 4, 10) == want
    vm.sh("mkdir -p /mnt; mount -o ro %s /mnt && ls /mnt && umount /mnt" % m)
    assert vm.array("mirror")["dirty"] is False
    arrays.stop_all(vm)
    vm.emdctl("assemble --all")
    arrays.device(vm, "mirror")
    log.stop()
    assert not [e for e in log.entries if not e.flush], "an untouched array was written"


def dirty_comes_first(vm, disks):
    m = arrays.device(vm, "mirror")
    log = vm.record(disks)
    vm.sh("dd if=/tmp/data of=%s bs=4k count=1 seek=5000 oflag=direct" % m)
    log.stop()
    data = [n for n, e in enumerate(log.entries) if e.sector == 40000 and not e.flush]
    marks = {e.disk for e in log.entries[:data[0]] if e.sector >= disks[0].sectors - 16 and not e.flush}
    assert len(data) == 2 and marks == set(disks), log.entries


def one_opinion(vm, dev):
    """What a place at which the copies differ reads as; it must not change."""
    answers = {vm.sh("dd if=%s bs=4k skip=%d count=1 iflag=direct 2>/dev/null | sha256sum"
                     % (dev, PLANTED // 8)) for _ in range(6)}
    assert len(answers) == 1, answers
    return answers.pop()


def checkpoint(vm, disk):
    return int(re.search(r"sync_sector\s*[=:]?\s*(\d+)", vm.sh("emdctl examine " + disk.dev)).group(1))
