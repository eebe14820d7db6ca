# SPDX-License-Identifier: GPL-2.0
"""Words that the IMSM scenarios share: mdadm's arrays, files with checksums, copies of one truth."""

import hashlib
import re

from lib.vm import Failed

MOUNT = "/mnt/%s"
# No journal replay: reading must not be the reason for a write.
UNTOUCHED = "-o ro,noload"


class MdArray:
    """What mdadm is told when it makes an array."""

    def __init__(self, name, level, members, size, options="", disks=None):
        self.name = name
        self.level = level
        self.members = members
        self.size = size            # of one member, as mdadm wants it
        self.options = options
        self.disks = disks


def mdadm_create(vm, disks, arrays, container="imsm0"):
    """An IMSM container with arrays, by mdadm; idle and clean when this returns."""
    vm.sh("mdadm -C /dev/md/%s -R -e imsm -n%d %s" % (container, len(disks), vm.devs(disks)))
    for a in arrays:
        on = vm.devs(a.disks or disks[:a.members])
        clean = "" if a.level == 0 else "--assume-clean"
        vm.sh("mdadm -C /dev/md/%s -R -l%d -n%d --size=%s %s %s %s"
              % (a.name, a.level, a.members, a.size, clean, a.options, on))


def mdadm_assemble(vm, disks, container="imsm0"):
    """mdadm's arrays of a container, running, degraded or not."""
    vm.sh("mdadm -A -R /dev/md/%s %s" % (container, vm.devs(disks)), status=None)
    vm.sh("mdadm -I -R /dev/md/%s" % container, status=None)


def mdadm_stop(vm):
    """All of mdadm's arrays, marked clean. There is no udev to remove its links."""
    vm.wait("mdadm to stop", lambda: vm.status("mdadm --stop --scan && ! grep -q ^md /proc/mdstat")[0] == 0)
    vm.sh("rm -f /dev/md/*")


def md_attr(vm, name, attr):
    """A file of md's sysfs of an array."""
    return vm.sh("cat /sys/block/$(basename %s)/md/%s" % (vm.md(name), attr)).strip()


def md_idle(vm, name, timeout=90):
    """md has all copies in sync and nothing more to do."""
    vm.wait("md's %s to be idle" % name,
            lambda: (md_attr(vm, name, "resync_start"), md_attr(vm, name, "degraded"),
                     md_attr(vm, name, "sync_action")) == ("none", "0", "idle"), timeout)


def started(vm, *names):
    """EMD's device nodes of these arrays, when it has started them all."""
    vm.wait("emd to start " + ", ".join(names),
            lambda: all((vm.array(n) or {"dev": ""})["dev"] for n in names))
    return ["/dev/" + vm.array(n)["dev"] for n in names]


def idle(vm, name, state="optimal", timeout=90):
    """EMD has brought the array to this state and has nothing more to do.

    Clean is part of it: dirty stays set until a resync that is owed has run.
    """
    def there():
        array = vm.array(name)
        return array["state"] == state and array["sync"]["action"] == "idle" and not array["dirty"]
    vm.wait("%s to be %s and idle" % (name, state), there, timeout)


# -- files ---------------------------------------------------------------------


def fill(vm, dev, name):
    """A file system with files; returns their checksums."""
    vm.sh("mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 %s && mkdir -p %s && mount %s %s"
          % (dev, MOUNT % name, dev, MOUNT % name))
    vm.sh("cd %s; for i in 1 2 3 4; do head -c 700001 /dev/urandom > file$i; done" % (MOUNT % name))
    sums = vm.sh("cd %s; sha256sum file*" % (MOUNT % name))
    vm.sh("umount " + MOUNT % name)
    return sums


def verify(vm, dev, name, sums, options=UNTOUCHED, keep=False):
    """The files are as they were."""
    vm.sh("mkdir -p %s && mount -t ext4 %s %s %s" % (MOUNT % name, options, dev, MOUNT % name))
    vm.sh("cd %s && sha256sum -c" % (MOUNT % name), stdin=sums.encode())
    if not keep:
        vm.sh("umount " + MOUNT % name)


def pattern(vm, dev, mib, seed):
    """Write the first MiBs of a device with reproducible noise; returns its checksum."""
    vm.sh("seq %d 99999999 | head -c %dM > /tmp/pattern && dd if=/tmp/pattern of=%s bs=1M oflag=direct 2>/dev/null"
          % (seed, mib, dev))
    return checksum(vm, dev, mib)


def checksum(vm, dev, mib):
    return vm.sh("dd if=%s bs=1M count=%d iflag=direct 2>/dev/null | sha256sum" % (dev, mib)).split()[0]


# -- the disks themselves ----------------------------------------------------------


def fingerprint(disks):
    """A checksum of every byte of every disk."""
    result = {}
    for disk in disks:
        digest = hashlib.blake2b()
        with open(disk.path, "rb") as image:
            while chunk := image.read(1 << 20):
                digest.update(chunk)
        result[disk.name] = digest.hexdigest()
    return result


def by_dev(vm, dev):
    """The disk that has this kernel name now."""
    serials = {kernel: serial for serial, kernel in vm.serials().items()}
    return next(d for d in vm.disks if d.serial == serials.get(dev))


def copies_agree(vm, name):
    """Both copies of a mirror, and of each pair of a RAID10, are the same on the disks."""
    members = vm.array(name)["members"]
    for member in members:
        if member["state"] != "in_sync":
            raise Failed("%s: %s" % (name, members))
    disks = [by_dev(vm, m["dev"]) for m in members]
    copies_agree_on(list(zip(disks[::2], disks[1::2])), members[0]["start_sector"], members[0]["size_sectors"])


def copies_agree_on(pairs, start, sectors):
    for one, other in pairs:
        compare(one, other, start, sectors)


def compare(one, other, start, sectors):
    """Ranges of two disks are the same."""
    step = 2048
    for at in range(start, start + sectors, step):
        nr = min(step, start + sectors - at)
        if one.read(at, nr) != other.read(at, nr):
            raise Failed("%s and %s differ at disk sector %d or behind it" % (one.serial, other.serial, at))


def spoil(disk, start=0, mib=40, byte=0x5a):
    """Fill a disk that is no member yet, so that what was not rebuilt shows."""
    disk.write(start, bytes([byte]) * (mib << 20))


# -- what mdadm sees ------------------------------------------------------------------


def volume(vm, disk, name):
    """mdadm's view of one array, from one disk."""
    found = vm.examine(disk)
    if name not in found["volumes"]:
        raise Failed("%s is not on %s: %s" % (name, disk.serial, found))
    return found["volumes"][name]


def units(text):
    """The number of a checkpoint "12 (512)" in member blocks: 12 * 512; 0 when idle."""
    match = re.match(r"(\d+) \((\d+)\)", text)
    return int(match.group(1)) * int(match.group(2)) if match else 0


def generation(vm, disk):
    return int(vm.examine(disk)["Generation"], 16)
