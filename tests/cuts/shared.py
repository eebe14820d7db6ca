# SPDX-License-Identifier: GPL-2.0
"""Tells stories, cuts them, and judges what is left; the scenarios beside it name the stories."""

import contextlib
import json
import os
import random
import re
import subprocess

from ddf import shared as ddf
from imsm import shared as imsm
from lib import arrays, cuts, stress
from lib.vm import Failed
from . import steps
from . import story as stories

PARITY = ("raid4", "raid5", "raid6")
# Whose metadata mdadm reads as well: on every so many-th cut.
MDADM = {"imsm": imsm, "ddf": ddf}
EXAMINE_EVERY = 4

# EMD_FULL=1: every prefix of every story, and of the other kinds one of so many. Else so many cuts of
# each transition. The seed chooses.
FULL = os.environ.get("EMD_FULL") == "1"
SHARE = int(os.environ.get("EMD_SHARE", 10))
SAMPLE = int(os.environ.get("EMD_SAMPLE", 1))
REORDERINGS = 2
SEED = os.environ.get("EMD_SEED", "1")
# How many cuts of a story mdadm starts arrays from.
MDADM_STARTS = 12 if FULL else 2
# So many losses are told, so that one run shows what they have in common.
TOLD = 20
# Cuts at which nothing but data is under way.
AT_REST = "data only"
REST_SHARE = 4

# The disks are there again, as after a boot.
ASSEMBLE = r"""
emdctl scan >/dev/null 2>&1
echo "@said $(emdctl assemble --degraded --all 2>&1 || emdctl assemble --degraded --force --all 2>&1)"
echo @list
emdctl --json list
"""

# Then the arrays are used, and examined.
USE = r"""
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
"""

STOP = r"""
echo @end
emdctl --yes stop --all >/dev/null 2>&1 || echo "@busy"
"""


class Lost(Failed):
    """What a cut must not do."""


def prove(vm, tales):
    """Tell all stories, then replay each; returns the sentence for the report."""
    stress.add_program(vm, "peek")
    if FULL:
        # md, when one of its raid6 arrays is stopped, may find stripes in its cache still.
        vm.tolerate(r"raid\d-md\d+ .*Objects remaining|__kmem_cache_shutdown\+|kmem_cache_destroy\+|Call Trace:")
    vm.boot()
    vm.insmod()
    vm.sh("dmesg -n 5")
    tally = Tally()
    for each in [Trial(vm, tale, tally) for tale in tales]:
        each.story.tell()
        each.run()
    return tally.verdict()


class Tally:
    """What was tried, and what was lost."""

    def __init__(self):
        self.transitions = self.cuts = self.reorderings = 0
        self.by_name = {}
        self.found = set()
        self.losses = []

    def count(self, names, cut):
        self.cuts += 1
        self.reorderings += cut.kind in ("lost", "reordered")
        for name in names:
            self.by_name[name] = self.by_name.get(name, 0) + 1

    def lose(self, why):
        self.losses.append(str(why))
        if len(self.losses) == TOLD:
            raise Failed(self.told())

    def told(self):
        return "%d lost (seed %s), the first of them:\n%s" % (len(self.losses), SEED, "\n".join(self.losses))

    def verdict(self):
        """Every transition that the proof is about had its cuts, and nothing was lost."""
        if self.losses:
            raise Failed(self.told())
        table = ", ".join("%s %d" % (name, self.by_name.get(name, 0))
                          for name in (*steps.NAMED, *sorted(self.by_name.keys() - set(steps.NAMED))))
        without = [name for name in steps.NAMED if not self.by_name.get(name)]
        if without:
            raise Failed("no power cut in %s; there were %s" % (", ".join(without), table))
        return "%d transitions, %d cut points, %d reorderings, 0 lost (seed %s): %s" \
            % (self.transitions, self.cuts, self.reorderings, SEED, table)


BLANK = {"arrays": {}, "disks": {}}
# Before all steps.
BEGINNING = steps.Step(0)
BEGINNING.view = BLANK


class Trial:
    """The cuts of one story."""

    def __init__(self, vm, story, tally):
        self.vm = vm
        self.story = story
        self.tally = tally
        self.looks = 0
        self.replay = None
        self.steps = []
        self.devs = ""
        self.serials = {}

    def run(self):
        story = self.story
        self.serials = {dev: serial for serial, dev in self.vm.serials().items()}
        self.devs = self.vm.devs(story.disks)
        self.replay = cuts.Replay(story.log, SEED, self.is_metadata)
        self.steps = steps.find(self.replay, story.table, self.is_metadata)
        self.replay.believe([step.first for step in self.steps])
        self.tally.transitions += len(self.steps)
        for step in self.steps:
            self.vm.say("%s: %d to %d: %r" % (story.title, step.first, step.last, step))
        self.keeps_its_word()
        self.replay.rewind()
        chosen = self.choose()
        self.look_at_rest(chosen)
        self.replay.rewind()
        theirs = []
        for cut in chosen:
            try:
                view = self.look(cut)
            except Lost as why:
                self.lose("%s, %r: %s" % (story.title, cut, why))
                continue
            # Arrays that are there before and after; mdadm starts none that is dirty and has parity but for one.
            views = [place.view for place in self.around(cut.position)]
            names = {name for name, array in view["arrays"].items() if all(name in each["arrays"] for each in views)
                     if not (array["dirty"] and array["state"] == "degraded" and array["level"] in PARITY)}
            disks = [disk for disk in story.disks if view["disks"].get(disk.serial) == "active"]
            # Of two families of IMSM, the one a member away from the other, mdadm starts neither.
            halfway = story.fmt == "imsm" and self.names(cut) & {"replace switch", "spare activation"}
            if names and cut.kind in story.mdadm_reads and not halfway:
                theirs.append((cut, names, disks))
        if story.fmt in MDADM:
            self.replay.rewind()
            some = random.Random(SEED).sample(theirs, min(MDADM_STARTS, len(theirs)))
            for each in sorted(some, key=lambda each: each[0].position):
                try:
                    self.start_theirs(*each)
                except Failed as why:
                    self.lose("%s, mdadm, %r: %s" % (story.title, each[0], why))
        self.replay.end()
        # The next story's disks may not have names that are taken by what was on these.
        self.vm.sh("emdctl scan")

    def choose(self):
        """Cuts in the order of time."""
        story = self.story
        found = [cut for position in range(story.table[0].first, story.table[-1].last)
                 for cut in self.replay.candidates(position, REORDERINGS)]
        if FULL:
            chance = random.Random("%s %s" % (SEED, story.title))
            return [cut for cut in found if cut.kind == "prefix" or chance.randrange(SHARE) == 0]
        chosen = []
        for name in sorted({name for cut in found for name in self.names(cut)}):
            chance = random.Random("%s %s %s" % (SEED, story.title, name))
            wanted = SAMPLE * (REST_SHARE if name == AT_REST else 1)
            # A step may be several transitions at once.
            wanted -= sum(name in self.names(cut) for cut in chosen)
            chosen += cuts.sample([cut for cut in found if name in self.names(cut)], max(wanted, 0), chance,
                                  self.is_metadata_cut)
        return sorted(chosen, key=lambda cut: cut.position)

    # -- places in the story ------------------------------------------------------------

    def around(self, position):
        """The steps of which a cut may show the end: one at rest, else the one before and the one under way."""
        before = [step for step in self.steps if step.last <= position][-1:] or [BEGINNING]
        return before + [step for step in self.steps if step.first <= position < step.last]

    def names(self, cut):
        under_way = self.around(cut.position)[1:]
        return under_way[0].names if under_way else {AT_REST}

    def row(self, position):
        return next(each for each in self.story.table if position < each.last)

    def look_at_rest(self, chosen):
        """What it is like when nothing is under way, where that will be needed."""
        wanted = {step for cut in chosen for step in self.around(cut.position)} - {BEGINNING}
        for step in sorted(wanted, key=lambda step: step.last):
            self.vm.say("%s: at rest after %r" % (self.story.title, step))
            with self.power(cuts.Cut(step.last)):
                step.view = arrays.view(Answer(self.vm.output(ASSEMBLE + STOP, timeout=200)).listing,
                                        self.serials)

    def keeps_its_word(self):
        """What a command or a write was to bring about was durable when it returned."""
        for row in self.story.table:
            for name in row.brings:
                steps_of = [step for step in self.steps if row.first <= step.first < row.last and name in step.names]
                if not steps_of:
                    raise Failed("%s: no %s in %s" % (self.story.title, name, row.name))
                if steps_of[0].durable > row.acknowledged:
                    self.lose("%s: %s was acknowledged at %d, before it was durable at %d"
                              % (self.story.title, row.name, row.acknowledged, steps_of[0].durable))

    @staticmethod
    def is_metadata(entry):
        return not entry.flush and entry.offset >= stories.DATA_END

    def is_metadata_cut(self, cut):
        return self.is_metadata(self.story.log.entries[cut.arg[0] if cut.kind == "torn" else max(cut.position - 1, 0)])

    @contextlib.contextmanager
    def power(self, cut):
        # With the disks blank, so that all that was known is forgotten.
        self.vm.sh("emdctl scan >/dev/null 2>&1")
        with self.replay.power(cut):
            yield

    def lose(self, why):
        """Told at once: the whole takes long."""
        self.vm.say("LOST: %s" % why)
        self.tally.lose(why)

    # -- one cut -------------------------------------------------------------------------

    def look(self, cut):
        """Power fails, and comes back; returns what is there then. Raises Lost."""
        names = self.names(cut)
        self.tally.count(names, cut)
        self.looks += 1
        self.vm.say("%s, %s, %s: %r" % (self.story.title, self.row(cut.position).name, ", ".join(sorted(names)), cut))
        with self.power(cut):
            return self.judge(cut)

    def judge(self, cut):
        writes = self.acknowledged(cut)
        answer = Answer(self.vm.output(self.script(writes), timeout=200))
        view = arrays.view(answer.listing, self.serials)
        self.is_old_or_new(view, cut, answer.said)
        for each in writes:
            held = answer.data.get(each.name, {}).get(each.offset)
            # One that is just being deleted may have lost too many members already; is_old_or_new() has said so.
            runs = view["arrays"].get(each.name, {}).get("state") in ("optimal", "degraded")
            if runs and held != each.data:
                raise Lost("%s: what was acknowledged at %d is lost" % (each.name, each.offset))
        for name, (state, mismatches, why) in answer.after.items():
            if state == "optimal" and view["arrays"][name]["level"] != "raid0" and (mismatches or why):
                raise Lost("%s: %d sectors differ %s" % (name, mismatches, why))
            if state not in ("optimal", view["arrays"][name]["state"]):
                raise Lost("%s became %s" % (name, state))
        if answer.examined:
            self.read_by_others(view, [step.view for step in self.around(cut.position)], answer.examined)
        if answer.trouble:
            raise Lost(answer.trouble)
        # Where there is no redundancy the first write is none of the metadata's business.
        if any(array["level"] != "raid0" for array in view["arrays"].values()):
            for disk in self.story.disks:
                if view["disks"].get(disk.serial) in ("active", "spare"):
                    self.is_whole(disk)
        return view

    def is_old_or_new(self, view, cut, said):
        """What the transaction under way began with, or what it ends with; none under way: as it is."""
        allowed = [step.view for step in self.around(cut.position)]
        between = self.row(cut.position).between
        # A disk that wrote the sectors of one request in another order: who may know more is not passed by (assembly.rst).
        if cut.kind == "reordered" and "carries newer metadata that is damaged" in said:
            return
        if view not in allowed and not between(view, allowed[0], allowed[-1]):
            raise Lost("is\n%s\nmay be\n%s\n%s" % (view, "\n".join(map(str, allowed)), said))

    @staticmethod
    def is_whole(disk):
        text = subprocess.run([steps.EMDCTL, "examine", "--block-size", str(disk.logical_block), disk.path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True).stdout
        if re.search(r"^\s*error\s", text, re.M):
            raise Lost("%s was used and is still damaged:\n%s" % (disk.serial, text))

    def read_by_others(self, view, views, examined):
        """mdadm knows the arrays on every disk in use but one, which may be torn; not yet all of one that is being made."""
        used = {serial for array in view["arrays"].values() for serial, _ in array["members"].values() if serial}
        for name in view["arrays"]:
            # In the middle of being renamed each disk has the one name or the other.
            either = (self.story.name, stories.RENAMED)
            known_as = either if name in either else (name,)
            if not all(each["arrays"].keys() & set(known_as) for each in views):
                continue
            named = "(?:%s)" % "|".join(known_as)
            knowing = sum(re.search(r"(\[%s\]:|\] : %s$)" % (named, named), text, re.M) is not None
                          for text in examined)
            if knowing < len(used) - 1:
                raise Lost("mdadm finds %s on %d of %d disks:\n%s" % (name, knowing, len(used), "\n".join(examined)))

    def start_theirs(self, cut, names, disks):
        """mdadm finds the data too, on disks in use."""
        self.tally.count(self.names(cut), cut)
        self.vm.say("%s, mdadm: %r" % (self.story.title, cut))
        with self.power(cut):
            story = self.story
            words = MDADM[story.fmt]
            words.mdadm_assemble(self.vm, [disk for disk in disks if self.vm.status("mdadm -E " + disk.dev)[0] == 0])
            try:
                for each in self.acknowledged(cut):
                    if each.name not in names:
                        continue
                    held = self.vm.output("/root/peek %s %d %d" % (self.vm.md(each.name), each.offset, len(each.data)))
                    if held != each.data:
                        raise Lost("what was acknowledged at %d is lost" % each.offset)
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
        if self.story.fmt in MDADM and self.looks % EXAMINE_EVERY == 0:
            theirs = 'for dev in %s; do echo "@mdadm"; mdadm -E $dev 2>&1; done' % self.devs
        return ASSEMBLE + USE % {"peeks": "\n".join(peeks), "theirs": theirs} + STOP


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
                end = text.find(b"\n@", at)
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
            elif words[0] not in ("@theirs", "@end"):
                self.trouble += line
        if self.listing is None:
            raise Failed("no listing:\n" + text.decode(errors="replace"))
