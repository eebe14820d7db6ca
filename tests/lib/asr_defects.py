# SPDX-License-Identifier: GPL-2.0
"""ASR metadata with one thing wrong, checksum repaired so that the defect is reached."""

from . import asr_bytes as asr

USED = 8192             # sectors of each drive


class Member:
    """What is on one drive: half a mirror whose other drive is lost, which starts as soon as it is seen."""

    def __init__(self, number, sectors):
        self.sectors = sectors
        self.own, self.other, self.array = 0x91000000 + number, 0xA2000000 + number, 0x2A000000 + number
        self.place, self.version, self.header = sectors - asr.CAPACITY, 8, {}
        name = "half%d" % number
        self.top = dict(count=2, magic=self.array, level=1, raid=1, sectors=USED, strip=128, name=name, state=1)
        drive = dict(count=0, level=0, raid=1, sectors=USED, strip=128, name=name)
        self.rows = [self.top, dict(drive, magic=self.own), dict(drive, magic=self.other, target=1, state=3)]
        self.bytes = {}         # offset in a line: value, where line() has no word for it

    def put(self, disk):
        """Onto a disk, whose metadata from before is gone."""
        disk.write(-64, bytes(64 * asr.SECTOR))
        rows = [asr.line(**row) for row in self.rows]
        for (row, at), value in self.bytes.items():
            rows[row] = rows[row][:at] + bytes((value,)) + rows[row][at + 1:]
        data = asr.table(rows, **self.header)
        at = self.place if 0 < self.place < self.sectors else self.sectors - asr.CAPACITY
        disk.write(at, data[:(self.sectors - at) * asr.SECTOR])
        disk.write(-1, asr.reserved_block(self.own if self.own is not None else 0, self.place & 0xFFFFFFFF,
                                          self.version))


def block(**values):
    """What the reserved block says: own, place, version."""
    return lambda m: m.__dict__.update(values)


def header(**values):
    return lambda m: m.header.update(values)


def row(number, **values):
    return lambda m: m.rows[number].update(values)


def rows(make):
    """Other lines, made of those that there are and of the member."""
    def change(member):
        member.rows = make(member.rows, member)
    return change


def byte(number, offset, value):
    return lambda m: m.bytes.update({(number, offset): value})


def several(*changes):
    def change(member):
        for each in changes:
            each(member)
    return change


def stripe(change=lambda m: None):
    """Of the one drive, instead of the mirror; and something wrong with it."""
    return several(row(0, count=1, raid=0, state=0), row(1, raid=0), rows(lambda r, m: r[:2]), change)


def two_levels(change=lambda m: None, raid=1):
    """A stripe over two mirrors, all drives but the own one lost; and something wrong with it."""
    def make(r, m):
        top = dict(r[0], level=3, raid=0, magic=m.array + 0x100000, sectors=2 * USED)
        second = [dict(r[0], magic=m.array + 0x200000, raid=raid)]
        second += [dict(r[2], magic=0xB3000000 + i, target=2 + i) for i in (0, 1)]
        return [top] + r + second
    return several(rows(make), change)


def many(count):
    """A table of so many lines."""
    return rows(lambda r, m: r + [dict(r[2], magic=0xC4000000 + i) for i in range(count - len(r))])


# Nothing of the disk may be believed.
DAMAGED = {
    "block of version 7": block(version=7),
    "block of version 255": block(version=255),
    "drive without identity": block(own=0),
    "drive not yet assigned": block(own=0xFFFFFFFF),
    "table in sector 0": block(place=0),
    "table beyond the disk": block(place=0xFFFFFFFE),
    "table in the reserved block": lambda m: block(place=m.sectors - 1)(m),
    "no table": header(id=0x12345678),
    "lines of 0 bytes": header(size=0),
    "lines of 32 bytes": header(size=32),
    "lines of 65535 bytes": header(size=0xFFFF),
    "no lines": header(lines=0),
    "65535 lines": header(lines=0xFFFF, max=0xFFFF),
    "as many lines as there is room for": header(max=3),
    "room for 65535 lines": header(max=0xFFFF),
    "200 lines of 255": header(max=255, lines=200),
    "lines up to the end of the disk": several(many(20), lambda m: block(place=m.sectors - 2)(m)),
    "old table, wrong checksum": header(version=1, sum=0xBAD),
    "line of an operating system": row(1, level=2),
    "line of kind 9": row(2, level=9),
    "type 7": row(0, raid=7),
    "type 2 of a drive": row(1, raid=2),
    "drive before any array": rows(lambda r, m: [r[1], r[0], r[2]]),
    "array without identity": row(0, magic=0),
    "drive without identity in its line": row(2, magic=0),
    "drive that is all drives": row(2, magic=0xFFFFFFFF),
    "two lines of one identity": lambda m: row(2, magic=m.rows[1]["magic"])(m),
    "array with a drive's identity": lambda m: row(0, magic=m.rows[1]["magic"])(m),
    "drive that is not listed": row(1, magic=0x91999999),
    "drive of no sectors": row(1, sectors=0),
    "drive that covers the table": lambda m: row(1, sectors=m.place + 1)(m),
    "drive of 2 TiB": row(1, sectors=0xFFFFFFFF),
    "array of no drives": row(0, count=0),
    "array of 65535 drives": row(0, count=0xFFFF),
    "mirror of one": several(row(0, count=1), rows(lambda r, m: r[:2])),
    "drive too many": several(rows(lambda r, m: r + [dict(r[2], magic=0xA2999999)])),
    "stripe with a drive too few": stripe(row(0, count=2)),
    "array of one array": two_levels(row(0, count=1)),
    "array of 65535 arrays": two_levels(row(0, count=0xFFFF)),
    "array of more arrays than follow": two_levels(row(0, count=3)),
    "arrays of two sizes": two_levels(row(4, sectors=USED - 128)),
    "array of a mirror and a stripe": two_levels(raid=0),
    "spare within an array": two_levels(several(row(1, raid=0xFE), row(4, raid=0xFE))),
    "arrays of so many drives that nothing holds them": two_levels(several(row(1, count=64), row(4, count=64))),
}

# The disk is shown, its array is not started.
REFUSED = {
    "RAID3": row(0, raid=3),
    "RAID4": row(0, raid=4),
    "RAID5": row(0, raid=5),
    "plain drive": row(0, raid=0xFF),
    "drive whose content begins later": byte(1, 0x17, 8),
    "array that is being expanded": byte(0, 0x24, 1),
    "state that means expansion": row(0, state=3),
    "array written off": row(0, state=4),
    "state that nobody knows": row(0, state=0x0F),
    "stripe without strips": stripe(row(1, strip=0)),
    "strip of 3 sectors": stripe(row(1, strip=3)),
    "strip of 65535 sectors": stripe(row(1, strip=0xFFFF)),
    "strip longer than the drive": stripe(several(row(1, strip=2048, sectors=1024), row(0, sectors=1024))),
    "strips of two lengths": two_levels(row(2, strip=64)),
    "mirrors of three under a stripe": two_levels(several(row(1, count=3), row(4, count=3))),
    "mirror over mirrors": two_levels(row(0, raid=1)),
}


def content(name, number, sectors):
    """The good one with this wrong."""
    member = Member(number, sectors)
    (DAMAGED.get(name) or REFUSED[name])(member)
    return member
