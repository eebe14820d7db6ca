# SPDX-License-Identifier: GPL-2.0
"""This test shows that DDF arrays of 2 to 8 disks have the same bytes on the same members whether md or EMD made and wrote them, for every level and layout that both know, and that mdadm takes EMD's."""

import hashlib
import random
import re

from ddf import shared as ddf
from lib import arrays

groups = ["ddf"]

# Name, level, layout as both call it, disks, strip in KiB, MiB to write; each member has 1 MiB.
ARRAYS = (("zero8", "raid0", "", 8, 16, 8),
          ("one2", "raid1", "", 2, 64, 1),
          ("one3", "raid1", "", 3, 64, 1),
          ("ten4", "raid10", "", 4, 16, 2),
          ("e5", "raid1e", "", 5, 64, 2),
          ("four3", "raid4", "", 3, 64, 2),
          ("five3", "raid5", "left-symmetric", 3, 16, 2),
          ("five5", "raid5", "left-asymmetric", 5, 64, 4),
          ("five7", "raid5", "right-asymmetric", 7, 16, 6),
          ("six4", "raid6", "ddf-zero-restart", 4, 16, 2),
          ("six6", "raid6", "ddf-N-restart", 6, 64, 4),
          ("six8", "raid6", "ddf-N-continue", 8, 16, 6))
PARITY = [each[0] for each in ARRAYS if each[1] in ("raid4", "raid5", "raid6")]
MIB = 1 << 20
THEIR = "md-"


def scenario(vm):
    noise = random.Random(4).randbytes(8 * MIB + 4096 * len(ARRAYS))
    ours = vm.add_disks(8, size="48M", serial="OURS%04d")
    theirs = vm.add_disks(8, size="48M", serial="MDADM%04d")
    vm.boot()
    vm.write_file("/root/noise", noise)

    # Few long commands: each costs more than what it does.
    vm.say("md's arrays")
    ddf.mdadm_create(vm, theirs)
    script = ["set -e"]
    for number, (name, level, layout, nr, strip, mib) in enumerate(ARRAYS):
        script.append("mdadm -C /dev/md/%s -R -l%s -n%d --size=1M %s %s %s %s"
                      % (THEIR + name, {"raid1e": "10"}.get(level, level[4:]), nr,
                         "" if level == "raid1" else "-c%d" % strip, "" if level == "raid0" else "--assume-clean",
                         "--layout=" + layout if layout else "", vm.devs(theirs[:nr])))
        script.append(write(md(THEIR + name), number, mib))
    vm.sh("\n".join(script), 180)
    ddf.mdadm_stop(vm)
    views = [ddf.examine(vm, disk)["arrays"] for disk in (theirs[0], theirs[3])]

    vm.say("EMD's, with the same data")
    vm.insmod("autoassemble=0")
    script = ["set -e", "to='--format ddf'"]
    for number, (name, level, layout, nr, strip, mib) in enumerate(ARRAYS):
        script.append("emdctl --yes create --level %s --name %s --strip %dK --size %dM --init none %s $to %s"
                      % (level, name, strip, mib, "--layout " + layout.lower() if layout else "", vm.devs(ours[:nr])))
        script.append(write("/dev/emd%d" % number, number, mib))
        if not number:
            script.append("to=$(emdctl list | grep -o 'ddf-[0-9a-f]*' | tail -n1)")
    vm.sh("\n".join(script), 180)
    listed = {a["name"]: a for c in vm.emdctl("list", json=True)["containers"] for a in c["arrays"]}
    vm.emdctl("--yes stop --all")
    vm.rmmod()

    vm.say("are the same on every member, and look the same to mdadm")
    mine = ddf.examine(vm, ours[0])["arrays"]
    for name, *_ in ARRAYS:
        for slot, member in enumerate(listed[name]["members"]):
            # mdadm shows of a RAID10 the pair that the disk is in.
            view = views[name == "ten4" and slot > 1][THEIR + name]
            there = start_of(view, slot)
            if ours[slot].read(member["start_sector"], 2048) != theirs[slot].read(there, 2048):
                raise ddf.Failed("%s: member %d differs" % (name, slot))
        for key in ("Raid Level", "Chunk Size", "state", "init state", "access", "Device Size"):
            assert mine[name].get(key) == views[0][THEIR + name].get(key), (name, key, mine[name])

    vm.say("and mdadm runs them: the data, the parity")
    ddf.mdadm_assemble(vm, ours)
    ddf.no_resync(vm)
    sums = vm.sh("set -e\n" + "\n".join("dd if=%s bs=1M count=%d iflag=direct 2>/dev/null | sha256sum" % (md(name), mib)
                                         for name, _, _, _, _, mib in ARRAYS)).split()[::2]
    for number, (each, read) in enumerate(zip(ARRAYS, sums)):
        assert read == hashlib.sha256(data(noise, number, each[-1])).hexdigest(), each[0]
    assert ddf.md_mismatches(vm, *PARITY) == dict.fromkeys(PARITY, 0)
    ddf.mdadm_stop(vm)


def data(noise, number, mib):
    return noise[4096 * number:4096 * number + mib * MIB]


def md(name):
    return "$(readlink -e /dev/md/%s || readlink -e /dev/md/%s_0)" % (name, name)


def write(dev, number, mib):
    return ("dd if=/root/noise of=%s bs=4k skip=%d count=%d iflag=fullblock 2>/dev/null conv=fsync"
            % (dev, number, mib * 256))


def start_of(view, disk):
    """Where a disk's extent begins, of "3 (0@0K 1@1024K 2@0K)"."""
    places = dict(re.findall(r"(\d+)@(\d+)K", view["Raid Devices"]))
    return int(places[str(disk)]) * 2
