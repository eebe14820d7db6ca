// SPDX-License-Identifier: GPL-2.0
/*
 * A 32-bit program talks to a 64-bit kernel: the ioctls must be the same.
 *
 * Built without any C library, so that a 64-bit compiler is all it takes:
 * gcc -m32 -static -nostdlib -ffreestanding -fno-pie -no-pie -fno-stack-protector.
 * Asks for the version, for the room that a list takes, and to be refused with a
 * reason; the exit status is 0, or the number of the step that went wrong.
 */
#include "layout.h"

_Static_assert(sizeof(void *) == 4, "this is for -m32");

#define SYS_EXIT	1
#define SYS_OPEN	5
#define SYS_IOCTL	54
#define O_RDWR		2
#define EINVAL		22

static char text[128];

static long sys3(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "0"(nr), "b"(a), "c"(b), "d"(c) : "memory");
	return ret;
}

static long call(long fd, unsigned int nr, void *arg)
{
	return sys3(SYS_IOCTL, fd, nr, (long)arg);
}

static void head(struct emd_hdr *hdr, unsigned int size)
{
	hdr->size = size;
	hdr->msg_ptr = (unsigned long)text;
	hdr->msg_len = sizeof(text);
}

static int run(void)
{
	static struct emd_version_arg version;
	static struct emd_object_arg scan;
	static struct emd_list_arg list;
	static char room[1 << 20];
	long fd = sys3(SYS_OPEN, (long)"/dev/emd-control", O_RDWR, 0);

	if (fd < 0)
		return 1;
	head(&version.hdr, sizeof(version));
	if (call(fd, EMD_IOC_VERSION, &version) || version.abi != EMD_ABI_VERSION)
		return 2;
	head(&list.hdr, sizeof(list));
	list.buf_ptr = (unsigned long)room;
	list.buf_len = sizeof(room);
	if (call(fd, EMD_IOC_LIST, &list) || list.needed > sizeof(room))
		return 3;
	if (list.needed && !((struct emd_rec *)room)->size)
		return 4;
	head(&scan.hdr, sizeof(scan));
	scan.array_id = 1;
	if (call(fd, EMD_IOC_SCAN, &scan) != -EINVAL || !text[0])
		return 5;
	return 0;
}

void _start(void);
void _start(void)
{
	sys3(SYS_EXIT, run(), 0, 0);
	__builtin_unreachable();
}
