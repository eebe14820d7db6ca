# SPDX-License-Identifier: GPL-2.0
"""Words that the ASR scenarios share: dmraid's view of the disks, its mappings, and tables by its rules."""

import struct

from imsm.shared import checksum, compare, idle, pattern, started  # noqa: F401  for the scenarios
from lib.vm import Failed

CAPACITY = 17		# sectors at the end that are not data


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


def dmraid_native(vm, disk):
    """What dmraid reads of a disk: lines of (kind, type, state, magic, sectors, strip)."""
    text = vm.sh("dmraid -n %s 2>/dev/null" % disk.dev)
    return text


def dmraid_map(vm):
    """The mappings that dmraid makes: {name: table}. dmraid_unmap() undoes it."""
    vm.sh("modprobe -aq dm-mod dm-mirror")
    vm.sh("dmraid -ay -f asr -p 2>&1", status=None)
    tables = {}
    for line in vm.sh("dmsetup table").splitlines():
        if line.startswith("asr_") or line.startswith(".asr_"):
            name, table = line.split(": ", 1)
            tables[name] = table
    return tables


def dmraid_unmap(vm):
    vm.wait("dmraid to let go", lambda: vm.status("dmraid -an -f asr >/dev/null 2>&1; dmsetup remove_all;"
                                                  " ! dmsetup table | grep -q asr_")[0] == 0)


def minor(vm, disk):
    """As dm tables name a disk."""
    return vm.sh("cat /sys/block/%s/dev" % disk.dev.rsplit("/", 1)[1]).strip()


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


# ---- by the rules of dmraid ------------------------------------------------------------


def line(count, magic, level, raid, sectors, strip, name, target=0):
    return struct.pack(">HHIBBBBBBBBIIIHHIBBHII16s", count, 1, magic, level, raid, 0, 0, 0, 0, 1, 0, target, 0,
                       sectors, strip, 0, 0, 0, 0, 0, 0, 0, name.encode().ljust(16))


def write(disks, rows, magics, serves=0):
    """A table of these lines, and each disk's reserved block."""
    body = b"".join(rows)
    head = struct.pack(">IIHHHH", 0x900765c4, 2, 127, len(rows), 64, sum(body) & 0xffff).ljust(64, b"\0")
    head = head[:0x22] + b"\x10" + head[0x23:0x28] + struct.pack(">I", serves) + head[0x2c:]
    for disk, magic in zip(disks, magics):
        disk.write(-17, (head + body).ljust(8192, b"\0"))
        block = struct.pack(">I", 0x37fc4d1e).ljust(0x3f, b"\0") + b"\x08" + struct.pack(">I", magic)
        block = block.ljust(0x100, b"\0") + struct.pack(">II", 0x4450544d, disk.sectors - 17)
        disk.write(-1, block.ljust(512, b"\0"))


def member_sectors(disks, strip=128):
    return (min(d.sectors for d in disks) - CAPACITY) // strip * strip
