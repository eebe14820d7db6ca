# SPDX-License-Identifier: GPL-2.0
"""This test shows that what EMD does not understand in the metadata is still there after EMD wrote it."""

import struct

from imsm import shared as imsm

groups = ["imsm"]

HEADER, DISK, DEVICE, VOL, MAP = 216, 48, 80, 32, 48
HEAD_SKIP = 0x20, 4


def scenario(vm):
    for block, bus in (512, "scsi"), (4096, "nvme"):
        poke_and_write(vm, vm.add_disks(2, size="64M", bus=bus, logical_block=block, serial=bus.upper() + "%04d"),
                       vm.add_disk(size="64M", bus=bus, logical_block=block, serial=bus.upper() + "%04d"), block)


def poke_and_write(vm, disks, spare, block):
    vm.boot()
    imsm.mdadm_create(vm, disks, [imsm.MdArray("mirror", 1, 2, "8M"), imsm.MdArray("zero", 0, 2, "8M", "-c64")])
    imsm.mdadm_stop(vm)
    vm.poweroff()
    pokes = {}
    for disk in disks:
        mpb = bytearray(read_mpb(disk, block))
        pokes = places(mpb)
        for offset, data in pokes.items():
            mpb[offset:offset + len(data)] = data
        write_mpb(disk, block, mpb)

    # Dirty, clean, and a rebuild: each way in which EMD writes.
    vm.boot()
    vm.insmod()
    dev, _ = imsm.started(vm, "mirror", "zero")
    still_there(disks, block, pokes)
    imsm.pattern(vm, dev, 4, 1)
    still_there(disks, block, pokes)
    vm.wait("the array to be clean", lambda: not vm.array("mirror")["dirty"])
    still_there(disks, block, pokes)
    vm.emdctl("create --format imsm --name third --level raid1 --size 4M --init none --force "
              + vm.emdctl("list", json=True)["containers"][0]["name"])
    vm.emdctl("delete third --yes")
    still_there(disks, block, pokes)
    assert vm.examine(disks[0])["volumes"].keys() == {"mirror", "zero"}
    vm.emdctl("delete zero --yes")
    vm.emdctl("add %s %s --yes" % (vm.emdctl("list", json=True)["containers"][0]["name"], spare.dev))
    vm.emdctl("fail mirror " + disks[1].dev)
    imsm.idle(vm, "mirror")
    # The second array's bytes went with it; the failed disk's entry did too.
    first = {at: data for at, data in pokes.items()
             if at < HEADER + DISK or 0 <= at - (HEADER + 2 * DISK) < DEVICE + VOL + MAP}
    still_there([disks[0], spare], block, first)
    assert imsm.volume(vm, disks[0], "mirror")["Slots"] == "[UU]"
    vm.emdctl("stop --all --yes")
    vm.rmmod()
    imsm.mdadm_assemble(vm, [disks[0], spare])
    assert imsm.md_attr(vm, "mirror", "degraded") == "0"
    imsm.mdadm_stop(vm)
    vm.poweroff()
    for disk in disks + [spare]:
        disk.plugged = False


def places(mpb):
    """Bytes that say nothing to us, by offset."""
    found = {
        0x3a: b"\x11",                      # error_log_pos
        0x3c: struct.pack("<I", 77),        # cache_size
        0x44: struct.pack("<I", 12345),     # pwr_cycle_count
        0x4e: b"\x22\x23",                  # filler
        0x58: bytes(range(1, 129)),         # fillers
    }
    nr_disks, nr_volumes = mpb[0x38], mpb[0x39]
    for i in range(nr_disks):
        at = HEADER + i * DISK
        status = struct.unpack_from("<I", mpb, at + 24)[0]
        found[at + 24] = struct.pack("<I", status | 0x8 | 0x10 | 0x100 | 0x400)
        found[at + 28] = struct.pack("<I", 0xabcd)      # owner_cfg_num
        found[at + 36] = b"disk-filler!"
    at = HEADER + nr_disks * DISK
    for _ in range(nr_volumes):
        status = struct.unpack_from("<I", mpb, at + 24)[0]
        found[at + 24] = struct.pack("<I", status | 0x1 | 0x20 | 0x200)
        found[at + 32] = b"\x03"                        # migr_priority
        found[at + 34] = b"\x05"                        # tid
        found[at + 36] = b"\x06\x07"                    # cache_policy
        found[at + 67] = b"\x66" + b"dev-fillers!"
        found[at + 80 + 4] = struct.pack("<I", 99)      # checkpoint_id
        found[at + 80 + 12] = b"\x0c\x0d\x0e\x0f"       # verify_errors, bad_blocks
        found[at + 80 + 20] = b"vol-fillers!"
        found[at + 112 + 32] = b"map-fillers-here"
        members = mpb[at + 112 + 16]
        at += DEVICE + VOL + MAP + 4 * members
    return found


def still_there(disks, block, pokes):
    for disk in disks:
        mpb = read_mpb(disk, block)
        for offset, data in pokes.items():
            assert mpb[offset:offset + len(data)] == data, \
                "%s: at %#x %s, was %s" % (disk.serial, offset, mpb[offset:offset + len(data)].hex(), data.hex())


def read_mpb(disk, block):
    per = block // 512
    anchor = disk.read(-2 * per, per)
    size = struct.unpack_from("<I", anchor, 0x24)[0]
    more = -(-size // block) - 1
    return (anchor + (disk.read(-(2 + more) * per, more * per) if more else b""))[:size]


def write_mpb(disk, block, mpb):
    struct.pack_into("<I", mpb, 0x20, 0)
    struct.pack_into("<I", mpb, 0x20, sum(struct.unpack("<%dI" % (len(mpb) // 4), mpb)) & 0xffffffff)
    per = block // 512
    padded = bytes(mpb) + b"\0" * (-len(mpb) % block)
    disk.write(-2 * per, padded[:block])
    more = len(padded) // block - 1
    if more:
        disk.write(-(2 + more) * per, padded[block:])
