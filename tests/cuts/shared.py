# SPDX-License-Identifier: GPL-2.0
"""Tells stories, cuts them, and judges what is left; the scenarios beside it name the stories."""

import json
import os
import random
import re
import subprocess

from ddf import shared as ddf
from imsm import shared as imsm
from lib import cuts, stress
from lib.host import TOP
from lib.vm import Failed
from . import story as stories

EMDCTL = os.path.join(TOP, "tools/emdctl/emdctl")

# Whose metadata mdadm reads as well: on every so many-th cut; and how many of a story it starts arrays from.
MDADM = {"imsm": imsm, "ddf": ddf}
EXAMINE_EVERY = 4
MDADM_STARTS = 2

# EMD_CUTS=all: every cut. Else so many of each transition, chosen by the seed.
ALL = os.environ.get("EMD_CUTS") == "all"
SAMPLE = int(os.environ.get("EMD_SAMPLE", 2))
REORDERINGS = 2
SEED = os.environ.get("EMD_SEED", "1")

# The disks are there again, as after a boot; then the array is used; then it is examined.
LOOK = r"""
emdctl scan >/dev/null 2>&1
echo "@said $(emdctl assemble --degraded --all 2>&1 || emdctl assemble --degraded --force --all 2>&1)"
echo @list
emdctl --json list
echo @theirs
%(theirs)s
for each in /sys/block/emd*; do
	[ -e $each ] || continue
	dev=/dev/${each##*/}
	read name < $each/emd/name
	read size < $each/size
	case $name in
%(peeks)s
	esac
	# The first write: what is owed is paid.
	dd if=/dev/zero of=$dev bs=4k count=1 seek=$((size / 8 - 1)) oflag=direct 2>/dev/null || echo "@unwritable $name"
	why=
	for try in 1 2 3; do
		emdctl wait $dev idle --timeout 20 >/dev/null 2>&1
		why=$(emdctl scrub $dev 2>&1) && why=$(emdctl wait $dev idle --timeout 20 2>&1) && why= && break
	done
	read state < $each/emd/state
	read count < $each/emd/mismatch_cnt
	echo "@after $name $state $count $why"
done
emdctl --yes stop --all >/dev/null 2>&1 || echo "@busy"
"""


class Lost(Failed):
    """What a cut must not do."""


def prove(vm, tales):
    """Tell all stories, then replay each; returns the sentence for the report."""
    stress.add_program(vm, "peek")
    vm.boot()
    vm.insmod()
    vm.sh("dmesg -n 5")
    trial = [Trial(vm, tale) for tale in tales]
    for each in trial:
        each.story.tell()
        each.run()
    total = [sum(column) for column in zip(*(each.tried for each in trial))]
    return "%d transitions, %d cut points, %d reorderings, 0 lost (seed %s)" % (*total, SEED)


class Trial:
    """The cuts of one story."""

    def __init__(self, vm, story):
        self.vm = vm
        self.story = story
        self.tried = [len(story.table), 0, 0]
        self.replay = None
        self.devs = ""
        self.serials = {}

    def run(self):
        story = self.story
        self.serials = {dev: serial for serial, dev in self.vm.serials().items()}
        self.devs = self.vm.devs(story.disks)
        self.replay = cuts.Replay(story.log, SEED)
        # First what it is like when nothing is under way.
        blank = {"arrays": {}, "disks": {}}
        for each in story.table:
            each.view = self.look(each, cuts.Cut(each.last))
            if not each.promise(each.view["arrays"].get(story.name)):
                raise Failed("%s: after %s: %s" % (story.title, each.name, each.view))
        self.replay.rewind()
        before = blank
        theirs = []
        for each in story.table:
            for cut in self.choose(each):
                seen = self.look(each, cut, before)
                # Arrays and disks that are the same before and after.
                names = before["arrays"].keys() & seen["arrays"].keys() & each.view["arrays"].keys()
                if names:
                    theirs.append((cut, names, [
                        disk for disk in story.disks
                        if before["disks"].get(disk.serial) == each.view["disks"].get(disk.serial) == "active"]))
            before = each.view
        if story.fmt in MDADM:
            self.replay.rewind()
            for chosen in sorted(random.Random(SEED).sample(theirs, MDADM_STARTS), key=lambda each: each[0].position):
                self.start_theirs(*chosen)
        self.replay.end()

    def choose(self, transition):
        # What was under way at its end was the next one's.
        found = [cut for position in range(transition.first, transition.last)
                 for cut in self.replay.candidates(position, REORDERINGS)]
        if ALL:
            return found
        chance = random.Random("%s %s %s" % (SEED, self.story.title, transition.name))
        return cuts.sample(found, SAMPLE, chance, self.is_metadata)

    def is_metadata(self, cut):
        index = cut.arg[0] if cut.kind == "torn" else max(cut.position - 1, 0)
        entry = self.story.log.entries[index]
        return not entry.flush and entry.offset >= stories.DATA_END

    # -- one cut -------------------------------------------------------------------------

    def look(self, transition, cut, before=None):
        """Power fails, and comes back; returns the view, judged when there is one from before the transition."""
        self.tried[1] += 1
        self.tried[2] += cut.kind in ("lost", "reordered")
        self.vm.say("%s, %s: %r" % (self.story.title, transition.name, cut))
        # With the disks blank, so that all that was known is forgotten.
        self.vm.sh("emdctl scan >/dev/null 2>&1")
        with self.replay.power(cut):
            try:
                return self.judge(transition, cut, before)
            except Lost as why:
                raise Failed("%s, %s: %r: %s" % (self.story.title, transition.name, cut, why)) from None

    def judge(self, transition, cut, before):
        writes = self.acknowledged(cut)
        answer = Answer(self.vm.output(self.script(writes), timeout=200))
        view = self.view(answer.listing)
        if before and not is_allowed(view, transition, cut, before):
            raise Lost("is\n%s\nwas\n%s\nbecame\n%s\n%s" % (view, before, transition.view, answer.said))
        for each in writes:
            held = answer.data.get(each.name, {}).get(each.offset)
            # One that is just being deleted may have lost too many members already; is_allowed() has said so.
            runs = view["arrays"].get(each.name, {}).get("state") in ("optimal", "degraded")
            if runs and held != each.data:
                raise Lost("%s: what was acknowledged at %d is lost" % (each.name, each.offset))
        for name, (state, mismatches, why) in answer.after.items():
            if state == "optimal" and view["arrays"][name]["level"] != "raid0" and (mismatches or why):
                raise Lost("%s: %d sectors differ %s" % (name, mismatches, why))
            if state not in ("optimal", view["arrays"][name]["state"]):
                raise Lost("%s became %s" % (name, state))
        if answer.examined:
            self.read_by_others(view, answer.examined)
        if answer.trouble:
            raise Lost(answer.trouble)
        # Where there is no redundancy the first write is none of the metadata's business.
        if any(array["level"] != "raid0" for array in view["arrays"].values()):
            for disk in self.story.disks:
                if view["disks"].get(disk.serial) in ("active", "spare"):
                    self.is_whole(disk)
        return view

    @staticmethod
    def is_whole(disk):
        text = subprocess.run([EMDCTL, "examine", "--block-size", str(disk.logical_block), disk.path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True).stdout
        if re.search(r"^\s*error\s", text, re.M):
            raise Lost("%s was used and is still damaged:\n%s" % (disk.serial, text))

    def read_by_others(self, view, examined):
        """mdadm knows the arrays on every disk in use but one, which may be torn."""
        used = {serial for array in view["arrays"].values() for serial, _ in array["members"].values() if serial}
        for name in view["arrays"]:
            # In the middle of being renamed each disk has the one name or the other.
            either = (self.story.name, stories.RENAMED)
            named = "(?:%s)" % "|".join(either if name in either else [name])
            knowing = sum(re.search(r"(\[%s\]:|\] : %s$)" % (named, named), text, re.M) is not None
                          for text in examined)
            if knowing < len(used) - 1:
                raise Lost("mdadm finds %s on %d of %d disks:\n%s" % (name, knowing, len(used), "\n".join(examined)))

    def start_theirs(self, cut, names, disks):
        """mdadm finds the data too, on disks in use."""
        self.tried[1] += 1
        self.vm.sh("emdctl scan >/dev/null 2>&1")
        with self.replay.power(cut):
            story = self.story
            words = MDADM[story.fmt]
            words.mdadm_assemble(self.vm, disks)
            try:
                for each in self.acknowledged(cut):
                    if each.name not in names:
                        continue
                    held = self.vm.output("/root/peek %s %d %d" % (self.vm.md(each.name), each.offset, len(each.data)))
                    if held != each.data:
                        raise Failed("%s: %r: mdadm does not find what was acknowledged at %d"
                                     % (story.title, cut, each.offset))
            finally:
                words.mdadm_stop(self.vm)

    def acknowledged(self, cut):
        return [each for each in self.story.writes if each.position <= cut.position]

    def script(self, writes):
        peeks = []
        for name in sorted({each.name for each in writes}):
            ranges = [(each.offset, len(each.data)) for each in writes if each.name == name]
            words = " ".join("%d %d" % pair for pair in ranges)
            peeks.append('\t%s) echo "@data %s %s"; /root/peek $dev %s || echo @unreadable;;' % (name, name, words, words))
        theirs = ""
        if self.story.fmt in MDADM and self.tried[1] % EXAMINE_EVERY == 0:
            theirs = 'for dev in %s; do echo "@mdadm"; mdadm -E $dev 2>&1; done' % self.devs
        return LOOK % {"peeks": "\n".join(peeks), "theirs": theirs}

    def view(self, listing):
        """What of the listing must be the one or the other. Disks by their own serials, whatever a format calls them."""
        containers = listing["containers"]
        known = [(self.serials.get(disk["dev"], "missing"), disk["state"])
                 for each in containers for disk in each["disks"]]
        missing = sum(serial == "missing" for serial, _ in known)
        disks = {serial: state for serial, state in known if serial != "missing"}
        return {"arrays": {array["name"]: {
            "level": array["level"], "size": array["size_sectors"], "state": array["state"],
            "members": {m["slot"]: (self.serials.get(m["dev"]), m["state"]) for m in array["members"]},
        } for each in containers for array in each["arrays"]},
                "disks": {**disks, "missing": missing} if missing else disks}


class Answer:
    """What LOOK printed."""

    def __init__(self, text):
        self.data = {}
        self.after = {}
        self.examined = []
        self.listing = None
        self.said = ""
        self.trouble = ""
        at = 0
        while at < len(text):
            end = text.find(b"\n", at)
            line, at = text[at:end].decode(errors="replace"), end + 1
            words = line.split()
            if not words or not words[0].startswith("@"):
                continue
            if words[0] == "@said":
                self.said = line[6:]
            elif words[0] == "@list":
                end = text.find(b"\n@theirs\n", at)
                self.listing = json.loads(text[at:end])
                at = end + 1
            elif words[0] == "@mdadm":
                end = text.find(b"\n@", at)
                end = end if end >= 0 else len(text)
                self.examined.append(text[at:end].decode(errors="replace"))
                at = end + 1
            elif words[0] == "@data":
                held = self.data.setdefault(words[1], {})
                for offset, length in zip(words[2::2], words[3::2]):
                    held[int(offset)] = text[at:at + int(length)]
                    at += int(length)
            elif words[0] == "@after":
                self.after[words[1]] = words[2], int(words[3]), " ".join(words[4:])
            elif words[0] != "@theirs":
                self.trouble += line
        if self.listing is None:
            raise Failed("no listing:\n" + text.decode(errors="replace"))


def is_allowed(view, transition, cut, before):
    """Once it was acknowledged, there is no way back."""
    if view == before:
        return cut.position < transition.acknowledged or before == transition.view
    return view == transition.view or transition.between(view, before, transition.view)
