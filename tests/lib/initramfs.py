# SPDX-License-Identifier: GPL-2.0
"""The root file system of the test machine.

Archives, one appended to the other: tools, libraries and kernel modules,
cached by what went into them; big things that only a scenario which names
them gets; and emd.ko, emdctl and what a scenario adds, made anew for each
boot.
"""

import fcntl
import glob
import hashlib
import lzma
import os
import re
import shutil
import stat
import subprocess
import tempfile

from .host import CACHE, TOP, forget_unused, run

TOOLS = """mdadm mdmon dmraid blkid mkfs.ext4 e2fsck dmsetup losetup blockdev modprobe
           insmod rmmod udevadm lsblk sfdisk wipefs""".split()

# Where busybox's own applet understands less than people write.
COREUTILS = "dd head tail sha256sum cmp truncate timeout stat seq split readlink cp sort".split()

# Loaded before a scenario starts: what a machine of that kind has at boot.
BOOT_MODULES = "virtio_scsi virtio_blk sd_mod".split()

# There when a scenario asks for them; dependencies come along.
EXTRA_MODULES = """raid0 raid1 raid10 raid456 linear dm_mod dm_flakey dm_dust dm_delay dm_log_writes dm_snapshot
                   dm_mirror scsi_debug null_blk loop brd crc32c_generic crc32c_intel xor raid6_pq
                   nvmet nvme_loop configfs sr_mod""".split()


# Ours, from tests/guest.
GUEST_PROGRAMS = "agent wake".split()

# Debian's fio drags in 70 MiB of libraries, which a guest takes seconds to unpack.
BIG_TOOLS = {"fio"}


class Cpio:
    """Writes an archive in the format the kernel unpacks ("newc")."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.inode = 1
        self.seen = set()

    def _entry(self, name, mode, data=b"", rdev=(0, 0)):
        head = "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X" % (
            self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, rdev[0], rdev[1], len(name) + 1, 0)
        self.inode += 1
        block = head.encode() + name.encode() + b"\0"
        block += b"\0" * (-len(block) % 4) + data
        self.file.write(block + b"\0" * (-len(block) % 4))

    def _parents(self, name):
        parent = os.path.dirname(name)
        if parent and parent not in self.seen:
            self.directory(parent)

    def directory(self, name):
        if name not in self.seen:
            self._parents(name)
            self.seen.add(name)
            self._entry(name, stat.S_IFDIR | 0o755)

    def data(self, name, data, mode=0o644):
        if name not in self.seen:
            self._parents(name)
            self.seen.add(name)
            self._entry(name, stat.S_IFREG | mode, data)

    def copy(self, name, path, mode=0o755):
        with open(path, "rb") as source:
            self.data(name, source.read(), mode)

    def link(self, name, target):
        if name not in self.seen:
            self._parents(name)
            self.seen.add(name)
            self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def node(self, name, major, minor):
        self._parents(name)
        self._entry(name, stat.S_IFCHR | 0o600, rdev=(major, minor))

    def close(self):
        self._entry("TRAILER!!!", 0)
        self.file.write(b"\0" * (-self.file.tell() % 512))
        self.file.close()


def libraries(path):
    """Shared libraries that a program needs, the loader included."""
    listing = subprocess.run(["ldd", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return re.findall(r"(?:=> |^\s)(/\S+) \(0x", listing, re.M)


def add_program(cpio, name, path):
    cpio.copy(name, path)
    for library in libraries(path):
        cpio.copy(library.lstrip("/"), library)


def find_modules(root, version):
    """The module files to take, from the kernel's own dependency list."""
    base = os.path.join(root, "lib/modules", version)
    depends = {}
    with open(os.path.join(base, "modules.dep")) as lines:
        for line in lines:
            path, _, needs = line.partition(":")
            depends[path] = needs.split()
    by_name = {re.sub(r"\.ko.*", "", os.path.basename(path)).replace("-", "_"): path for path in depends}
    wanted = set()
    for name in BOOT_MODULES + EXTRA_MODULES:
        path = by_name.get(name.replace("-", "_"))
        if path:
            wanted.add(path)
            wanted.update(depends[path])
    return base, sorted(wanted)


def module_chain(kernel, name):
    """Files of a module and what it depends on, in the order in which to load them; none when it is built in."""
    base = os.path.join(kernel.modules, "lib/modules", kernel.version)
    with open(os.path.join(base, "modules.dep")) as lines:
        for line in lines:
            path, _, needs = line.partition(":")
            if re.sub(r"\.ko.*", "", os.path.basename(path)).replace("-", "_") == name:
                return [os.path.join(base, each) for each in reversed([path] + needs.split())]
    return []


def plain_module(path):
    """A module's bytes, unpacked: the guest is slow at that."""
    with open(path, "rb") as module:
        data = module.read()
    if path.endswith(".xz"):
        return lzma.decompress(data)
    if path.endswith(".zst"):
        return subprocess.run(["zstd", "-dc"], input=data, check=True, stdout=subprocess.PIPE).stdout
    return data


def build_guest(name, target):
    run("gcc", "-O2", "-Wall", "-static", "-s", "-o", target, os.path.join(TOP, "tests/guest", name + ".c"))


def build_base(kernel, target):
    with tempfile.TemporaryDirectory() as tmp:
        cpio = Cpio(target)
        for name in "dev proc sys tmp run root etc mnt var/run var/lock".split():
            cpio.directory(name)
        # usrmerge, as Debian has it
        for name in "bin sbin lib lib64".split():
            cpio.directory("usr/" + name)
            cpio.link(name, "usr/" + name)
        cpio.seen.update("bin sbin lib lib64".split())
        cpio.node("dev/console", 5, 1)
        cpio.node("dev/null", 1, 3)
        cpio.copy("init", os.path.join(TOP, "tests/guest/init"))
        cpio.copy("usr/bin/busybox", shutil.which("busybox"))

        for program in GUEST_PROGRAMS:
            build_guest(program, os.path.join(tmp, program))
            cpio.copy("usr/sbin/" + program, os.path.join(tmp, program))
        for tool in TOOLS:
            path = shutil.which(tool)
            if path:
                add_program(cpio, "usr/sbin/" + tool, os.path.realpath(path))
        for tool in COREUTILS:
            add_program(cpio, "usr/bin/" + tool, os.path.realpath(shutil.which(tool)))
        # mdadm looks for its monitor in a fixed place.
        cpio.link("usr/bin/mdmon", "../sbin/mdmon")
        # busybox's shell would prefer its applets to the tools above.
        add_program(cpio, "usr/bin/sh", shutil.which("dash"))
        for applet in run("busybox", "--list").split():
            cpio.link("usr/bin/" + applet, "busybox")
        cpio.data("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
        cpio.data("etc/group", b"root:x:0:\ndisk:x:6:\n")
        cpio.data("etc/mdadm/mdadm.conf", b"CREATE owner=root group=root mode=0600\n")
        cpio.link("etc/mtab", "/proc/self/mounts")
        cpio.copy("etc/mke2fs.conf", "/etc/mke2fs.conf", 0o644)

        base, modules = find_modules(kernel.modules, kernel.version)
        inner = os.path.join("lib/modules", kernel.version)
        for path in modules:
            name = os.path.join(tmp, inner, re.sub(r"\.ko.*", ".ko", path))
            os.makedirs(os.path.dirname(name), exist_ok=True)
            with open(name, "wb") as out:
                out.write(plain_module(os.path.join(base, path)))
        os.makedirs(os.path.join(tmp, inner), exist_ok=True)
        for name in glob.glob(os.path.join(base, "modules.builtin*")) + [os.path.join(base, "modules.order")]:
            if os.path.exists(name):
                shutil.copy(name, os.path.join(tmp, inner))
        run("depmod", "-b", tmp, kernel.version)
        for where, _, names in os.walk(os.path.join(tmp, inner)):
            for name in names:
                path = os.path.join(where, name)
                cpio.copy("usr/" + os.path.relpath(path, tmp), path, 0o644)
        loaded = {re.sub(r"\.ko.*", "", os.path.basename(path)) for path in modules}
        cpio.data("etc/modules", " ".join(m for m in BOOT_MODULES if m in loaded).encode())
        cpio.close()


def inputs(kernel):
    """A text that changes whenever the base archive would."""
    paths = [shutil.which(tool) for tool in TOOLS + COREUTILS + ["busybox"]]
    paths.append(os.path.join(kernel.modules, "lib/modules", kernel.version, "modules.dep"))
    text = kernel.version
    for path in filter(None, paths):
        info = os.stat(path)
        text += "%s %d %d\n" % (path, info.st_size, info.st_mtime_ns)
    for name in ["tests/guest/init", "tests/lib/initramfs.py"] + ["tests/guest/%s.c" % p for p in GUEST_PROGRAMS]:
        with open(os.path.join(TOP, name)) as source:
            text += source.read()
    return text


def base(kernel):
    """Path of the cached archive for a kernel."""
    key = hashlib.sha256(inputs(kernel).encode()).hexdigest()[:12]
    path = os.path.join(CACHE, "initramfs-%s-%s.cpio" % (kernel.version, key))
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, "initramfs.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path):
            forget_unused("initramfs-%s-*.cpio" % kernel.version)
            build_base(kernel, path + ".new")
            os.rename(path + ".new", path)
        os.utime(path)
    return path


def extra(kernel, target, files, tools=()):
    """Write the archive that goes over the base: what belongs to one boot.

    files  guest path -> host path
    tools  names out of BIG_TOOLS
    """
    cpio = Cpio(target)
    # The directories are there already; links to them must not be replaced.
    cpio.seen.update("usr usr/bin usr/sbin usr/lib usr/lib64 bin sbin lib lib64 root etc".split())
    if kernel.emd_module:
        cpio.copy("root/emd.ko", kernel.emd_module)
    for name in tools:
        add_program(cpio, "usr/bin/" + name, shutil.which(name))
    for name, path in files.items():
        add_program(cpio, name.lstrip("/"), path)
    cpio.close()
    return target


def for_boot(kernel, target, files, tools=()):
    """Write the whole archive for one boot; see extra()."""
    shutil.copy(base(kernel), target)
    more = extra(kernel, target + ".extra", files, tools)
    with open(target, "ab") as out, open(more, "rb") as archive:
        shutil.copyfileobj(archive, out)
    os.unlink(more)
    return target
