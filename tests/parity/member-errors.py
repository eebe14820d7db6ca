# SPDX-License-Identifier: GPL-2.0
"""Read errors, write errors and silence on any member, in every phase of its life: a RAID6 under load never gives a wrong answer."""

from soak import shared as soak

groups = ["parity", "long"]

KIB = 2             # sectors


def scenario(vm):
    story = soak.Story(vm, 5, ["six"], mib=16)
    six = story.arrays[0]
    vm.boot()
    vm.insmod()
    six.create()
    vm.sh("dd if=/dev/zero of=%s bs=4k count=1 oflag=direct" % six.load.dev)
    vm.kill()
    vm.boot()
    vm.insmod()
    vm.wait("the array", lambda: six.look() and six.look()["dev"])

    # A resync is owed: parity says nothing yet, so no sector may be bad, but a member may go.
    vm.emdctl("sync limit six 256K")
    six.begin()
    slow(six, "resync")
    six.lose("write")
    six.mend()
    six.rest()

    vm.say("while all is well")
    read_errors(six)
    quiet(six)
    six.lose("write")

    vm.say("while one is rebuilt")
    slow(six, "rebuild")
    read_errors(six)
    six.lose("write")
    six.load.check()
    six.mend()
    six.rest()

    vm.say("while it is checked")
    vm.emdctl("sync limit six 2M")
    vm.emdctl("scrub six")
    read_errors(six)
    six.lose("write")
    six.mend()
    six.rest()

    vm.say("with members missing")
    container = six.container()
    for disk in container["disks"]:
        if disk["state"] == "spare":
            vm.emdctl("--yes remove %s %s" % (container["name"], disk["dev"]))
    six.lose("flush")
    read_errors(six)
    silence(six)
    six.lose("any")
    silence(six)
    six.load.stop()
    six.load.verify()
    six.mend()
    six.prove()


def slow(six, action):
    six.vm.emdctl("sync limit six 2M")
    six.vm.wait("a " + action, lambda: six.action() == action)


def quiet(six):
    six.vm.emdctl("sync limit six none")
    six.rest()


def read_errors(six):
    """Bad sectors on a member: whoever reads them gets what was written, and then they are good again."""
    members = six.members()
    disk = six.random.choice([d for d, state in members.items() if state == "in_sync" and d not in six.out])
    dev = disk.dev.rsplit("/", 1)[1]
    start = next(m["start_sector"] for m in six.look()["members"] if m["dev"] == dev)
    # A strip is of 16 KiB: some in data, some in each parity.
    for row in range(6):
        disk.faults.bad_sectors(start + row * 16 * KIB + 2 * row, 3)
    six.vm.sh("dd if=%s of=/dev/null bs=256K count=8 iflag=direct 2>/dev/null" % six.load.dev)
    six.load.check()
    assert not six.failed(disk)
    # Parity is not read by users.
    disk.faults.clear()


def silence(six):
    """A member that does not answer for a while is waited for."""
    before = six.look()["state"]
    six.hang()
    assert six.look()["state"] == before
