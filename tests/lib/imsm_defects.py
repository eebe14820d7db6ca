# SPDX-License-Identifier: GPL-2.0
"""IMSM metadata with one thing wrong, checksum repaired so that the defect is reached.

Built from the format's tables alone, so that it shares no mistake with the driver.
"""

import struct

SECTOR = 512
HEADER = 0xD8
DISK = 48
SIGNATURE = b"Intel Raid ISM Cfg Sig. 1.3.00\0\0"

# Offsets in the block that build() makes: two disks, one volume, one map.
VOLUME = HEADER + 2 * DISK
VOL = VOLUME + 80
MAP = VOLUME + 112
ORDER = MAP + 48
SIZE = ORDER + 8


def build(serials, sectors):
    """A clean RAID1 over two disks, as a bytearray of its exact size."""
    mpb = bytearray(SIZE)
    mpb[0:32] = SIGNATURE
    struct.pack_into("<IIIII", mpb, 0x24, SIZE, 0x12345678, 7, 0, 0x80000002)
    struct.pack_into("<BB", mpb, 0x38, 2, 1)
    struct.pack_into("<II", mpb, 0x40, 0x12345678, 1)
    struct.pack_into("<H", mpb, 0x4C, 1)
    for i, serial in enumerate(serials):
        at = HEADER + i * DISK
        mpb[at:at + 16] = serial.encode().ljust(16, b"\0")
        struct.pack_into("<III", mpb, at + 16, sectors, 0, 2)
    mpb[VOLUME:VOLUME + 16] = b"vol0".ljust(16, b"\0")
    struct.pack_into("<III", mpb, VOLUME + 16, 16384, 0, 0x0C)
    struct.pack_into("<H", mpb, VOLUME + 40, 1)
    mpb[VOLUME + 50] = 5
    struct.pack_into("<IIIHBBBBBB", mpb, MAP, 0, 20480, 64, 128, 0, 1, 2, 2, 0xFF, 1)
    struct.pack_into("<II", mpb, ORDER, 0, 1)
    return mpb


def seal(mpb, padded=None):
    """Repair the checksum and lay the block out as the last sectors of a disk but one."""
    mpb = bytearray(mpb)
    struct.pack_into("<I", mpb, 0x20, 0)
    words = struct.unpack_from("<%dI" % (len(mpb) // 4), mpb)
    struct.pack_into("<I", mpb, 0x20, sum(words) & 0xFFFFFFFF)
    return lay_out(mpb)


def lay_out(mpb):
    sectors = (len(mpb) + SECTOR - 1) // SECTOR
    mpb = bytes(mpb).ljust(sectors * SECTOR, b"\0")
    # The anchor is the second-last sector of the disk, its extension in front of it.
    return mpb[SECTOR:] + mpb[:SECTOR] + bytes(SECTOR)


def poke(fmt, offset, *values):
    def change(mpb):
        struct.pack_into("<" + fmt, mpb, offset, *values)
        return mpb
    return change


def with_log(entries, claim=None, signature=0xABADB10C):
    """A bad-block log at the end; each entry (count - 1, disk, sector)."""
    def change(mpb):
        log = struct.pack("<II", signature, claim if claim is not None else len(entries))
        for count, disk, sector in entries:
            log += struct.pack("<BBHI", count, disk, sector & 0xFFFF, sector >> 16)
        struct.pack_into("<I", mpb, 0x48, len(log))
        struct.pack_into("<I", mpb, 0x34, 0x88000002)
        struct.pack_into("<I", mpb, 0x24, len(mpb) + len(log))
        return mpb + log
    return change


def twice(mpb):
    """A second volume over the same sectors."""
    struct.pack_into("<B", mpb, 0x39, 2)
    struct.pack_into("<I", mpb, 0x24, 2 * SIZE - VOLUME)
    second = bytearray(mpb[VOLUME:])
    second[0:16] = b"vol1".ljust(16, b"\0")
    return mpb + second


# Nothing of the disk may be believed: the block is refused as a whole.
REFUSED = {
    "size too small": poke("I", 0x24, 100),
    "size huge": poke("I", 0x24, 0xFFFFFFF0),
    "size not a multiple of 4": poke("I", 0x24, SIZE + 2),
    "no disks": poke("B", 0x38, 0),
    "255 disks": poke("B", 0x38, 255),
    "255 volumes": poke("B", 0x39, 255),
    "9 volumes": poke("B", 0x39, 9),
    "migration state 2": poke("B", VOL + 8, 2),
    "migrating without a second map": poke("BB", VOL + 8, 1, 1),
    "no members": poke("B", MAP + 16, 0),
    "255 members": poke("B", MAP + 16, 255),
    "3 members of 2 disks": poke("B", MAP + 16, 3),
    "strip 0": poke("H", MAP + 12, 0),
    "disk index out of range": poke("I", ORDER + 4, 9),
    "one disk in two slots": poke("I", ORDER + 4, 0),
    "array size 0": poke("II", VOLUME + 16, 0, 0),
    "array size huge": poke("II", VOLUME + 16, 0xFFFFFFFF, 0x00FFFFFF),
    "start beyond the disk": poke("I", MAP, 0xFFFFF000),
    "extent reaches into the metadata": poke("I", MAP, 32768 - 15000),
    "level 7": poke("B", MAP + 15, 7),
    "bad-block log too large": poke("I", 0x48, 0xFFFFFFF8),
    "bad-block log not whole": poke("I", 0x48, 12),
    "bad-block log without signature": with_log([(0, 0, 100)], signature=0),
    "bad-block log counts more": with_log([(0, 0, 100)], claim=200),
    "bad-block log of an unknown disk": with_log([(0, 77, 100)]),
    "volumes that overlap": twice,
    "the same serial twice": poke("16s", HEADER + DISK, b"DEFECT"),
}


def images(serial, sectors):
    """(name, bytes of the last sectors) for every defect, on a disk with this serial."""
    for name, change in REFUSED.items():
        mpb = build([serial, "OTHER"], sectors)
        if name == "the same serial twice":
            change = poke("16s", HEADER + DISK, serial.encode())
        yield name, seal(change(mpb))
    wrong = bytearray(build([serial, "OTHER"], sectors))
    struct.pack_into("<I", wrong, 0x20, 0xDEADBEEF)
    yield "wrong checksum", lay_out(wrong)
    torn = bytearray(seal(twice(build([serial, "OTHER"], sectors))))
    torn[:64] = bytes(64)
    yield "torn extension", bytes(torn)
