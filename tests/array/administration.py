# SPDX-License-Identifier: GPL-2.0
"""This test shows that arrays are renamed, made and deleted beside others, and disks replaced, kept and taken back, in every format."""

from asr import shared as asr
from ddf import shared as ddf
from lib import arrays

groups = ["array"]
FORMATS = ("imsm", "ddf", "asr")


def scenario(vm):
    disks = {fmt: vm.add_disks(4, size="64M", serial=fmt.upper() + "%04d", faults=True) for fmt in FORMATS}
    vm.boot()
    vm.insmod()
    for fmt in FORMATS:
        vm.emdctl("--yes create --format %s --level raid1 --size 12M --init none --name old-%s %s"
                  % (fmt, fmt, vm.devs(disks[fmt][:2])))
        arrays.put(vm, pattern(vm, fmt), arrays.device(vm, "old-" + fmt))
    for fmt in FORMATS:
        renamed_while_in_use(vm, fmt, disks[fmt])
        no_other_name(vm, fmt)
    for fmt in FORMATS:
        taken_back_when_refused(vm, fmt, disks[fmt])
    for fmt in FORMATS:
        failed_and_added_again(vm, fmt, disks[fmt])
    for fmt in FORMATS:
        lost_and_added_again(vm, fmt, disks[fmt])
    a_spare_for_some(vm, disks)
    in_the_gap_of_another(vm, disks)
    vm.emdctl("--yes add --for third-ddf %s %s" % (arrays.container(vm, "second-ddf"), disks["ddf"][1].dev))

    # It is all on the disks.
    before = {name: arrays.sha256(vm, arrays.device(vm, name), 4) for name in ("of-imsm", "second-ddf", "of-asr")}
    arrays.stop_all(vm)
    vm.kill()
    vm.boot()
    vm.insmod()
    for name, want in before.items():
        assert arrays.sha256(vm, arrays.device(vm, name), 4) == want, name
    assert spare_for(vm, disks["ddf"][1]) == "third-ddf"
    assert spare_for(vm, disks["asr"][3]) == "of-asr"
    removed_for_good(vm, disks["ddf"][1])
    mdadm_agrees(vm, disks)


def pattern(vm, fmt, seed=0):
    path = "/tmp/%s-%d" % (fmt, seed)
    arrays.make_file(vm, path, 4, FORMATS.index(fmt) + 10 * seed)
    return path


def renamed_while_in_use(vm, fmt, disks):
    dev = arrays.device(vm, "old-" + fmt)
    vm.start("exec sleep 600 < %s" % dev)
    planned = vm.emdctl("--dry-run rename old-%s of-%s" % (fmt, fmt))
    assert "of-" + fmt in planned and vm.array("old-" + fmt), planned
    vm.emdctl("rename old-%s of-%s" % (fmt, fmt))
    assert vm.array("old-" + fmt) is None and arrays.device(vm, "of-" + fmt) == dev
    assert arrays.sysfs(vm, dev, "name") == "of-" + fmt
    assert arrays.sysfs(vm, dev, "uuid") == vm.array("of-" + fmt)["uuid"]
    told = [each["name"] for each in vm.emdctl("events", json=True) if each["what"] == "renamed"]
    assert told[-1:] == ["of-" + fmt], told
    vm.sh("kill $(pidof sleep)")
    if fmt == "imsm":
        assert list(vm.examine(disks[0])["volumes"]) == ["of-imsm"]
    elif fmt == "ddf":
        assert list(ddf.examine(vm, disks[0])["arrays"]) == ["of-ddf"]
    else:
        assert {each[0] for each in asr.dmraid_disks(vm).values()} == {"asr_of-asr"}


def no_other_name(vm, fmt):
    for name, why in (("of-" + fmt, "already"), ("seventeen-letters", "17 characters"), ("a/b", "letters, digits")):
        status, text = vm.status("emdctl rename of-%s %s" % (fmt, name))
        assert status == 1 and why in text, (fmt, name, text)


def taken_back_when_refused(vm, fmt, disks):
    disks[1].faults.error("write")
    status, text = vm.status("emdctl rename of-%s other" % fmt)
    assert status == 1 and disks[1].dev[5:] in text and "refused" in text, (fmt, text)
    assert vm.array("other") is None and vm.array("of-" + fmt)
    vm.wait("the disk to be written off", lambda: arrays.state(vm, "of-" + fmt) == "degraded")
    disks[1].faults.clear()


def failed_and_added_again(vm, fmt, disks):
    """The disk that refused, one that a command failed, one that was removed as well."""
    name = "of-" + fmt
    container = arrays.container(vm, name)
    vm.emdctl("--yes add %s %s" % (container, disks[1].dev))
    whole(vm, fmt, disks[1])
    vm.emdctl("--yes fail %s %s" % (name, disks[0].dev))
    vm.emdctl("--yes add %s %s" % (container, disks[0].dev))
    whole(vm, fmt, disks[0])
    status, text = vm.status("emdctl --yes add %s %s" % (container, disks[0].dev))
    assert status == 1 and "in service" in text, text
    vm.emdctl("--yes fail %s %s" % (name, disks[0].dev))
    vm.emdctl("--yes remove %s %s" % (container, disks[0].dev))
    vm.emdctl("--yes add %s %s" % (container, disks[0].dev))
    whole(vm, fmt, disks[0])


def lost_and_added_again(vm, fmt, disks):
    """What is on it when it is back is old; its slot is still empty."""
    name = "of-" + fmt
    vm.unplug(disks[1])
    vm.wait("the disk to be missed", lambda: arrays.state(vm, name) == "degraded")
    arrays.put(vm, pattern(vm, fmt, 1), arrays.device(vm, name))
    vm.plug(disks[1])
    vm.wait("the stale disk", lambda: row(vm, disks[1]) and row(vm, disks[1])["state"] == "foreign")
    vm.emdctl("--yes add %s %s" % (arrays.container(vm, name), disks[1].dev))
    whole(vm, fmt, disks[1], 1)


def removed_for_good(vm, spare):
    """The others' tables list it no more, though nobody wrote to the arrays: it doesn't come back by itself."""
    container = arrays.container(vm, "third-ddf")
    vm.emdctl("--yes remove %s %s" % (container, spare.dev))
    vm.emdctl("--yes stop " + container)
    vm.emdctl("scan")
    vm.emdctl("assemble " + container)
    vm.wait("the removed disk to be looked at", lambda: row(vm, spare))
    assert row(vm, spare)["state"] == "foreign", row(vm, spare)


def a_spare_for_some(vm, disks):
    """DDF knows spares for arrays, ASR those for its one, IMSM has none."""
    status, text = vm.status("emdctl --yes add --for of-imsm %s %s"
                             % (arrays.container(vm, "of-imsm"), disks["imsm"][3].dev))
    assert status == 1 and "every array of the container" in text, text
    assert row(vm, disks["imsm"][3]) is None

    container = arrays.container(vm, "of-asr")
    vm.emdctl("--yes add --for all %s %s" % (container, disks["asr"][3].dev))
    assert spare_for(vm, disks["asr"][3]) is None
    vm.emdctl("add --for of-asr %s %s" % (container, disks["asr"][3].dev))
    assert spare_for(vm, disks["asr"][3]) == "of-asr"

    container = arrays.container(vm, "of-ddf")
    vm.emdctl("create --level raid1 --name second-ddf --size 12M --init none %s" % container)
    vm.emdctl("--yes add --for second-ddf %s %s" % (container, disks["ddf"][3].dev))
    assert spare_for(vm, disks["ddf"][3]) == "second-ddf"
    assert "spare/Online" in ddf.examine(vm, disks["ddf"][0])["disks"].values()
    # A disk that both arrays are on: the spare is for one of them.
    arrays.put(vm, pattern(vm, "ddf", 1), arrays.device(vm, "second-ddf"))
    vm.emdctl("--yes fail of-ddf %s" % disks["ddf"][1].dev)
    vm.wait("the spare to serve its array", lambda: arrays.member(vm, "second-ddf", disks["ddf"][3]))
    whole(vm, "ddf", disks["ddf"][3], 1, "second-ddf")


def in_the_gap_of_another(vm, disks):
    """The first of two arrays goes, another takes its room; the second sees nothing of it."""
    container = arrays.container(vm, "of-ddf")
    want = arrays.sha256(vm, arrays.device(vm, "second-ddf"), 4)
    vm.emdctl("--yes delete of-ddf")
    vm.emdctl("--yes create --level raid1 --name third-ddf --size 12M --init none --format ddf %s" % container)
    arrays.put(vm, pattern(vm, "ddf", 2), arrays.device(vm, "third-ddf"))
    assert arrays.sha256(vm, arrays.device(vm, "second-ddf"), 4) == want
    # ASR puts one array on a disk, and says so.
    container = arrays.container(vm, "of-asr")
    status, text = vm.status("emdctl create --level raid1 --name more --size 8M %s" % container)
    assert status == 1 and "one array on a disk" in text, text


def whole(vm, fmt, disk, seed=0, name=None):
    name = name or "of-" + fmt
    vm.wait("%s to be whole" % name, lambda: arrays.state(vm, name) == "optimal", 60)
    assert arrays.member(vm, name, disk)["state"] == "in_sync"
    want = vm.sh("sha256sum < %s" % pattern(vm, fmt, seed)).split()[0]
    assert arrays.sha256(vm, arrays.device(vm, name), 4) == want, name


def row(vm, disk):
    found = [each for container in vm.emdctl("list", json=True)["containers"] for each in container["disks"]
             if each["dev"] == disk.dev[5:]]
    return found[0] if found else None


def spare_for(vm, disk):
    return vm.emdctl("show " + disk.dev, json=True)["disk"]["serves"]


def mdadm_agrees(vm, disks):
    assert list(vm.examine(disks["imsm"][0])["volumes"]) == ["of-imsm"]
    assert set(ddf.examine(vm, disks["ddf"][0])["arrays"]) == {"second-ddf", "third-ddf"}
