# SPDX-License-Identifier: GPL-2.0
"""Disks with defective metadata, rewritten in place: as many defects at a time as there are disks."""

import hashlib
import json
import re

from .vm import Failed

DISKS = 12
# Where metadata could be, in sectors: all is looked at, none may be written.
END = 8192


def reported(vm, disks, defects):
    """Lay defects on the disks and let the driver look: (name, disk, log, examine, list) of each.

    A defect is a name and a function that writes a disk's image. Nothing of what they
    lead to may be written, and nothing be left running.
    """
    for first in range(0, len(defects), len(disks)):
        batch = list(zip(disks, defects[first:first + len(disks)]))
        for disk, (_, lay) in batch:
            lay(disk)
        before = [fingerprint(disk) for disk, _ in batch]
        devs = {disk: dev.rsplit("/", 1)[1] for (disk, _), dev in zip(batch, vm.devs([d for d, _ in batch]).split())}
        text = vm.sh("dmesg -c >/dev/null; emdctl scan; for d in %s; do echo \"@@ $d\"; emdctl examine /dev/$d; done;"
                     " echo '@@ log'; dmesg; echo '@@ list'; emdctl --json list"
                     % " ".join(devs.values()))
        parts = dict(part.split("\n", 1) for part in re.split("^@@ ", text, flags=re.M)[1:])
        listed = json.loads(parts["list"])
        for disk, (name, _) in batch:
            yield name, devs[disk], parts["log"], parts[devs[disk]], listed
        # Also what is not started holds its disks.
        vm.emdctl("--yes stop --all")
        for (disk, (name, _)), sum_before in zip(batch, before):
            if fingerprint(disk) != sum_before:
                raise Failed("%s: the disk was written" % name)


def fingerprint(disk):
    """All that metadata could be in: the end of the disk, and its beginning."""
    return hashlib.sha256(disk.read(0, 4096) + disk.read(-END, END)).hexdigest()


def damaged(kind, name, dev, log, examine, listed):
    """One clear line in the log, the same from examine; the disk is in no container."""
    lines = [line for line in log.splitlines() if "disk %s: " % dev in line]
    if len(lines) != 1 or "%s metadata damaged: " % kind not in lines[0]:
        raise Failed("%s (%s): the log says %r" % (name, dev, lines))
    reason = lines[0].split("damaged: ", 1)[1]
    if reason not in examine:
        raise Failed("%s: log says %r, examine says\n%s" % (name, reason, examine))
    for container in listed["containers"]:
        if container["name"] != "foreign" and dev in [disk["dev"] for disk in container["disks"]]:
            raise Failed("%s: %s is in %s" % (name, dev, container["name"]))


def refused(vm, name, dev, examine, listed):
    """The disk is shown, nothing of it runs, and one line in the log says why, as examine does."""
    where = [c for c in listed["containers"] if dev in [disk["dev"] for disk in c["disks"]]]
    if len(where) != 1 or where[0]["name"] == "foreign":
        raise Failed("%s: %s is in %s" % (name, dev, [c["name"] for c in where]))
    names = "|".join([where[0]["name"]] + [array["name"] for array in where[0]["arrays"]])
    why = "emd: (%s): not (started|assembled): " % names
    log = vm.wait("a word about %s" % name, lambda: vm.dmesg(why)).splitlines()
    if len(log) != 1:
        raise Failed("%s: the log says %s" % (name, log))
    shown = re.search(r"\breason +(.*)", examine)
    if shown and shown.group(1) not in log[0]:
        raise Failed("%s: the log says %s, examine says %s" % (name, log, shown.group(1)))


def story(vm, kind, words, good):
    """A format's defects from its tables: words.DAMAGED, words.REFUSED, words.content(); good() has none."""
    disks = vm.add_disks(DISKS, size="16M", serial="DEF%04d")
    numbers = {}

    def lay(name):
        def onto(disk):
            numbers[name] = len(numbers) + 1
            words.content(name, numbers[name], disk.sectors).put(disk)
        return name, onto

    vm.boot()
    vm.insmod("degraded_timeout=1")
    for name, *said in reported(vm, disks, [lay(name) for name in words.DAMAGED]):
        damaged(kind, name, *said)
    vm.emdctl("--yes erase " + disks[1].dev)
    assert "damaged" not in vm.emdctl("examine " + disks[1].dev)
    for name, dev, _, examine, listed in reported(vm, disks, [lay(name) for name in words.REFUSED]):
        refused(vm, name, dev, examine, listed)

    # The same without a defect is believed: the defects are what is refused.
    good(900, disks[0].sectors).put(disks[0])
    vm.emdctl("scan")
    vm.wait("the good one", lambda: (vm.array("half900") or {"dev": ""})["dev"])
    vm.emdctl("--yes stop --all")
