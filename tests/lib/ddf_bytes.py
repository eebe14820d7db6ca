# SPDX-License-Identifier: GPL-2.0
"""DDF metadata from the format's tables alone, so that it shares no mistake with the driver.

A Shape is what containers differ in: byte order, variant of the checksums, where the
structures are. A Member is the content of one disk, to be changed piece by piece and
put onto the disk with its checksums right; check() reads one back.
"""

import struct
import zlib

SECTOR = 512
HEADER, CONTROLLER, PDR, VDR, VDCR, PDD = 0xDE11DE11, 0xAD111111, 0x22222222, 0xDDDDDDDD, 0xEEEEEEEE, 0x33333333
NONE = 0xFFFFFFFFFFFFFFFF
MAX_PD, MAX_VD, RECORDS, CRL, ELEMENTS = 15, 15, 2, 2, 16

# Offsets in a header.
SEQ, OPEN, FOREIGN, PRIMARY_LBA, SECONDARY_LBA, TYPE = 40, 48, 49, 96, 104, 112
LIMITS, SECTIONS = 128, 192
# Section: offset from the header and length, in blocks, in the order of the header.
PLACES = {"controller": (1, 1), "pdr": (2, 2), "vdr": (4, 2), "config": (6, (RECORDS + 1) * CRL),
          "pdd": (6 + (RECORDS + 1) * CRL, 1)}
ORDER = ["controller", "pdr", "vdr", "config", "pdd", "bbm", "diag", "vendor"]
RUN = 7 + (RECORDS + 1) * CRL
# Offsets in a record.
REFS, STARTS = 512, 512 + 4 * ELEMENTS


class Shape:
    """What a container's disks have in common."""

    def __init__(self, little=False, variant="plain", anchor=1, primary=2048, secondary=4096, pci=(0x1000, 0x5B)):
        self.end = "<" if little else ">"
        self.zlib = variant == "zlib"
        self.anchor = anchor            # all in sectors before the end
        self.primary = primary
        self.secondary = secondary      # None: there is none
        self.pci = pci

    def crc(self, data):
        data = bytes(data[:4]) + b"\xff\xff\xff\xff" + bytes(data[8:])
        if self.zlib:
            return zlib.crc32(data)
        # From zero and without the last inversion: what zlib inverts is undone.
        return zlib.crc32(data, 0xFFFFFFFF) ^ 0xFFFFFFFF

    def seal(self, data):
        struct.pack_into(self.end + "I", data, 4, self.crc(data))

    def sealed(self, data):
        return struct.unpack_from(self.end + "I", data, 4)[0] == self.crc(data)

    def pack(self, fmt, data, offset, *values):
        struct.pack_into(self.end + fmt, data, offset, *values)

    def get(self, fmt, data, offset):
        return struct.unpack_from(self.end + fmt, data, offset)[0]


def guid(vendor, number):
    return vendor.encode().ljust(8)[:8] + struct.pack(">IIII", 0x1234, 0x5678, 0x40000000 + number, number)


def reference(number):
    return 0x51000000 + number


class Array:
    """A virtual disk: elements are numbers of disks, None where a slot names none."""

    def __init__(self, name, level, elements, blocks, size, start=0, strip=7, number=1, state=0, row=None):
        self.name, self.level = name, level
        self.elements, self.blocks, self.size, self.start = elements, blocks, size, start
        self.strip, self.number, self.state = strip, number, state
        self.row = row          # of the table; None: the next


class Member:
    """What is on one disk of a container."""

    def __init__(self, shape, sectors, disks, own, arrays, container=1, lost=(), seq=5):
        self.shape, self.sectors = shape, sectors
        self.primary = sectors - shape.primary
        self.secondary = NONE if shape.secondary is None else sectors - shape.secondary
        self.spoilt = set()     # "anchor", "primary", "secondary", "primary vdr": wrong after all
        self.header = self._header(container, seq)
        self.sections = {"controller": self._controller(), "pdr": self._disks(disks, lost, sectors),
                         "vdr": self._arrays(arrays), "config": self._records(arrays, own),
                         "pdd": self._identity(own)}
        self.only = {}          # copies that differ: {"primary": function(header, sections)}
        self.log = b""          # of bad blocks, behind all else

    # -- pieces ----------------------------------------------------------------

    def _head(self, signature, length):
        data = bytearray(b"\xff" * length)
        self.shape.pack("I", data, 0, signature)
        return data

    def _header(self, container, seq):
        shape, data = self.shape, self._head(HEADER, SECTOR)
        data[8:32] = guid("SHEET", container)
        data[32:40] = b"01.02.00"
        shape.pack("II", data, SEQ, seq, 0x3B000000)
        data[OPEN:OPEN + 3] = bytes(3)
        shape.pack("QQ", data, PRIMARY_LBA, self.primary, self.secondary)
        shape.pack("IQ", data, 116, 0xFFFFFFFF, NONE)
        shape.pack("HHHHH", data, LIMITS, MAX_PD, MAX_VD, RECORDS, CRL, ELEMENTS)
        for number, name in enumerate(ORDER):
            shape.pack("II", data, SECTIONS + 8 * number, *PLACES.get(name, (0xFFFFFFFF, 0)))
        return data

    def _controller(self):
        data = self._head(CONTROLLER, SECTOR)
        data[8:32] = guid("SHEET", 0)
        self.shape.pack("HHHH", data, 32, *self.shape.pci, 0, 0)
        data[40:56] = b"A controller".ljust(16)
        return data

    def _disks(self, disks, lost, sectors):
        data = self._head(PDR, 2 * SECTOR)
        self.shape.pack("HH", data, 8, len(disks), MAX_PD)
        for row, number in enumerate(disks):
            at = 64 + 64 * row
            data[at:at + 24] = guid("DISK", number)
            self.shape.pack("IHHQ", data, at + 24, reference(number), 3, 0x42 if number in lost else 1, sectors)
        return data

    def _arrays(self, arrays):
        data = self._head(VDR, 2 * SECTOR)
        self.shape.pack("HH", data, 8, len(arrays), MAX_VD)
        for row, array in enumerate(arrays):
            at = 64 + 64 * (row if array.row is None else array.row)
            data[at:at + 24] = guid("ARRAY", array.number)
            self.shape.pack("HHI", data, at + 24, row, 0xFFFF, 0)
            data[at + 32:at + 34] = bytes((array.state, 2))
            data[at + 48:at + 64] = array.name.encode().ljust(16, b"\0")
        return data

    def _records(self, arrays, own):
        data = bytearray()
        for array in arrays:
            if own not in array.elements:
                continue
            record, shape = self._head(VDCR, CRL * SECTOR), self.shape
            record[8:32] = guid("ARRAY", array.number)
            shape.pack("II", record, 32, 0x3B000000, 1)
            shape.pack("HBBBBBB", record, 64, len(array.elements), array.strip, array.level, 0, 1, 0, 0)
            shape.pack("QQ", record, 72, array.blocks, array.size)
            for slot, number in enumerate(array.elements):
                shape.pack("I", record, REFS + 4 * slot, 0 if number is None else reference(number))
                shape.pack("Q", record, STARTS + 8 * slot, array.start)
            data += record
        return data.ljust((RECORDS + 1) * CRL * SECTOR, b"\xff")

    def _identity(self, own):
        data = self._head(PDD, SECTOR)
        data[8:32] = guid("DISK", own)
        self.shape.pack("I", data, 32, reference(own))
        data[36:38] = b"\1\1"
        return data

    # -- the whole -------------------------------------------------------------

    def _sealed_header(self, header, kind, name):
        header = bytearray(header)
        header[TYPE] = kind
        if kind == 0:
            self.shape.pack("I", header, SEQ, 0xFFFFFFFF)
            header[OPEN] = 0xFF
        self.shape.seal(header)
        return self._spoil(header, name)

    def _spoil(self, data, name):
        if name in self.spoilt:
            data[-1] ^= 0x55
        return data

    def _copy(self, name, kind):
        header, sections = bytearray(self.header), {key: bytearray(value) for key, value in self.sections.items()}
        if name in self.only:
            self.only[name](header, sections)
        data = bytearray(self._sealed_header(header, kind, name)).ljust(RUN * SECTOR, b"\xff")
        for key, section in sections.items():
            if key == "config":
                for at in range(0, len(section), CRL * SECTOR):
                    record = section[at:at + CRL * SECTOR]
                    if record[:4] not in (b"\xff" * 4, bytes(4)):
                        self.shape.seal(record)
                    section[at:at + CRL * SECTOR] = self._spoil(record, name + " " + key)
            else:
                self.shape.seal(section)
                section = self._spoil(section, name + " " + key)
            at = PLACES[key][0] * SECTOR
            data[at:at + len(section)] = section
        return data + self.log

    def put(self, disk):
        """Onto a disk, whose metadata from before is gone."""
        disk.write(-8192, bytes(8192 * SECTOR))
        disk.write(self.primary, self._copy("primary", 1))
        if self.secondary != NONE:
            disk.write(self.secondary, self._copy("secondary", 2))
        disk.write(-self.shape.anchor, self._sealed_header(self.header, 0, "anchor"))


class Wrong(Exception):
    """A disk whose metadata is not what it should be."""


def check(shape, disk):
    """All that a reader could check, in this byte order and variant: {"seq":, "open":, "states": {name: byte}}."""
    anchor = disk.read(-shape.anchor)
    _right(shape, "anchor", anchor, HEADER)
    result = None
    for kind, at in ((1, shape.primary), (2, shape.secondary)):
        if at is None:
            continue
        lba = disk.sectors - at
        header = disk.read(lba)
        _right(shape, "header", header, HEADER)
        if header[TYPE] != kind or header[8:32] != anchor[8:32] or header[SECTIONS:256] != anchor[SECTIONS:256]:
            raise Wrong("header %d is not the anchor's" % kind)
        copy = {}
        for name, signature in (("controller", CONTROLLER), ("pdr", PDR), ("vdr", VDR), ("config", None), ("pdd", PDD)):
            number = ORDER.index(name)
            offset, length = (shape.get("I", header, SECTIONS + 8 * number + 4 * k) for k in (0, 1))
            copy[name] = disk.read(lba + offset, length)
            if signature:
                _right(shape, name, copy[name], signature)
        slot = SECTOR * shape.get("H", header, LIMITS + 6)
        for at_slot in range(0, len(copy["config"]), slot):
            record = copy["config"][at_slot:at_slot + slot]
            if record[:4] != b"\xff" * 4:
                _right(shape, "record", record, VDCR)
        states = {}
        for row in range(1, shape.get("H", header, LIMITS + 2) + 1):
            entry = copy["vdr"][64 * row:64 * row + 64]
            if len(entry) == 64 and entry[:24] != b"\xff" * 24:
                states[entry[48:64].rstrip(b"\0").decode()] = entry[32]
        here = {"seq": shape.get("I", header, SEQ), "open": header[OPEN], "states": states}
        if result is not None and here != result:
            raise Wrong("primary %r, secondary %r" % (result, here))
        result = here
    return result


def _right(shape, what, data, signature):
    if shape.get("I", data, 0) != signature:
        raise Wrong("%s: signature %s" % (what, data[:4].hex()))
    if not shape.sealed(data):
        raise Wrong("%s: checksum" % what)
