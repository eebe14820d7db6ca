# SPDX-License-Identifier: GPL-2.0
"""This test shows that a replace whose old or new disk hangs can be given up, and that everything ends when the disk answers or is given up itself."""

import errno

from lib import arrays

groups = ["array"]


def scenario(vm):
    old, other, new = vm.add_disks(3, size="64M", serial="COPY%04d", faults=True)
    vm.boot()
    vm.insmod()
    dev = arrays.create(vm, "one", "raid1", [old, other], "--init none --size 16M")
    container = arrays.container(vm, "one")
    want = arrays.make_file(vm, "/tmp/data", 4)
    arrays.put(vm, "/tmp/data", dev)
    vm.emdctl("--yes add %s %s" % (container, new.dev))

    for hanging in new, old:
        cancelled(vm, dev, hanging, old, new)
        assert arrays.sha256(vm, dev, 4) == want
    given_up(vm, dev, old, new)
    old_given_up(vm, dev, old, other, new)
    assert arrays.sha256(vm, dev, 4) == want and arrays.sha256(vm, dev, 4, 8) == want
    stopped(vm, other, new, container, old)


def begin(vm, old, new):
    last = int(vm.emdctl("events").splitlines()[-1].split()[0])
    vm.emdctl("sync limit one 512K")
    vm.emdctl("replace one %s %s" % (old.dev, new.dev))
    vm.wait("the copy", lambda: vm.array("one")["sync"]["done_sectors"] > 0)
    return last + 1


def silence(vm, dev, disk, op, code=0):
    """The disk answers neither the copy nor who writes; returns who does.

    The array is dirty before: else that would have to be said first, on this disk too.
    """
    arrays.put(vm, "/tmp/data", dev, 8)
    held = disk.faults.hold(op, 0, 40960, code=code)
    writer = vm.start("dd if=/tmp/data of=%s bs=256K count=1 oflag=direct conv=fsync" % dev)
    vm.wait("it to be met", lambda: held.hits)
    return writer


def waiting(vm, command):
    """Start a command that is to wait in the driver, and see it wait."""
    begun = vm.start("echo $$; exec %s" % command)
    vm.wait("its pid", lambda: begun.output)
    vm.wait("it to wait", lambda: vm.status("grep -q 'State:.[DS]' /proc/%d/status && grep -q emdctl /proc/%d/comm"
                                            % ((int(begun.output.split()[0]),) * 2))[0] == 0)
    return begun


def answered(vm, *commands):
    for each in commands:
        each.wait(30 * vm.slow)
        assert each.status == 0, each.output


def ended(vm, since, why):
    vm.emdctl("wait one replace-dropped --since %d --timeout 60" % since, timeout=70)
    text = vm.emdctl("events --since %d" % since)
    assert why in text, text
    vm.emdctl("sync limit one none")


def cancelled(vm, dev, hanging, old, new):
    """The command waits for what is under way, and no longer."""
    since = begin(vm, old, new)
    writer = silence(vm, dev, hanging, "any")
    cancel = waiting(vm, "emdctl sync cancel one")
    assert writer.status is None and cancel.status is None
    hanging.faults.clear()
    answered(vm, cancel, writer)
    ended(vm, since, "cancelled by command")
    assert arrays.state(vm, "one") == "optimal" and arrays.member(vm, "one", old)["state"] == "in_sync"


def given_up(vm, dev, old, new):
    """Whoever drives the new disk gives up on it: users have their answers, the array all its members."""
    since = begin(vm, old, new)
    writer = silence(vm, dev, new, "write", errno.EIO)
    assert arrays.state(vm, "one") == "optimal" and writer.status is None
    new.faults.release()
    answered(vm, writer)
    ended(vm, since, "write error")
    new.faults.clear()
    assert arrays.state(vm, "one") == "optimal"
    # It has refused a write: only a person makes a spare of it again.
    container = arrays.container(vm, "one")
    vm.emdctl("--yes remove %s %s" % (container, new.dev))
    vm.emdctl("--yes add %s %s" % (container, new.dev))


def old_given_up(vm, dev, old, other, new):
    """The old disk fails at last: what was to replace it is filled from the other."""
    since = begin(vm, old, new)
    writer = silence(vm, dev, old, "any", errno.EIO)
    old.faults.release()
    answered(vm, writer)
    ended(vm, since, "the old disk has failed")
    vm.emdctl("wait one optimal --timeout 60", timeout=70)
    assert {m["dev"] for m in vm.array("one")["members"]} == {other.dev[5:], new.dev[5:]}
    old.faults.clear()


def stopped(vm, other, new, container, spare):
    """A stop in the middle of it leaves the old disk in its place."""
    vm.emdctl("--yes remove %s %s" % (container, spare.dev))
    vm.emdctl("--yes add %s %s" % (container, spare.dev))
    begin(vm, other, spare)
    held = spare.faults.hold("write", 0, 40960)
    vm.wait("the copy to meet it", lambda: held.hits)
    stop = waiting(vm, "emdctl --yes stop --all")
    assert stop.status is None
    spare.faults.clear()
    answered(vm, stop)
    vm.emdctl("scan")
    vm.emdctl("assemble --all")
    assert arrays.state(vm, "one") == "optimal" and arrays.member(vm, "one", other)["state"] == "in_sync"
