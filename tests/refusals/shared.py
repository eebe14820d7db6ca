# SPDX-License-Identifier: GPL-2.0
"""Plays the scenes of scenes.py with one write of the metadata refused, and a second while the first is taken back.

Each scene is rehearsed first: what it writes, in which order, is what can be refused. Then it is
played again, with one of these writes refused for good, on a disk that is otherwise well.
"""

import os
import random
import re
import subprocess

from lib import arrays, stage, stress
from lib.host import TOP
from lib.vm import Failed

EMDCTL = os.path.join(TOP, "tools/emdctl/emdctl")
# EMD_FULL=1: every scene, and of most every write. Else so many scenes, commands and events each, and so
# many writes of each, chosen by the seed.
FULL = os.environ.get("EMD_FULL") == "1"
SAMPLE = int(os.environ.get("EMD_SAMPLE", 24 if FULL else 2))
SCENES = int(os.environ.get("EMD_SCENES", 1))
SEED = os.environ.get("EMD_SEED", "1")
# Where the arrays end and a disk's metadata may begin.
DATA_END = 12 << 20
BLOCK = 64 << 10
WRONG_ENOUGH = 12
# Arrays of the scenes.
NAMES = ("one", "two", "new")
# What every change of the metadata changes, whatever it is about.
RESTLESS = re.compile(r"generation|checksum|crc|time|sequence|attempts|device=|openings", re.I)


def prove(vm, fmt, scenes):
    """All scenes of a format; returns the sentence for the report."""
    stress.add_program(vm, "peek")
    disks = vm.add_disks(6, size="48M" if fmt == "ddf" else "24M", serial=fmt.upper() + "%04d", faults=True)
    vm.boot()
    vm.insmod()
    vm.sh("dmesg -n 4")
    ground = Ground(vm, fmt, disks)
    tried = met = 0
    wrong = []
    scenes = choose_scenes(scenes, fmt)
    for scene in scenes:
        trials = Trials(ground, scene)
        for each in trials.choose():
            tried += 1
            try:
                met += trials.play(*each)
            except Failed as why:
                # How many there are, and where, says more than the first.
                wrong.append(str(why))
        if len(wrong) >= WRONG_ENOUGH:
            break
    if wrong:
        raise Failed("%d of %d:\n%s" % (len(wrong), tried, "\n".join(wrong)))
    if not met:
        raise Failed("none of %d refusals was met" % tried)
    ground.stage.back(ground.base)
    return "%s: %d scenes, %d refusals, %d of them met (seed %s)" % (fmt, len(scenes), tried, met, SEED)


def choose_scenes(scenes, fmt):
    """Of commands and of events as many."""
    if FULL:
        return scenes
    chance = random.Random("%s %s" % (SEED, fmt))
    kinds = [[each for each in scenes if each.is_command == is_command] for is_command in (True, False)]
    return [scene for kind in kinds for scene in chance.sample(kind, min(SCENES, len(kind)))]


class Wrong(Failed):
    """What a refusal must not do."""


class Ground:
    """The disks and what is on them when a scene begins."""

    def __init__(self, vm, fmt, disks):
        self.vm = vm
        self.disks = disks
        self.members, self.spare, self.bare = disks[:4], disks[4], disks[5]
        self.stage = stage.Stage(vm, disks)
        create = "create --level raid10 --size 2M --strip 16K --init none --name "
        vm.emdctl("--yes %s one --format %s %s" % (create, fmt, vm.devs(self.members)))
        self.serials = {dev: serial for serial, dev in vm.serials().items()}
        names = {serial: "/dev/" + dev for dev, serial in self.serials.items()}
        self.words = {"container": arrays.container(vm, "one"), "fmt": fmt, "third": names[disks[2].serial],
                      "spare": names[self.spare.serial], "bare": names[self.bare.serial]}
        self.words["last"] = "one"
        if fmt != "asr":
            # Which has one array on a disk.
            self.emdctl(create + "two %(container)s")
            self.words["last"] = "two"
        self.emdctl("add %(container)s %(spare)s")
        self.contents = {}
        chance = random.Random(fmt)
        for name in NAMES:
            for which in "old", "new":
                self.contents[name, which] = chance.randbytes(BLOCK)
                vm.write_file("/tmp/%s-%s" % (name, which), self.contents[name, which])
        self.write("old")
        vm.emdctl("--yes stop --all")
        self.base = self.stage.mark()

    def emdctl(self, command):
        return self.vm.emdctl("--yes " + command % self.words)

    def listed(self):
        return [array for each in self.vm.emdctl("list", json=True)["containers"] for array in each["arrays"]]

    def view(self):
        return arrays.view(self.vm.emdctl("list", json=True), self.serials)

    def each(self, command):
        """Run a command for every array that there is; its device and name are $dev and $name."""
        self.vm.sh("for each in /sys/block/emd*; do [ -e $each ] || continue; dev=/dev/${each##*/}; "
                   "read name < $each/emd/name; %s || exit 1; done" % command, timeout=130)

    def settled(self):
        """No background work goes on, or would if it could."""
        self.each("emdctl wait $dev idle --timeout 60")

    def write(self, which="new"):
        """A block to each array that there is, durable when this returns."""
        self.each("dd if=/tmp/$name-%s of=$dev bs=64K seek=%d oflag=direct conv=fsync 2>&1"
                  % (which, 0 if which == "old" else 2))

    def holds(self, which=("old",)):
        """What was written can be read, of all arrays that run."""
        for array in self.listed():
            for each in which if array["dev"] else ():
                want = self.contents[array["name"], each]
                # What is created, or had another name, did not get the old block.
                if (array["name"], each) != ("new", "old") and self.vm.output("/root/peek /dev/%s %d %d" % (
                        array["dev"], 0 if each == "old" else 2 * BLOCK, BLOCK)) != want:
                    raise Wrong("%s does not hold what was written, %s" % (array["name"], each))

    def described(self, disk):
        """What a disk's metadata says, but for what always changes."""
        text = subprocess.run([EMDCTL, "examine", disk.path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False).stdout
        return [line for line in text.splitlines() if not RESTLESS.search(line)]


class Trials:
    """One scene, rehearsed, and how it can be spoilt."""

    def __init__(self, ground, scene):
        self.ground = ground
        self.scene = scene
        self.vm = ground.vm
        self.begin()
        self.first = ground.stage.mark()
        self.before = ground.view()
        self.words_before = {disk: ground.described(disk) for disk in ground.disks}
        status, text = self.act()
        if status:
            raise Failed("%s, rehearsed: %s" % (scene.name, text))
        self.after = ground.view()
        self.writes = [entry for entry in ground.stage.entries[self.first:] if entry.offset >= DATA_END]

    def begin(self):
        ground, prepare = self.ground, self.scene.prepare
        self.vm.say("scene: %s" % self.scene.name)
        ground.stage.back(ground.base)
        if callable(prepare):
            prepare(ground)
        else:
            for command in prepare:
                ground.emdctl(command)

    def act(self):
        if self.scene.is_command:
            return self.vm.status("emdctl --yes " + self.scene.act % self.ground.words)
        self.scene.act(self.ground)
        return 0, ""

    def choose(self):
        """(which write, which disk refuses while that is taken back or None)."""
        chance = random.Random("%s %s %s" % (SEED, self.ground.words["fmt"], self.scene.name))
        disks = sorted({each.disk for each in self.writes}, key=lambda disk: disk.number)
        found = [(number, None) for number in range(len(self.writes))]
        for number, each in enumerate(self.writes):
            others = [disk for disk in disks if disk is not each.disk]
            if others:
                found.append((number, chance.choice(others)))
        return chance.sample(found, min(SAMPLE, len(found)))

    def play(self, number, second):
        """Returns whether it came to that."""
        target = self.writes[number]
        chance = random.Random("%s %d" % (SEED, number))
        sector = target.offset // 512 + chance.randrange(len(target.data) // 512)
        earlier = sum(each.disk is target.disk and each.offset <= sector * 512 < each.offset + len(each.data)
                      for each in self.writes[:number])
        self.begin()
        fault = target.disk.faults.error("write", sector, 1, skip=earlier)
        faults = {target.disk: fault}
        if second:
            faults[second] = second.faults.error("write", DATA_END // 512, after=fault)
        self.vm.say("refused: write %d, sector %d of %s; then %s" % (
            number, sector, target.disk.name, second and second.name))
        try:
            if chance.random() < 0.5 and not self.scene.ends:
                self.judge_cut(faults, chance)
            else:
                self.judge(faults)
        except (Failed, AssertionError) as why:
            raise Failed("%s, write %d of %d, sector %d of %s refused%s: %s" % (
                self.scene.name, number, len(self.writes), sector, target.disk.serial,
                ", then all of " + second.serial if second else "", why)) from None
        return fault.hits > 0

    def judge(self, faults):
        ground = self.ground
        status, text = self.act()
        position = ground.stage.mark()
        culprits = [disk for disk, fault in faults.items() if fault.hits]
        told = ("old",) if self.scene.is_command or self.scene.ends else ("old", "new")
        if self.scene.is_command:
            # The disks that refused are given up as soon as there is something to record.
            self.is_answered(status, text, culprits)
        if not self.scene.ends:
            ground.holds(told)
            ground.write()
            ground.holds(("old", "new"))
            self.given_up(culprits)
        if self.last_copy_is_out_of_step(culprits):
            return
        # The power fails as soon as the answer is there.
        ground.stage.back(position)
        self.runs()
        ground.holds(told)
        ground.write()
        ground.settled()
        ground.holds(("old", "new"))
        self.given_up([])

    def judge_cut(self, faults, chance):
        """The power fails in the middle of it."""
        ground = self.ground
        begin = ground.stage.mark()
        self.act()
        culprits = [disk for disk, fault in faults.items() if fault.hits]
        if self.last_copy_is_out_of_step(culprits):
            return
        cut = chance.randint(begin, ground.stage.mark())
        self.vm.say("cut at %d of %d to %d" % (cut, begin, ground.stage.mark()))
        # Of an array that is made or deleted there may be a part.
        ground.stage.back(cut, whole=self.before["arrays"].keys() == self.after["arrays"].keys())
        self.runs()
        ground.holds()
        ground.write()
        ground.settled()
        ground.holds(("old", "new"))
        self.given_up([])

    def is_answered(self, status, text, culprits):
        """Done, or refused by name and taken back; the arrays have not been written since."""
        if culprits and not status:
            raise Wrong("done, although %s refused" % culprits[0].serial)
        if not culprits and status:
            raise Wrong(text)
        if status:
            self.is_refused(text, culprits)
        if not self.scene.ends:
            same_but_for(self.ground.view(), self.before if status else self.after, [disk.serial for disk in culprits])

    def last_copy_is_out_of_step(self, culprits):
        """Two of a pair are lost, or as good as: such an array is not started again without being asked to by force."""
        out = {disk.serial for disk in culprits} | self.scene.lost(self.ground)
        return any(sum(serial in out for slot, (serial, _) in array["members"].items() if slot // 2 == pair) == 2
                   for array in self.before["arrays"].values() for pair in (0, 1))

    def runs(self):
        """What was there before and after it, and what has the one name or the other; nothing else."""
        before, after = self.before["arrays"].keys(), self.after["arrays"].keys()
        listed = {each["name"]: each["dev"] for each in self.ground.listed()}
        if not listed.keys() <= before | after:
            raise Wrong("there is %s" % listed)
        # Half of what was to be the first array of bare disks may be there, and does not.
        running = {name for name, dev in listed.items() if dev}
        lasting = before | after if self.scene.ends else before & after
        if not lasting <= running or len(running) < min(len(before), len(after)):
            raise Wrong("there is %s, that does not all run" % listed)

    def is_refused(self, text, culprits):
        ground = self.ground
        name = next(dev for dev, serial in ground.serials.items() if serial == culprits[0].serial)
        if len(text.strip().splitlines()) != 1 or name not in text or "refused" not in text:
            raise Wrong(text)
        for disk in ground.disks:
            if disk not in culprits and ground.described(disk) != self.words_before[disk]:
                raise Wrong("%s says\n%s\nand said\n%s" % (disk.serial, "\n".join(ground.described(disk)),
                                                           "\n".join(self.words_before[disk])))

    def given_up(self, culprits):
        """A disk that has refused serves no array, unless it holds the last copy."""
        for array in self.ground.view()["arrays"].values():
            if array["state"] == "failed":
                raise Wrong("an array has failed: %s" % array)
            states = {serial: (slot, state) for slot, (serial, state) in array["members"].items()}
            for disk in culprits:
                slot, state = states.get(disk.serial, (None, None))
                if state != "in_sync" or array["members"][slot ^ 1][1] != "in_sync":
                    continue
                raise Wrong("%s refused, and serves: %s" % (disk.serial, array))


def same_but_for(view, want, culprits):
    """The same arrays; disks and members too, except those on the culprits."""
    def plain(each):
        return {
            "arrays": {name: (array["level"], array["size"], {
                slot: member for slot, member in array["members"].items() if member[0] not in culprits and member[0]})
                for name, array in each["arrays"].items()},
            "disks": {serial: state for serial, state in each["disks"].items() if serial not in culprits + ["missing"]}}
    have, expected = plain(view), plain(want)
    for name in have["arrays"].keys() - expected["arrays"].keys():
        if not have["arrays"][name][2]:
            # Those alone know it that could not be written any more.
            del have["arrays"][name]
    for array, members in ((name, array[2]) for name, array in expected["arrays"].items()):
        if array in have["arrays"]:
            # A slot that a culprit filled may be empty, or another's.
            for slot in have["arrays"][array][2].keys() - members.keys():
                del have["arrays"][array][2][slot]
    if have != expected:
        raise Wrong("is\n%s\nand should be\n%s" % (have, expected))
