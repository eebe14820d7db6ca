# SPDX-License-Identifier: GPL-2.0
"""This test shows that the last changes of the metadata can be told, and that what was saved of it undoes an erase."""

import json
import operator
import zlib

from lib import arrays

groups = ["array"]


def scenario(vm):
    disks = vm.add_disks(4, size="64M", serial="HIST%04d", faults=True)
    vm.boot()
    vm.insmod()
    for kind in "ddf", "asr", "imsm":
        life(vm, kind, disks)
        vm.emdctl("--yes stop --all")
        for disk in disks:
            vm.status("emdctl --yes erase " + disk.dev)


def content(disks):
    return [zlib.crc32(disk.read(0, disk.sectors)) for disk in disks]


def changes(vm, container):
    """Every line of the history, and for each entry how many it stands for."""
    entries = vm.emdctl("history " + container, json=True)["history"]
    generations = [entry["generation"] for entry in entries]
    assert generations == sorted(generations), generations
    return [line for entry in entries for line in entry["changes"]], entries


def refused(vm, command, why):
    status, output = vm.status("emdctl " + command)
    assert status == 1 and why in output, (command, status, output)


def life(vm, kind, disks):
    vm.emdctl("--yes create --format %s --level raid1 --name data --size 16M --init none %s"
              % (kind, vm.devs(disks[:2])))
    container = arrays.container(vm, "data")
    dev = arrays.device(vm, "data")
    want = arrays.make_file(vm, "/tmp/data", 2, seed=7)
    arrays.put(vm, "/tmp/data", dev)
    vm.wait("clean", lambda: vm.array("data")["dirty"] is False)
    vm.emdctl("--yes add %s %s" % (container, disks[2].dev))
    name = disks[2].dev.rsplit("/", 1)[1]

    lines, entries = changes(vm, container)
    assert any(line.startswith('array "data" appears: raid1') for line in lines), lines
    assert any(line.startswith("disk %s " % name) and "joins: spare" in line for line in lines), lines
    # Dirty and clean are one entry, which does not push out what people did.
    routine = [entry for entry in entries if entry["changes"] == ['array "data": dirty -> clean']]
    assert len(routine) == 1 and routine[0]["written"] == 2, entries
    assert "generation %d" % entries[-1]["generation"] in vm.emdctl("history " + container)

    if kind == "imsm":
        full(vm, container)
    save_and_restore(vm, kind, container, disks[:3], disks[3], want)


def full(vm, container):
    """What becomes one with the newest entry costs the oldest nothing."""
    vm.sh("for i in 1 2 3 4 5 6 7 8; do emdctl rename data other && emdctl rename other data; done")
    arrays.put(vm, "/tmp/data", arrays.device(vm, "data"))
    vm.wait("clean", lambda: vm.array("data")["dirty"] is False)
    entries = changes(vm, container)[1]
    assert len(entries) == 16 and all(entry["changes"] for entry in entries), entries
    assert entries[-1]["written"] > 1, entries


def save_and_restore(vm, kind, container, disks, other, want):
    vm.sh("rm -f /tmp/saved")
    assert "save" in vm.emdctl("--dry-run save %s /tmp/saved" % container)
    assert vm.status("ls /tmp/saved")[0] != 0
    vm.emdctl("save %s /tmp/saved" % container)
    refused(vm, "restore /tmp/saved", "remove it there first")

    # Stopping writes: then what is on the disks is newer than what was saved.
    arrays.put(vm, "/tmp/data", arrays.device(vm, "data"), 4)
    vm.emdctl("--yes stop " + container)
    stopped = content(disks)
    refused(vm, "restore /tmp/saved", "newer")
    assert content(disks) == stopped

    for disk in disks:
        vm.emdctl("--yes erase " + disk.dev)
    assert vm.array("data") is None
    erased = content(disks)
    assert not any(map(operator.eq, erased, stopped))
    hostile_files(vm)
    refused(vm, "restore /tmp/saved " + other.dev, "none of the disks that were saved")
    plan = vm.emdctl("--dry-run restore /tmp/saved", json=True)["plan"]
    assert sum(line.startswith("restore the") for line in plan) == len(disks), plan
    assert content(disks) == erased and vm.array("data") is None
    all_or_none(vm, disks, erased)
    if kind == "asr":
        none_but_one(vm, disks, erased)

    vm.emdctl("restore /tmp/saved " + disks[0].dev)
    vm.emdctl("restore /tmp/saved " + vm.devs(disks[1:]))
    arrays.device(vm, "data")
    # What was written between saving and stopping is data, not metadata.
    assert all(map(as_saved, disks, saved_disks(vm, disks))), "what was restored is not what was saved"
    assert arrays.sha256(vm, arrays.device(vm, "data"), 2) == want
    vm.wait("all three", lambda: len(vm.emdctl("list", json=True)["containers"][0]["disks"]) == 3)
    assert arrays.state(vm, "data") == "optimal"


def saved_disks(vm, disks):
    saved = {disk["serial"]: disk for disk in json.loads(vm.read_file("/tmp/saved"))["disks"]}
    return [saved[disk.serial] for disk in disks]


def as_saved(disk, saved):
    """Is every region on the disk as its checksum has it?"""
    return all("%08x" % zlib.crc32(disk.read(region["sector"], region["bytes"] // 512)) == region["crc32"]
               for region in saved["regions"])


def in_order(vm, disks):
    """As they are in the file, and so written."""
    by_serial = {disk.serial: disk for disk in disks}
    return [by_serial[each["serial"]] for each in json.loads(vm.read_file("/tmp/saved"))["disks"]]


def all_or_none(vm, disks, before):
    """The last disk refuses everything, or just the last of its writes: nobody keeps anything new."""
    last = in_order(vm, disks)[-1]
    final = saved_disks(vm, [last])[0]["regions"][-1]
    for sectors in (0, None), (final["sector"] + final["bytes"] // 512 - 1, 1):
        last.faults.error("write", *sectors)
        refused(vm, "restore /tmp/saved",
                "%s refused the write (error -5); all disks are as before" % last.dev[5:])
        last.faults.clear()
        assert content(disks) == before and vm.array("data") is None


def none_but_one(vm, disks, before):
    """A disk that takes what is new, and not what it had: the reason names it."""
    first, *_, last = in_order(vm, disks)
    last.faults.delay(2, "write", count=1)
    last.faults.error("write")
    command = vm.start("emdctl restore /tmp/saved")
    vm.wait("the first disk to be written", lambda: as_saved(first, saved_disks(vm, [first])[0]))
    first.faults.error("write")
    command.wait(30)
    why = "%s refused the write (error -5); could not be put back as it was: %s\n"
    output = command.output.decode()
    assert command.status == 1 and output.endswith(why % (last.dev[5:], first.dev[5:])), output
    first.faults.clear()
    last.faults.clear()
    vm.emdctl("--yes erase " + first.dev)
    assert content(disks) == before


def hostile_files(vm):
    """What is not right in a file is noticed before anything is written."""
    text = vm.read_file("/tmp/saved")
    good = json.loads(text)

    def bent(change):
        document = json.loads(text)
        change(document["disks"][0])
        vm.write_file("/tmp/bent", json.dumps(document).encode())
        return "restore /tmp/bent"

    region = good["disks"][0]["regions"][0]
    refused(vm, bent(lambda disk: disk["regions"][0].update(base64="A" * len(region["base64"]))), "damaged")
    refused(vm, bent(lambda disk: disk["regions"][0].update(bytes=region["bytes"] + 1)), "damaged")
    refused(vm, bent(lambda disk: disk["regions"][0].update(sector=0)), "the bytes are")
    refused(vm, bent(lambda disk: disk["regions"].append(region)), "the bytes are")
    refused(vm, bent(lambda disk: disk.update(block_size=4096)), "blocks of")
    refused(vm, bent(lambda disk: disk.update(serial="elsewhere")), "no disk with serial number")
    refused(vm, bent(lambda disk: disk.update(format="nosuch")), "not known")
    vm.write_file("/tmp/bent", text[:len(text) // 2])
    refused(vm, "restore /tmp/bent", "no file with saved metadata")
