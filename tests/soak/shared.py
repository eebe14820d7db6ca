# SPDX-License-Identifier: GPL-2.0
"""A long, hard day of some arrays: load without end, and members that fail, hang, vanish, lie and come back.

A story is a machine with a few arrays of different levels and formats, each
under the load of tests/guest/stress.c. In each round things happen to members
while the load goes on, and beside it all somebody asks, plans, creates, renames and
deletes without end; then everything is mended, a scrub must find no
mismatch, and every write that was answered must read back, with members missing
and without. What happens is drawn from a seed.
"""

import random
import time

from lib import stress
from lib.vm import Failed

MIB = 2048              # sectors

# name, format, level, members, spares, options of create
KINDS = [
    ("five", "imsm", "raid5", 4, 1, "--strip 64K --init none"),
    ("six", "ddf", "raid6", 5, 2, "--strip 16K --init resync"),
    ("ten", "imsm", "raid10", 4, 1, "--strip 64K --init none"),
    ("one", "ddf", "raid1", 2, 1, "--init resync"),
    ("fived", "ddf", "raid5", 3, 1, "--strip 32K --init resync"),
    ("sixd", "ddf", "raid6", 6, 1, "--strip 64K --init resync"),
]


# On two disks of its own; what it asks of the others may be refused, but changes nothing.
BUSYBODY = r"""(while [ ! -e /tmp/enough ]; do
	for format in imsm ddf asr; do
		emdctl --yes create --format $format --level raid1 --name extra --size 4M %(disks)s
		emdctl rename extra spare-time
		dd if=/dev/urandom of=/dev/emd/spare-time bs=64k count=16 oflag=direct
		for dev in /dev/emd?; do
			emdctl --dry-run --yes stop $dev
			emdctl --dry-run --yes delete $dev
			emdctl policy $dev
			emdctl show $dev
		done
		emdctl --json list
		for name in $(emdctl list | grep -oE '(imsm|ddf|asr)-[0-9a-f]+'); do
			emdctl history $name
			emdctl save $name /tmp/saved
		done
		emdctl --yes delete spare-time
		for disk in %(disks)s; do emdctl --yes erase $disk; done
		echo >> /tmp/turns
	done
done; touch /tmp/rests) > /tmp/busybody.log 2>&1 &"""


class Array:
    """One array of a story, its disks and its load."""

    def __init__(self, story, kind, mib):
        self.story = story
        self.vm = story.vm
        self.random = story.random
        self.name, self.format, self.level, members, spares, self.options = kind
        letter = "ABCDEFGH"[len(story.arrays)]
        if self.format == "ddf":
            mib += 34       # what its tables and their place take
        block = 4096 if self.random.random() < 0.2 and self.format == "imsm" else 512
        self.disks = self.vm.add_disks(members + spares, size="%dM" % mib, serial=letter + "SOAK%03d", faults=True,
                                       logical_block=block)
        self.nr_members = members
        self.load = stress.Stress(self.vm, self.name, self.random.randrange(1 << 30), threads=3,
                                  parity=self.level in ("raid4", "raid5", "raid6"))
        self.out = []           # disks that something was done to

    def create(self):
        self.vm.emdctl("--yes create --format %s --level %s --name %s %s %s" % (
            self.format, self.level, self.name, self.options, self.vm.devs(self.disks[:self.nr_members])))
        self.vm.wait("array " + self.name, lambda: self.look()["dev"])

    def begin(self):
        """With its spares and under load."""
        for disk in self.disks[self.nr_members:]:
            self.vm.emdctl("--yes add %s %s" % (self.container()["name"], disk.dev))
        self.load.start()

    # -- how it is ------------------------------------------------------------

    def container(self):
        for each in self.vm.emdctl("list", json=True)["containers"]:
            if any(array["name"] == self.name for array in each["arrays"]):
                return each
        raise Failed("%s is gone" % self.name)

    def look(self):
        return self.vm.array(self.name)

    def action(self):
        return self.look()["sync"]["action"]

    def members(self):
        """disk -> state, of those in the machine."""
        serials = {dev: serial for serial, dev in self.vm.serials().items()}
        known = {disk.serial: disk for disk in self.disks}
        return {known[serials[m["dev"]]]: m["state"] for m in self.look()["members"] if m["dev"] in serials}

    def expendable(self):
        """A member that the array can do without now, or None."""
        good = [disk for disk, state in self.members().items() if state == "in_sync" and disk not in self.out]
        self.random.shuffle(good)
        for disk in good:
            if self.vm.status("emdctl --yes --dry-run fail %s %s" % (self.name, disk.dev))[0] == 0:
                return disk
        return None

    def failed(self, disk):
        """Does the driver do without this disk?"""
        return self.members().get(disk) not in ("in_sync", "rebuilding")

    # -- what happens to it -------------------------------------------------------

    def lose(self, how=None):
        """A member goes, in one of many ways; the disk, or None when none can be spared."""
        disk = self.expendable()
        if not disk:
            return None
        how = how or self.random.choice(["command", "command", "write", "any", "flush", "unplug"])
        self.story.tell("%s loses %s: %s" % (self.name, disk.name, how))
        self.out.append(disk)
        if how == "command":
            # Meanwhile another one may have gone by itself.
            self.vm.emdctl("--yes fail %s %s" % (self.name, disk.dev))
        elif how == "unplug":
            self.vm.unplug(disk)
        elif how == "flush":
            disk.faults.error("flush")
        else:
            disk.faults.error(how)
        self.vm.wait("%s to do without %s" % (self.name, disk.name), lambda: self.failed(disk) or self.load.check(),
                     timeout=90)
        self.story.count("failures")
        return disk

    def hang(self):
        disk = self.random.choice(list(self.members()))
        seconds = self.random.uniform(0.2, 2) * self.vm.slow
        self.story.tell("%s: %s hangs for %.1f s" % (self.name, disk.name, seconds))
        disk.faults.hang()
        time.sleep(seconds)
        disk.faults.release()
        self.story.count("hangs")

    def bad_sectors(self):
        """Some sectors cannot be read until they are written. Only what is redundant may get that."""
        if self.look()["state"] != "optimal" or self.action() != "idle" or self.look()["dirty"] is None:
            return
        disk = self.random.choice([d for d in self.members() if d not in self.out] or [None])
        if not disk:
            return
        dev = disk.dev.rsplit("/", 1)[1]
        member = next(m for m in self.look()["members"] if m["dev"] == dev)
        unit = disk.logical_block // 512
        for _ in range(self.random.randint(1, 3)):
            first = member["start_sector"] + self.random.randrange(member["size_sectors"] - 64) // unit * unit
            disk.faults.bad_sectors(first, unit * self.random.randint(1, 8 // unit))
        self.story.tell("%s: bad sectors on %s" % (self.name, disk.name))
        self.story.count("bad")
        self.rest()
        self.vm.emdctl("scrub --repair " + self.name)
        self.rest()
        left = disk.faults.faults
        if left and not self.failed(disk):
            raise Failed("%s: a scrub has left %d bad sectors on %s" % (self.name, len(left), disk.name))
        if left:
            # Too much of that, and a member fails.
            self.out.append(disk)

    def scrub(self):
        """A scrub beside the load, with interruptions; what it finds must agree."""
        self.rest()
        repair = self.random.choice(["", "--repair "])
        self.vm.emdctl("scrub %s%s" % (repair, self.name))
        if self.random.random() < 0.3:
            # Other things happen meanwhile.
            return
        for _ in range(self.random.randint(0, 3)):
            self.vm.status("emdctl sync %s" % self.random.choice([
                "pause " + self.name, "resume " + self.name, "limit %s 2M" % self.name, "limit %s none" % self.name]))
        self.vm.status("emdctl sync limit %s none" % self.name)
        self.vm.status("emdctl sync resume " + self.name)
        self.rest()
        self.agrees()
        self.story.count("scrubs")

    def replace(self):
        """A member that is well is copied to a spare, which then takes its place."""
        spare = next((d["dev"] for d in self.container()["disks"] if d["state"] == "spare" and d["dev"]), None)
        disk = self.random.choice([d for d, state in self.members().items()
                                   if state == "in_sync" and d not in self.out] or [None])
        if not spare or not disk or self.vm.status("emdctl --yes replace %s %s %s" % (self.name, disk.dev, spare))[0]:
            return
        self.story.tell("%s: %s is replaced" % (self.name, disk.name))
        self.out.append(disk)
        self.story.count("replaced")
        if self.random.random() < 0.5:
            # Other things happen meanwhile.
            return
        self.rest()

    # -- whole again ------------------------------------------------------------------

    def rest(self, timeout=240):
        """Background work is over."""
        self.vm.wait("%s to be idle" % self.name, lambda: self.action() == "idle" or self.load.check(), timeout)

    def agrees(self):
        count = self.vm.sh("cat /sys/block/%s/emd/mismatch_cnt" % self.look()["dev"]).strip()
        if count != "0":
            raise Failed("%s: a scrub found %s sectors that differ: %s" % (
                self.name, count, self.vm.emdctl("show " + self.name)))

    def mend(self):
        """All disks work again and are members or spares."""
        self.vm.emdctl("sync limit %s none" % self.name)
        self.vm.status("emdctl sync resume " + self.name)
        self.rest()
        for disk in self.out:
            disk.faults.clear()
            if not disk.plugged:
                self.vm.plug(disk)
            self.give_back(disk)
        self.out.clear()
        self.vm.wait("%s to be optimal" % self.name,
                     lambda: self.look()["state"] == "optimal" or self.load.check(), timeout=240)

    def give_back(self, disk):
        """A disk that was out becomes a spare."""
        container = self.container()["name"]

        def added():
            if self.members().get(disk) in ("in_sync", "rebuilding"):
                return True
            self.vm.status("emdctl --yes remove %s %s" % (container, disk.dev))
            self.vm.status("emdctl --yes erase " + disk.dev)
            return self.vm.status("emdctl --yes add %s %s" % (container, disk.dev))[0] == 0
        self.vm.wait("%s to take %s back" % (container, disk.name), added, timeout=30, interval=0.5)

    def prove(self):
        """At rest: no mismatch, and all that was written is there."""
        self.rest()
        self.vm.emdctl("scrub " + self.name)
        self.rest()
        self.agrees()
        self.load.verify()

    def prove_degraded(self):
        """Without some members all that was written is there too."""
        self.vm.emdctl("sync limit %s 64K" % self.name)
        for _ in range(self.random.randint(1, 2)):
            disk = self.expendable()
            if disk:
                self.out.append(disk)
                self.vm.emdctl("--yes fail %s %s" % (self.name, disk.dev))
        self.story.tell("%s is read without %s" % (self.name, " and ".join(d.name for d in self.out)))
        self.load.verify()

    def restart(self):
        """Stopped and assembled."""
        self.story.tell("%s is stopped and started" % self.name)
        container = self.container()["name"]
        self.vm.emdctl("--yes stop " + container)
        self.vm.emdctl("assemble " + container)
        self.vm.wait("%s to be back" % self.name, lambda: self.look()["dev"])
        self.load.verify()


class Story:
    """A machine, from power on to power off."""

    def __init__(self, vm, seed, kinds, mib=24, tell=None):
        self.vm = vm
        self.random = random.Random(seed)
        self.teller = tell
        self.counts = {}
        vm.say("seed %s" % seed)
        stress.add_program(vm)
        vm.tolerate(r"I/O error|Medium Error|critical|Sense|hostbyte|CDB|read error|callbacks suppressed")
        self.arrays = []
        self.extra = []
        for name in kinds:
            self.arrays.append(Array(self, next(k for k in KINDS if k[0] == name), mib))

    def tell(self, text):
        self.vm.say("--- " + text)
        if self.teller:
            self.teller(text)

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def begin(self):
        self.extra = self.vm.add_disks(2, size="48M", serial="XSOAK%03d")
        self.vm.boot()
        self.vm.insmod("degraded_timeout=5")
        for array in self.arrays:
            array.create()
            array.begin()
        self.vm.sh(BUSYBODY % {"disks": self.vm.devs(self.extra)})

    def end(self):
        self.vm.sh("touch /tmp/enough")
        self.vm.wait("the busybody to rest", lambda: self.vm.status("test -e /tmp/rests")[0] == 0, timeout=120)
        self.counts["turns"] = int(self.vm.sh("wc -l < /tmp/turns"))

    def round(self, events):
        """Some things happen under load, then everything is proved."""
        for _ in range(events):
            array = self.random.choice(self.arrays)
            what = self.random.choice([array.lose, array.lose, array.lose, array.hang, array.bad_sectors, array.scrub,
                                       array.replace, array.replace, array.mend])
            what()
            time.sleep(self.random.uniform(0, 1) * self.vm.slow)
            for each in self.arrays:
                each.load.check()
        for array in self.arrays:
            if self.random.random() < 0.5:
                array.mend()
                array.load.stop()
            else:
                array.load.stop()
                array.load.verify()
                array.mend()
        for array in self.arrays:
            array.prove()
        array = self.random.choice(self.arrays)
        if self.random.random() < 0.6:
            array.prove_degraded()
            array.mend()
            array.prove()
        if self.random.random() < 0.4:
            array.restart()
        self.count("rounds")

    def go_on(self):
        for array in self.arrays:
            array.load.start()

    def totals(self):
        sums = dict(self.counts)
        for array in self.arrays:
            for key, value in array.load.done.items():
                sums[key] = sums.get(key, 0) + value
        return sums
