# SPDX-License-Identifier: GPL-2.0
"""This test shows which levels DDF and ASR take, with which defaults, and that what they cannot hold is refused with the reason."""

from lib.vm import Failed

groups = ["array"]

# Level and options, disks, the array that a dry run announces, or why there is none.
DDF = (
    ("concat", 1, "concat, 1 members, 16M"),
    ("concat", 3, "concat, 3 members, 48M"),
    ("raid0", 1, "raid0, 1 members, strip 64K, 16M"),
    ("raid0", 8, "raid0, 8 members, strip 64K, 128M"),
    ("raid0 --strip 4K", 2, "raid0, 2 members, strip 4K, 32M"),
    ("raid0 --strip 3K", 2, "strip"),
    ("raid0 --strip 1M", 2, "raid0, 2 members, strip 1M, 32M"),
    ("raid1", 1, "need 2 to"),
    ("raid1", 2, "raid1, 2 members, 16M"),
    ("raid1", 3, "raid1, 3 members, 16M"),
    ("raid1", 4, "ddf mirrors have 2 or 3 disks, not 4"),
    ("raid1e", 2, "need 3 to"),
    ("raid1e", 3, "raid1e, 3 members, strip 64K, 24M"),
    ("raid1e", 5, "raid1e, 5 members, strip 64K, 40M"),
    ("raid1e --layout offset", 3, "another layout to mdadm, so it is not made"),
    ("raid4", 2, "need 3 to"),
    ("raid4", 3, "raid4, 3 members, strip 64K, 32M"),
    ("raid5", 2, "need 3 to"),
    ("raid5", 3, "raid5, 3 members, strip 64K, 32M"),
    ("raid5 --layout left-asymmetric", 3, "raid5, 3 members, strip 64K, 32M"),
    ("raid5 --layout right-asymmetric", 3, "raid5, 3 members, strip 64K, 32M"),
    ("raid5 --layout right-symmetric", 3, "ddf has no raid5 with layout right-symmetric"),
    ("raid5 --spans 2", 6, "raid5, 6 members in 2 spans, strip 64K, 64M"),
    ("raid5 --spans 2", 4, "need"),
    ("raid5 --spans 3", 8, "span"),
    ("raid6", 3, "need 4 to"),
    ("raid6", 4, "raid6, 4 members, strip 64K, 32M"),
    ("raid6 --layout ddf-n-restart", 5, "raid6, 5 members, strip 64K, 48M"),
    ("raid6 --spans 2", 8, "raid6, 8 members in 2 spans, strip 64K, 64M"),
    ("raid10", 3, "need 4 to"),
    ("raid10", 4, "raid10, 4 members, strip 64K, 32M"),
    ("raid10", 5, "even number"),
    ("raid10 --layout offset", 4, "so it is not made"),
    ("raid1 --spans 2", 4, "ddf mirrors"),
    ("raid0 --spans 2", 4, "span"),
    ("raid0 --size 4M", 2, "raid0, 2 members, strip 64K, 4M"),
    ("raid0 --size 1G", 2, "room for an array of"),
    ("raid0 --name 0123456789abcdef", 2, "raid0, 2 members, strip 64K, 32M"),
    ("raid0 --name 0123456789abcdefg", 2, "characters"),
    ("raid0 --name a/b", 2, "name"),
)
ASR = (
    ("raid0", 1, "raid0, 1 members, strip 64K, 49088K"),
    ("raid0", 8, "raid0, 8 members, strip 64K, 392704K"),
    ("raid0 --strip 2K", 2, "power of two from 8 to 2048"),
    ("raid0 --strip 1M", 2, "raid0, 2 members, strip 1M, 94M"),
    ("raid0 --strip 2M", 2, "power of two from 8 to 2048"),
    ("raid1", 1, "need 2"),
    ("raid1", 2, "raid1, 2 members, 49088K"),
    ("raid1", 4, "raid1, 4 members, 49088K"),
    ("raid10", 3, "need 4"),
    ("raid10", 4, "raid10, 4 members, strip 64K, 98176K"),
    ("raid10", 5, "even number"),
    ("raid10", 8, "raid10, 8 members, strip 64K, 196352K"),
    ("raid10 --layout offset", 4, "asr raid10 has layout adjacent, not offset"),
    ("raid0 --spans 2", 4, "asr has no arrays of spans"),
    ("raid0 --size 1G", 2, "room for an array of"),
    ("raid0 --name 0123456789abcdefg", 2, "characters"),
    ("concat", 4, "asr knows raid0, raid1 and raid10, not concat"),
    ("raid1e", 4, "asr knows raid0, raid1 and raid10, not raid1e"),
    ("raid4", 4, "asr knows raid0, raid1 and raid10, not raid4"),
    ("raid5", 4, "asr knows raid0, raid1 and raid10, not raid5"),
    ("raid6", 4, "asr knows raid0, raid1 and raid10, not raid6"),
)


def scenario(vm):
    disks = vm.add_disks(8, size="48M")
    vm.boot()
    vm.insmod()
    devs = vm.devs(disks).split()
    cases = [("ddf",) + each for each in DDF] + [("asr",) + each for each in ASR]
    script = []
    for kind, what, nr, _ in cases:
        name = "" if "--name" in what else "--name it"
        script.append("echo @@; emdctl --dry-run create --format %s --level %s %s %s 2>&1"
                      % (kind, what, name, " ".join(devs[:nr])))
    answers = vm.sh("\n".join(script), 120, status=None).split("@@\n")[1:]
    wrong = []
    for (kind, what, nr, want), said in zip(cases, answers):
        # What is announced begins with the level.
        planned = want.startswith(what.split()[0] + ", ")
        if ("appears: " + want if planned else want) not in said or ("appears: " in said) != planned:
            wrong.append("%s %s on %d: wanted %r, got %s" % (kind, what, nr, want, said.strip()))
    if wrong:
        raise Failed("\n".join(wrong))
    assert not vm.emdctl("list", json=True)["containers"], "a dry run has left something"
