# SPDX-License-Identifier: GPL-2.0
"""This test shows that DDF arrays of several parts (raid50, raid60) lie on the disks as they should, bear a loss in each part, are rebuilt, and keep data and parity right."""

import random
from functools import reduce

from ddf import shared as ddf
from lib import arrays

groups = ["ddf", "parity"]

MIB = 1 << 20
STRIP = 32          # sectors
#        name     level    disks  parity strips in a row
ARRAYS = (("fifty", "raid5", 6, 1), ("sixty", "raid6", 8, 2))


def scenario(vm):
    noise = random.Random(5).randbytes(4 * MIB)
    disks = vm.add_disks(8, size="48M", serial="SPAN%04d")
    spares = vm.add_disks(2, size="48M", serial="SPARE%04d")
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
    vm.boot()
    vm.insmod()
    dev, _ = ddf.started(vm, "fifty", "sixty")
    vm.sh("dd if=%s bs=4k count=1 iflag=direct 2>/dev/null | dd of=%s bs=4k oflag=direct 2>/dev/null" % (dev, dev))
    ddf.idle(vm, "fifty")
    assert ddf.mismatches(vm, "fifty") == 0
    assert ddf.checksum(vm, arrays.device(vm, "sixty"), 4) == sums["sixty"]
    vm.emdctl("--yes stop --all")


def check_rows(array, disks, parity, noise):
    """Read from the disks what the rows hold: data in its order, XOR parity, by a slow rule of its own."""
    half = len(disks) // 2
    width = half - parity
    strips = [noise[i:i + STRIP * 512] for i in range(0, len(noise), STRIP * 512)]
    for row in range(len(strips) // width):
        part, inner = row % 2, row // 2
        members = array["members"][part * half:part * half + half]
        cells = [disk.read(member["start_sector"] + inner * STRIP, STRIP)
                 for disk, member in zip(disks[part * half:], members)]
        data = strips[row * width:(row + 1) * width]
        # Left symmetric, and what DDF calls N continue: P moves down, data begins behind it.
        p = half - 1 - inner % half
        assert [cells[(p + 1 + k) % half] for k in range(width)] == data, (array["name"], row)
        whole = reduce(lambda a, b: a ^ b, (int.from_bytes(each, "big") for each in data))
        assert int.from_bytes(cells[p], "big") == whole, (array["name"], row, "P")
