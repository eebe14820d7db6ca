# SPDX-License-Identifier: GPL-2.0
"""DDF metadata with one thing wrong, checksums repaired so that the defect is reached."""

from . import ddf_bytes as ddf
from .ddf_bytes import LIMITS, PRIMARY_LBA, REFS, SECONDARY_LBA, SECTIONS, SECTOR, STARTS

SHAPE = ddf.Shape()
RAID0, RAID1, RAID3, RAID5, RAID6, MDF, RAID5EE = 0, 1, 3, 5, 6, 7, 0x25


def good(number, sectors):
    """Half a mirror whose other disk is written off: starts as soon as it is seen."""
    array = ddf.Array("half%d" % number, RAID1, [number, 1000 + number], 8192, 8192, number=number, state=1)
    return ddf.Member(SHAPE, sectors, [number, 1000 + number], number, [array], container=number,
                      lost={1000 + number})


def pack(where, fmt, offset, *values):
    """Numbers in a section, or in all headers."""
    def change(member):
        data = member.header if where == "header" else member.sections[where]
        member.shape.pack(fmt, data, offset, *values)
    return change


def section(name, offset=None, length=None):
    """Another place of a section, in all headers."""
    def change(member):
        at = SECTIONS + 8 * ddf.ORDER.index(name)
        for number, value in enumerate((offset, length)):
            if value is not None:
                member.shape.pack("I", member.header, at + 4 * number, value & 0xFFFFFFFF)
    return change


def spoil(*what):
    def change(member):
        member.spoilt.update(what)
    return change


def both(name):
    return spoil("primary " + name, "secondary " + name)


def several(*changes):
    def change(member):
        for each in changes:
            each(member)
    return change


def copies(change):
    """Other headers of both copies than the anchor is."""
    def apply(member):
        member.only = {"primary": change, "secondary": change}
    return apply


def place(primary=None, secondary=None):
    """Where the anchor and the headers say that the copies are; distances from the end."""
    def change(member):
        for offset, value in ((PRIMARY_LBA, primary), (SECONDARY_LBA, secondary)):
            if value is not None:
                member.shape.pack("Q", member.header, offset, (member.sectors - value) & ddf.NONE)
    return change


def second_array(start):
    """One more record and its row, beginning in this sector."""
    def change(member):
        config, table = member.sections["config"], member.sections["vdr"]
        record = config[:ddf.CRL * SECTOR]
        record[8:32] = table[128:152] = ddf.guid("ARRAY", 5000)
        table[152:192] = table[88:128]
        table[176:192] = b"other".ljust(16, b"\0")
        member.shape.pack("QQ", record, STARTS, start, start)
        config[ddf.CRL * SECTOR:2 * ddf.CRL * SECTOR] = record
    return change


def log_of_bad_blocks(member):
    """Two blocks whose data is elsewhere."""
    section("bbm", ddf.RUN, 1)(member)
    log = bytearray(b"\xff" * SECTOR)
    member.shape.pack("IIII", log, 0, 0xABADB10C, 0, 2, 16)
    member.log = log


# Nothing of the disk may be believed.
DAMAGED = {
    "anchor's checksum": spoil("anchor"),
    "container without a name": lambda m: m.header.__setitem__(slice(8, 32), b"\xff" * 24),
    "no disks": pack("header", "H", LIMITS, 0),
    "65535 disks": pack("header", "H", LIMITS, 0xFFFF),
    "no arrays": pack("header", "H", LIMITS + 2, 0),
    "65535 arrays": pack("header", "H", LIMITS + 2, 0xFFFF),
    "no records": pack("header", "H", LIMITS + 4, 0),
    "65535 records": pack("header", "H", LIMITS + 4, 0xFFFF),
    "records of 0 blocks": pack("header", "H", LIMITS + 6, 0),
    "records of 65535 blocks": pack("header", "H", LIMITS + 6, 0xFFFF),
    "no elements": pack("header", "H", LIMITS + 8, 0),
    "more elements than a record holds": pack("header", "H", LIMITS + 8, 4096),
    "primary in block 0": pack("header", "Q", PRIMARY_LBA, 0),
    "primary beyond the disk": pack("header", "Q", PRIMARY_LBA, 1 << 40),
    "primary that wraps": pack("header", "Q", PRIMARY_LBA, ddf.NONE - 1),
    "primary over the anchor": place(primary=ddf.RUN),
    "primary that the disk ends in": place(primary=5),
    "secondary beyond the disk": pack("header", "Q", SECONDARY_LBA, 1 << 63),
    "secondary over the primary": place(secondary=2045),
    "two copies in one place": place(secondary=2048),
    "section in the header": section("pdr", offset=0),
    "section that wraps": section("vdr", offset=0xFFFFFFF0),
    "section without length": section("pdr", length=0),
    "section of 4 G": section("config", length=0xFFFFFFF0),
    "section over another": section("vdr", offset=3),
    "records over identity": section("config", length=ddf.PLACES["config"][1] + 1),
    "log over a table": section("bbm", offset=2, length=1),
    "controller of 17 blocks": section("controller", offset=100, length=17),
    "identity of 4 G": section("pdd", length=0x80000000),
    "both headers' checksums": spoil("primary", "secondary"),
    "headers that contradict the anchor": copies(lambda h, s: SHAPE.pack("Q", h, PRIMARY_LBA, 40000)),
    "headers of another container": copies(lambda h, s: h.__setitem__(slice(8, 32), ddf.guid("SHEET", 9999))),
    "controller's checksum": both("controller"),
    "disk table's checksum": both("pdr"),
    "array table's checksum": both("vdr"),
    "identity's checksum": both("pdd"),
    "controller's signature": pack("controller", "I", 0, 0x12345678),
    "disk table's signature": pack("pdr", "I", 0, 0x12345678),
    "array table's signature": pack("vdr", "I", 0, 0),
    "identity's signature": pack("pdd", "I", 0, 0xFFFFFFFF),
    "copies that are wrong in different ways": spoil("primary vdr", "secondary pdr"),
    "arrays that overlap": second_array(4096),
    "one disk in two slots": lambda m: several(
        pack("config", "I", REFS + 4, m.shape.get("I", m.sections["config"], REFS)), pack("vdr", "B", 64 + 32, 0))(m),
}

# The disk is shown, its array or its container is not started.
REFUSED = {
    "disk not in its own table": pack("pdd", "I", 32, 0x7777),
    "disk with another's name": lambda m: m.sections["pdd"].__setitem__(slice(8, 32), ddf.guid("DISK", 4242)),
    "written off by its own table": pack("pdr", "H", 64 + 30, 2),
    "foreign to its controller": lambda m: m.header.__setitem__(ddf.FOREIGN, 1),
    "record's checksum": both("config"),
    "record without elements": pack("config", "H", 64, 0),
    "record of 65535 elements": pack("config", "H", 64, 0xFFFF),
    "record of 17 elements": pack("config", "H", 64, 17),
    "record of no parts": pack("config", "B", 69, 0),
    "record of 255 parts": pack("config", "B", 69, 255),
    "part 1 of 1": pack("config", "B", 70, 1),
    "level that nobody knows": pack("config", "B", 67, 0x42),
    "RAID3": pack("config", "B", 67, RAID3),
    "RAID5EE": pack("config", "B", 67, RAID5EE),
    "MDF": pack("config", "B", 67, MDF),
    "qualifier that nobody knows": pack("config", "BB", 67, RAID5, 9),
    "two parts joined in no known way": pack("config", "BBB", 69, 2, 0, 0x77),
    "RAID6 of two": pack("config", "BB", 67, RAID6, 3),
    "strip of 2^63 blocks": pack("config", "BB", 66, 63, RAID0),
    "strip longer than the element": several(pack("config", "BB", 66, 17, RAID0), pack("config", "Q", 72, 4096)),
    "element of no blocks": pack("config", "Q", 72, 0),
    "element that wraps": pack("config", "Q", 72, ddf.NONE - 5),
    "array that wraps": pack("config", "Q", 80, ddf.NONE - 5),
    "array larger than its elements": pack("config", "Q", 80, 1 << 40),
    "start beyond all": pack("config", "Q", STARTS, ddf.NONE),
    "start that wraps": pack("config", "Q", STARTS, ddf.NONE - 4096),
    "element into the metadata": lambda m: pack("config", "Q", STARTS, m.secondary - 8191)(m),
    "blocks that are remapped": log_of_bad_blocks,
    "array offline": pack("vdr", "B", 64 + 32, 6),
    "array deleted": pack("vdr", "B", 64 + 32, 2),
    "array being reshaped": pack("vdr", "B", 64 + 32, 8),
    "array blocked": pack("vdr", "B", 64 + 33, 0xC2),
    "degraded, and no disk is lost": pack("pdr", "H", 128 + 30, 1),
}


def content(name, number, sectors):
    """The good one with this wrong."""
    member = good(number, sectors)
    (DAMAGED.get(name) or REFUSED[name])(member)
    return member
