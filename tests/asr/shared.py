# SPDX-License-Identifier: GPL-2.0
"""Words that the ASR scenarios share: dmraid's view of the disks, its mappings, and tables by its rules."""

import struct

from imsm.shared import checksum, compare, idle, pattern, started  # noqa: F401  for the scenarios
from lib.asr_bytes import CAPACITY, line, write  # noqa: F401  for the scenarios
from lib.vm import Failed


def create(vm, name, level, disks, options="--init none"):
    """An array on bare disks by EMD; its device."""
    vm.emdctl("--yes create --format asr --level %s --name %s %s %s" % (level, name, options, vm.devs(disks)))
    return started(vm, name)[0]


def dmraid_disks(vm):
    """What dmraid takes for a member: {"sda": (set, type, state, sectors)}."""
    result = {}
    for line in vm.sh("dmraid -r -c -c -c 2>/dev/null", status=None).splitlines():
        field = line.split(":")
        if len(field) == 7 and field[1] == "asr":
            result[field[0].rsplit("/", 1)[1]] = (field[2], field[3], field[4], int(field[5]))
    return result


def own_state(disk):
    """The state byte that a disk's own copy has for it."""
    magic = disk.read(-1, 1)[0x40:0x44]
    for line in lines(disk):
        if line[8] == 0 and line[4:8] == magic:
            return line[10]
    raise Failed("a disk that its table does not list")


def lines(disk):
    """The lines of a disk's table."""
    table = disk.read(-17, 16)
    count, = struct.unpack(">H", table[10:12])
    return [table[64 + 64 * i:128 + 64 * i] for i in range(count)]


def header(disk):
    """Sequence number of the array, mark of use, timestamp."""
    table = disk.read(-17, 1)
    return struct.unpack(">H", table[66:68])[0], table[0x21], struct.unpack(">I", table[0x1c:0x20])[0]


def member_sectors(disks, strip=128):
    return (min(d.sectors for d in disks) - CAPACITY) // strip * strip
