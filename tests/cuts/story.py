# SPDX-License-Identifier: GPL-2.0
"""The life of an array as a table of transitions, told while every write is recorded.

A row of the table is a name, what is done, and what its end must look like. The
state before a transition and the one after it are not written down: they are
what the same disks assemble to when nothing is under way. A cut in between must
leave one of the two. To add a transition, write a function and a row.
"""

import random

from lib import arrays

# Users of an array write whole blocks of this size, each to a stripe of its own: what
# is cut in the middle of one write may be neither old nor new, but must not touch another.
# That is also the strip.
BLOCK = 16384
STRIDE = 512 << 10
# Where arrays end and a disk's metadata may begin.
DATA_END = 12 << 20
# What an array is called for a moment.
RENAMED = "other"


class Transition:
    """A row: see the tables below.

    becomes  its name's first word, when that is what happens to a disk that is bare before or after it
    act      function of the story; returns the log's position when it was acknowledged, None: when it ends
    brings   names of transactions that must be in it, and durable when it is acknowledged
    between  what may be seen although it is neither the old nor the new: function of these three views
    """

    def __init__(self, name, act, brings=(), between=None):
        self.name = name
        self.act = act
        self.becomes = name.split()[0] if name.split()[0] in ("create", "add", "erase", "delete") else None
        self.brings = brings
        self.between = between or (lambda view, old, new: False)
        self.first = self.acknowledged = self.last = None


class Write:
    """A block of which the writer was told, at a position of the log, that it is durable."""

    def __init__(self, position, name, offset, data):
        self.position = position
        self.name = name
        self.offset = offset
        self.data = data


class Story:
    """Plays a table on an array of its own.

    spares  disks beyond the array's members
    table   LIFE or PAIR
    """

    def __init__(self, vm, fmt, level, members, spares=0, table=None, size="6M", block=512, after=()):
        self.vm = vm
        self.fmt = fmt
        self.level = level
        self.size = size
        self.name = "array"
        self.title = "%s %s%s" % (fmt, level, " 4Kn" if block == 4096 else "")
        serial = "%s%s%d-%%04d" % (fmt.upper(), level[4:], block % 10)
        self.disks = vm.add_disks(members + spares, size="48M" if fmt == "ddf" else "24M", serial=serial,
                                  logical_block=block, bus="scsi", faults=True)
        self.members = self.disks[:members]
        self.spare = self.disks[members] if spares else None
        self.lost = self.members[-1]
        self.table = [Transition(*row) for row in table]
        self.writes = []
        self.log = None
        # mdadm does not take a torn copy; where there is no other, it is not asked.
        self.mdadm_reads = ("prefix", "lost") if level == "raid0" else ("prefix", "lost", "torn", "reordered")

    def tell(self):
        """Record it."""
        noise = random.Random(5)
        for disk in self.disks:
            # What was never written or rebuilt must not look right by chance.
            disk.write(0, noise.randbytes(4 << 20) * (DATA_END // (4 << 20)))
        self.log = self.vm.record(self.disks, lag=0.002)
        for each in self.table:
            self.vm.say("%s: %s" % (self.title, each.name))
            each.first = self.log.mark()
            each.acknowledged = each.act(self) or self.log.mark()
            each.last = self.log.mark()
        self.log.stop()
        arrays.stop_all(self.vm)

    # -- verbs ------------------------------------------------------------------------------

    def emdctl(self, command):
        return self.vm.emdctl("--yes " + command)

    @property
    def container(self):
        return arrays.container(self.vm, self.name)

    def create(self, what, name, where):
        strip = "" if "raid1 " in what + " " else "--strip %d" % BLOCK
        self.emdctl("create %s --name %s --size %s %s %s" % (what, name, self.size, strip, where))

    def write(self, name=None):
        """A write that nobody flushes, and one that is durable when it returns."""
        name = name or self.name
        dev = arrays.device(self.vm, name)
        number = len(self.writes)
        data = random.Random(number).randbytes(2 * BLOCK)
        self.vm.write_file("/tmp/block", data)
        at = number * STRIDE // BLOCK
        self.vm.sh("dd if=/tmp/block of=%s bs=%d skip=1 seek=%d oflag=direct 2>/dev/null" % (dev, BLOCK, at + 9))
        self.vm.sh("dd if=/tmp/block of=%s bs=%d count=1 seek=%d oflag=direct conv=fsync 2>/dev/null"
                   % (dev, BLOCK, at))
        done = self.log.mark()
        self.writes.append(Write(done, name, at * BLOCK, data[:BLOCK]))
        # Acknowledged, and not known to be durable: only the copies must not contradict each other.
        self.vm.sh("dd if=/tmp/block of=%s bs=%d seek=%d count=1 oflag=direct 2>/dev/null" % (dev, BLOCK, at + 16))
        return done


def create(story):
    story.create("--format %s --level %s" % (story.fmt, story.level), story.name, story.vm.devs(story.members))


def create_second(story):
    level = "raid1" if len(story.members) == 2 else "raid10"
    story.create("--level " + level, "second", story.container)


def build(story, name=None):
    def built():
        array = story.vm.array(name or story.name)
        return array["sync"]["action"] == "idle" and array["state"] == "optimal"
    story.vm.wait("%s: built" % story.title, built, timeout=40)


def build_second(story):
    build(story, "second")


def dirty(story):
    return story.write()


def dirty_second(story):
    return story.write("second")


def clean(story):
    story.vm.wait("clean", lambda: not any(array["dirty"] for container in story.vm.emdctl("list", json=True)["containers"]
                                           for array in container["arrays"]))


def add(story):
    story.emdctl("add %s %s" % (story.container, story.spare.dev))


def fail(story):
    """A member fails under a write; a spare takes over as soon as that is recorded."""
    if story.spare:
        story.emdctl("sync limit %s 64K" % story.name)
    # Dirty by now: what is recorded next is the failure. It takes so long that an answer before it shows.
    story.write()
    story.members[0].faults.delay(1.5, "write", DATA_END // 512, count=1)
    story.lost.faults.error("write", 0, DATA_END // 512)
    done = story.write()
    story.members[0].faults.clear()
    story.lost.faults.clear()
    if story.spare:
        story.vm.wait("a rebuild", lambda: story.vm.array(story.name)["sync"]["action"] == "rebuild")
    return done


def rebuild(story):
    """With a write meanwhile. How far it came is of use only of an array that was clean then."""
    story.write()
    clean(story)
    story.emdctl("sync limit %s 0" % story.name)
    build(story)


def remove(story):
    story.emdctl("remove %s %s" % (story.container, story.lost.dev))


def erase(story):
    story.emdctl("erase " + story.lost.dev)


def rejoin(story):
    story.emdctl("add %s %s" % (story.container, story.lost.dev))


def replace(story):
    """One that still serves is copied to the spare; the switch is the end."""
    old = story.members[0]
    story.emdctl("replace %s %s %s" % (story.name, old.dev, story.lost.dev))
    story.write()
    story.emdctl("sync limit %s 0" % story.name)
    build(story)
    story.lost = old


def rename(story):
    """And back: what follows knows it by its name."""
    story.emdctl("rename %s %s" % (story.name, RENAMED))
    story.emdctl("rename %s %s" % (RENAMED, story.name))


def delete(story):
    story.emdctl("delete " + story.name)


def delete_second(story):
    story.emdctl("delete second")


# -- between the old and the new ---------------------------------------------------------------


def partly(view, old, new, states):
    """Some disks know of an array that is made or deleted, and some do not; all others are as they were."""
    return view["disks"].keys() - {"missing"} <= old["disks"].keys() | new["disks"].keys() and \
        view["arrays"].keys() <= old["arrays"].keys() | new["arrays"].keys() and \
        all(old["arrays"].get(name) == array if name in old["arrays"] and name in new["arrays"] else
            all(state in states for _, state in array["members"].values())
            for name, array in view["arrays"].items())


def partly_created(view, old, new):
    return view["arrays"] and partly(view, old, new, ("in_sync", "rebuilding", "missing"))


def joiners(old, new):
    """Disks that are to join, or to take a place."""
    return {serial for serial, state in new["disks"].items() if serial != "missing" and
            old["disks"].get(serial) in (None, "spare") and old["disks"].get(serial) != state}


def is_as(view, late, other):
    """Disks are as in the other view, but for those that are late: they know nothing yet, or what they knew is torn."""
    return {**view["disks"], **dict.fromkeys(late, 0), "missing": 0} == \
        {**other["disks"], **dict.fromkeys(late, 0), "missing": 0}


def torn_joiner(view, old, new):
    """Nothing is different but that the disk which was to join lost what it knew: nobody else knows it."""
    late = joiners(old, new)
    return late and view["arrays"] == old["arrays"] and is_as(view, late, old)


def joining(view, old, new):
    """Or the others know it already, and it does not."""
    late = joiners(old, new)
    return torn_joiner(view, old, new) or late and is_as(view, late, new) and \
        view["arrays"] == {name: {**array, "members": {
            slot: (None, "missing") if serial in late else (serial, state)
            for slot, (serial, state) in array["members"].items()}} for name, array in new["arrays"].items()}


def partly_deleted(view, old, new):
    return view["arrays"] and partly(view, old, new, ("in_sync", "missing"))


LIFE = (
    ("create", create, ["create"], partly_created),
    ("first build", build),
    ("dirty", dirty),
    ("clean", clean, ["clean"]),
    ("dirty again", dirty, ["dirty"]),
    ("rename", rename, ["rename"]),
    ("add", add, ["add"], joining),
    ("failure", fail, ["failure"], joining),
    ("rebuild", rebuild, ["rebuild end"]),
    ("remove", remove),
    ("erase", erase, ["erase"]),
    ("add again", rejoin, ["add"], joining),
    ("replace", replace, ["replace switch"], torn_joiner),
    # What it knows would outlive the array.
    ("remove the replaced", remove),
    ("erase the replaced", erase, ["erase"]),
    ("delete", delete, ["delete"], partly_deleted),
)

PAIR = (
    ("create", create, ["create"], partly_created),
    ("create a second", create_second, ["create"], partly_created),
    ("first build", build_second),
    ("dirty", dirty_second),
    ("clean", clean, ["clean"]),
    ("delete the second", delete_second, ["delete"], partly_deleted),
    ("delete", delete, ["delete"], partly_deleted),
)
