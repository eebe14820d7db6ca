# SPDX-License-Identifier: GPL-2.0
"""Making and recognising a root file system."""

import re


def install(vm, dev):
    """A root file system: all that the initramfs has but kernel modules."""
    vm.sh("mkfs.ext4 -q -F %s && mkdir -p /mnt/root && mount %s /mnt/root" % (dev, dev))
    vm.sh("cd / && cp -a init bin sbin lib lib64 usr etc root /mnt/root/ && rm -rf /mnt/root/usr/lib/modules",
          timeout=120)
    vm.sh("cd /mnt/root && mkdir dev proc sys tmp run mnt var && : > etc/modules")
    vm.sh("cd /mnt/root && find usr -type f -size +20k -exec sha256sum {} + | sed 's,  ,  /,' > etc/sums")
    vm.sh("umount /mnt/root", timeout=120)


def root(vm):
    """The device that is mounted as the root."""
    number = re.search(r"^\d+ \d+ (\d+:\d+) / / ", vm.sh("cat /proc/self/mountinfo"), re.M).group(1)
    return "/dev/" + vm.sh("basename $(readlink /sys/dev/block/%s)" % number).strip()


def intact(vm):
    """Every file of the root reads as it was installed, past the page cache."""
    vm.sh("echo 3 > /proc/sys/vm/drop_caches; sha256sum --quiet -c /etc/sums", timeout=120)
