# SPDX-License-Identifier: GPL-2.0
"""ext4, xfs and btrfs on RAID5 live through a disk that fails and a spare that takes over: every file is there, and fsck has nothing to say."""

from lib import arrays

groups = ["parity"]
tools = {"mkfs.xfs", "xfs_repair", "mkfs.btrfs", "btrfs"}

# name: size, how to make it, how to look at it afterwards
SYSTEMS = {
    "ext4": ("48M", "mkfs.ext4 -q", "e2fsck -fn"),
    "xfs": ("320M", "mkfs.xfs -q", "xfs_repair -n"),
    "btrfs": ("128M", "mkfs.btrfs -q -m single", "btrfs check"),
}


def scenario(vm):
    disks = vm.add_disks(3, size="320M")
    spare = vm.add_disk(size="320M")
    vm.add_modules("xfs", "btrfs")
    vm.boot()
    vm.load_modules()
    vm.insmod()
    options = "--format ddf " + vm.devs(disks)
    devs = {}
    for name, (size, mkfs, _) in SYSTEMS.items():
        vm.emdctl("--yes create --level raid5 --name %s --size %s --init none %s" % (name, size, options))
        devs[name] = arrays.device(vm, name)
        options = arrays.container(vm, name)
        vm.sh("%s %s" % (mkfs, devs[name]), timeout=120)
        vm.sh("mkdir -p /mnt/%s && mount -t %s %s /mnt/%s" % (name, name, devs[name], name))
    before = {name: write(vm, name, "before") for name in SYSTEMS}

    vm.say("a disk goes while files are written")
    jobs = {name: start(vm, name, "during") for name in SYSTEMS}
    vm.unplug(disks[1])
    during = {name: finish(vm, name, job) for name, job in jobs.items()}
    remount(vm, devs)
    for name in SYSTEMS:
        assert arrays.state(vm, name) == "degraded"
        verify(vm, name, before[name] + during[name])

    vm.say("a spare takes over while files are written")
    jobs = {name: start(vm, name, "after") for name in SYSTEMS}
    vm.emdctl("--yes add %s %s" % (options, spare.dev))
    after = {name: finish(vm, name, job) for name, job in jobs.items()}
    for name in SYSTEMS:
        vm.emdctl("wait %s optimal --timeout 90" % name, timeout=100)

    vm.say("what was rebuilt is what is read: another disk goes")
    vm.sh("umount /mnt/*")
    vm.unplug(disks[0])
    for name, (_, _, fsck) in SYSTEMS.items():
        vm.sh("%s %s" % (fsck, devs[name]), timeout=120)
        vm.sh("mount -t %s %s /mnt/%s" % (name, devs[name], name))
        verify(vm, name, before[name] + during[name] + after[name])


def command(name, prefix):
    return ("cd /mnt/%s; for i in 1 2 3 4 5 6; do head -c $((i * 300001)) /dev/urandom > %s$i; "
            "[ $i != 3 ] || sync; done; sync; sha256sum %s*" % (name, prefix, prefix))


def write(vm, name, prefix):
    return vm.sh(command(name, prefix))


def start(vm, name, prefix):
    return vm.start(command(name, prefix))


def finish(vm, name, job):
    job.wait(60 * vm.slow)
    assert job.status == 0, (name, job.output)
    return job.output.decode()


def remount(vm, devs):
    """Nothing stays in memory."""
    for name, dev in devs.items():
        vm.sh("umount /mnt/%s && mount -t %s %s /mnt/%s" % (name, name, dev, name))


def verify(vm, name, sums):
    vm.sh("cd /mnt/%s && sha256sum -c --status" % name, stdin=sums.encode())
