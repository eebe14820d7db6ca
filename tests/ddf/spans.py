# SPDX-License-Identifier: GPL-2.0
"""This test shows that DDF arrays of several parts (raid50, raid60, and parts one behind the other) lie on the disks as they should, bear a loss in each part, are rebuilt, and keep data and parity right."""

import random
import shutil
from functools import reduce

from ddf import shared as ddf
from lib import arrays, ddf_bytes

groups = ["ddf", "parity"]

MIB = 1 << 20
STRIP = 32          # sectors
CONCATENATED = 2    # secondary level
#        name     level    disks  parity strips in a row
ARRAYS = (("fifty", "raid5", 6, 1), ("sixty", "raid6", 8, 2))


def scenario(vm):
    noise = random.Random(5).randbytes(4 * MIB)
    disks = vm.add_disks(8, size="48M", serial="SPAN%04d")
    spares = vm.add_disks(2, size="48M", serial="SPARE%04d")
    vm.add_file("/usr/sbin/blkdiscard", shutil.which("blkdiscard"))
    vm.boot()
    vm.write_file("/root/noise", noise)
    vm.insmod()

    vm.say("each row of strips is in one part, the parts take turns")
    where = "--format ddf"
    for name, level, nr, parity in reversed(ARRAYS):
        vm.emdctl("--yes create --level %s --spans 2 --name %s --size 4M --strip 16K --init none %s %s"
                  % (level, name, where, vm.devs(disks[:nr])))
        where = arrays.container(vm, name)
        vm.sh("dd if=/root/noise of=%s bs=1M oflag=direct conv=fsync 2>/dev/null" % arrays.device(vm, name))
    for name, level, nr, parity in ARRAYS:
        array = vm.array(name)
        assert (array["level"], array["spans"]) == (level, 2), array
        assert array["size_sectors"] >= 8192, array
        check_rows(array, disks[:nr], parity, noise)
        assert ddf.mismatches(vm, name) == 0, name

    vm.say("a disk is lost in each part: all is there, and is filled again")
    sums = {name: ddf.checksum(vm, arrays.device(vm, name), 4) for name, *_ in ARRAYS}
    for lost in (disks[1], disks[5]):
        vm.emdctl("--yes fail fifty " + lost.dev)
    for name, *_ in ARRAYS:
        # Disks of the other array with room may fill the slots at once.
        assert vm.array(name)["state"] in ("degraded", "optimal"), vm.array(name)
        for lost in (disks[1], disks[5]):
            found = arrays.member(vm, name, lost)
            assert not found or found["state"] == "failed", found
        assert ddf.checksum(vm, arrays.device(vm, name), 4) == sums[name], name
    for spare in spares:
        vm.emdctl("--yes add %s %s" % (where, spare.dev))
    for seed, (name, *_) in enumerate(ARRAYS):
        sums[name] = ddf.pattern(vm, arrays.device(vm, name), 4, 60 + seed)
    for name, *_ in ARRAYS:
        ddf.idle(vm, name)
        assert ddf.mismatches(vm, name) == 0, name
        assert ddf.checksum(vm, arrays.device(vm, name), 4) == sums[name], name
    view = ddf.examine(vm, disks[0])["arrays"]
    assert [view[name]["state"] for name, *_ in ARRAYS] == ["Optimal, Consistent"] * 2, view

    vm.say("power fails while it is written to; parity is made right again")
    job = vm.start("while :; do dd if=/root/noise of=%s bs=24k oflag=direct 2>/dev/null; done"
                   % arrays.device(vm, "fifty"))
    vm.wait("dirty", lambda: vm.array("fifty")["dirty"])
    vm.kill()
    vm.boot(disks=disks[1:] + spares)
    vm.insmod("degraded_timeout=1")
    one_part_is_bare(vm)
    vm.plug(disks[0])
    vm.emdctl("assemble --all", status=None)
    dev, _ = ddf.started(vm, "fifty", "sixty")
    vm.sh("dd if=%s bs=4k count=1 iflag=direct 2>/dev/null | dd of=%s bs=4k oflag=direct 2>/dev/null" % (dev, dev))
    ddf.idle(vm, "fifty")
    assert arrays.state(vm, "fifty") == "optimal"
    assert ddf.mismatches(vm, "fifty") == 0
    assert ddf.checksum(vm, arrays.device(vm, "sixty"), 4) == sums["sixty"]
    vm.emdctl("--yes stop --all")
    vm.rmmod()

    vm.say("the same disks as another would join them: the parts one behind the other")
    for disk in disks + spares:
        join(disk, CONCATENATED)
    vm.insmod()
    one_behind_the_other(vm, disks, spares, noise)
    vm.emdctl("--yes stop --all")


def one_part_is_bare(vm):
    """The other part has its parity, but this one's is in doubt: not without being told to."""
    vm.wait("the reason", lambda: vm.dmesg("fifty: not started: degraded and not stopped cleanly"))
    assert not vm.array("fifty")["dev"]
    status, said = vm.status("emdctl assemble --degraded --all")
    assert status == 1 and "--force" in said and "may be wrong" in said, said
    vm.emdctl("assemble --degraded --force --all")
    ddf.started(vm, "fifty")
    assert arrays.state(vm, "fifty") == "degraded"
    vm.emdctl("--yes stop --all")


def one_behind_the_other(vm, disks, spares, noise):
    dev = arrays.device(vm, "fifty")
    array = vm.array("fifty")
    assert (array["level"], array["spans"]) == ("raid5", 2), array
    vm.write_file("/root/noise", noise)
    vm.sh("dd if=/root/noise of=%s bs=1M oflag=direct conv=fsync 2>/dev/null" % dev)
    known = {disk.dev.rsplit("/", 1)[1]: disk for disk in disks + spares}
    rows = array["size_sectors"] // 2 // (2 * STRIP)
    check_rows(array, [known[member["dev"]] for member in array["members"]], 1, noise, rows)

    # Over the end of the first part, not along strips; what is beside it stays.
    edge = array["size_sectors"] // 2 * 512
    vm.sh("blkdiscard -z -o %d -l %d %s" % (edge - 36864, 36864 + 4096, dev))
    vm.sh("blkdiscard -o %d -l %d %s" % (edge - 32768, 32768, dev))
    vm.write_file("/root/want", noise[:edge - 36864] + bytes(4096))
    vm.sh("cmp -n %d /root/want %s" % (edge - 32768, dev))
    vm.write_file("/root/want", bytes(4096) + noise[edge + 4096:])
    vm.sh("dd if=%s bs=4k skip=%d 2>/dev/null | cmp -n %d /root/want -"
          % (dev, edge // 4096, len(noise) - edge))
    assert ddf.mismatches(vm, "fifty") == 0

    # A loss in each part: the rebuild goes through both.
    vm.sh("dd if=/root/noise of=%s bs=1M oflag=direct conv=fsync 2>/dev/null" % dev)
    want = ddf.checksum(vm, dev, 4)
    for slot in 0, 3:
        vm.emdctl("--yes fail fifty /dev/" + array["members"][slot]["dev"])
    ddf.idle(vm, "fifty")
    assert arrays.state(vm, "fifty") == "optimal"
    assert ddf.mismatches(vm, "fifty") == 0 and ddf.checksum(vm, dev, 4) == want


def join(disk, how):
    """Write the way parts are joined into all records of parts, in both copies."""
    for primary in 32768, 65536:
        at = disk.sectors - primary + 162
        for slot in range(65):
            record = bytearray(disk.read(at + 7 * slot, 7))
            if record[:4] == b"\xee" * 4 and record[69] > 1:
                record[71] = how
                ddf_bytes.Shape().seal(record)
                disk.write(at + 7 * slot, record)


def check_rows(array, disks, parity, noise, rows_of_part=None):
    """Read from the disks what the rows hold: data in its order, XOR parity, by a slow rule of its own."""
    half = len(disks) // 2
    width = half - parity
    strips = [noise[i:i + STRIP * 512] for i in range(0, len(noise), STRIP * 512)]
    for row in range(len(strips) // width):
        part, inner = divmod(row, rows_of_part) if rows_of_part else (row % 2, row // 2)
        members = array["members"][part * half:part * half + half]
        cells = [disk.read(member["start_sector"] + inner * STRIP, STRIP)
                 for disk, member in zip(disks[part * half:], members)]
        data = strips[row * width:(row + 1) * width]
        # Left symmetric, and what DDF calls N continue: P moves down, data begins behind it.
        p = half - 1 - inner % half
        assert [cells[(p + 1 + k) % half] for k in range(width)] == data, (array["name"], row)
        whole = reduce(lambda a, b: a ^ b, (int.from_bytes(each, "big") for each in data))
        assert int.from_bytes(cells[p], "big") == whole, (array["name"], row, "P")
