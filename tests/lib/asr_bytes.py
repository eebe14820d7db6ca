# SPDX-License-Identifier: GPL-2.0
"""ASR tables by the rules of dmraid, so that they share no mistake with the driver."""

import struct

SECTOR = 512
CAPACITY = 17           # sectors at the end that are not data
# Offsets in the last sector, in the table's header, in a line.
VERSION, MAGIC, PLACE = 0x3F, 0x40, 0x104


def line(count, magic, level, raid, sectors, strip, name, target=0, state=0):
    return struct.pack(">HHIBBBBBBBBIIIHHIBBHII16s", count, 1, magic, level, raid, state, 0, 0, 0, 1, 0, target, 0,
                       sectors, strip, 0, 0, 0, 0, 0, 0, 0, name.encode().ljust(16))


def table(rows, serves=0, **other):
    """Header and lines; other: values of the header that are not as they should be."""
    body = b"".join(rows)
    head = {"id": 0x900765C4, "version": 2, "max": 127, "lines": len(rows), "size": 64, "sum": sum(body) & 0xFFFF}
    head.update(other)
    data = struct.pack(">IIHHHH", *head.values()).ljust(64, b"\0")
    data = data[:0x22] + b"\x10" + data[0x23:0x28] + struct.pack(">I", serves) + data[0x2C:]
    return data + body


def reserved_block(magic, place, version=8):
    block = struct.pack(">I", 0x37FC4D1E).ljust(VERSION, b"\0") + bytes((version,)) + struct.pack(">I", magic)
    return (block.ljust(0x100, b"\0") + struct.pack(">II", 0x4450544D, place)).ljust(SECTOR, b"\0")


def write(disks, rows, magics, serves=0):
    """A table of these lines, and each disk's reserved block."""
    for disk, magic in zip(disks, magics):
        disk.write(-CAPACITY, table(rows, serves).ljust(8192, b"\0"))
        disk.write(-1, reserved_block(magic, disk.sectors - CAPACITY))
