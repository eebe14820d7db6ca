// SPDX-License-Identifier: GPL-2.0
/*
 * The only file that opens plain files and reads metadata from them; from a
 * device only when there is no driver to ask.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "decode.h"
#include "emdctl.h"
#include "image.h"

static int read_fd(void *priv, uint64_t offset, void *buf, uint32_t len)
{
	int fd = *(int *)priv;
	uint32_t done = 0;
	ssize_t got;

	while (done < len) {
		got = pread(fd, (char *)buf + done, len - done, (off_t)(offset + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			return -EIO;
		done += got;
	}
	return 0;
}

/* First line of an attribute of a block device, or of the disk it is part of. */
static bool read_attribute(dev_t devt, const char *name, char *buf, size_t size)
{
	static const char *const places[] = { "", "../" };
	size_t i, got;
	char *path;
	FILE *file;

	for (i = 0; i < 2; i++) {
		path = xasprintf("/sys/dev/block/%u:%u/%s%s", major(devt), minor(devt),
				 places[i], name);
		file = fopen(path, "re");
		free(path);
		if (!file)
			continue;
		got = fread(buf, 1, size - 1, file);
		fclose(file);
		buf[got] = '\0';
		buf[strcspn(buf, "\n")] = '\0';
		return true;
	}
	return false;
}

/* SCSI: a page header of four bytes, then the serial. */
static bool read_vpd_serial(dev_t devt, char *buf, size_t size)
{
	uint8_t page[256];
	size_t got, len;
	char *path;
	FILE *file;

	path = xasprintf("/sys/dev/block/%u:%u/device/vpd_pg80", major(devt), minor(devt));
	file = fopen(path, "re");
	free(path);
	if (!file)
		return false;
	got = fread(page, 1, sizeof(page), file);
	fclose(file);
	if (got < 4)
		return false;
	len = (size_t)page[2] << 8 | page[3];
	if (len > got - 4)
		len = got - 4;
	if (len > size - 1)
		len = size - 1;
	memcpy(buf, page + 4, len);
	buf[len] = '\0';
	return true;
}

static uint32_t device_block_size(dev_t devt)
{
	char text[32];
	uint64_t size;

	if (read_attribute(devt, "queue/logical_block_size", text, sizeof(text)) &&
	    !parse_u64(text, &size) && size >= 512 && size <= 65536)
		return (uint32_t)size;
	return 512;
}

static int describe_fd(int fd, uint32_t block_size, const char *serial,
		       const char **format, char **text)
{
	struct decode_source source = {
		.block_size = block_size, .serial = serial, .read = read_fd, .priv = &fd,
	};
	off_t size = lseek(fd, 0, SEEK_END);

	if (size < 0)
		return -errno;
	source.size = (uint64_t)size / block_size * block_size;
	return decode_describe(&source, format, text);
}

int image_describe(const char *path, uint32_t block_size, const char *serial,
		   const char **format, char **text)
{
	char buf[256] = "";
	struct stat st;
	int fd, ret;

	*format = NULL;
	*text = NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st)) {
		ret = -errno;
		goto out;
	}
	if (S_ISDIR(st.st_mode)) {
		ret = -EISDIR;
		goto out;
	}
	if (!S_ISBLK(st.st_mode) && !S_ISREG(st.st_mode)) {
		ret = -EINVAL;
		goto out;
	}
	if (S_ISBLK(st.st_mode)) {
		if (!block_size)
			block_size = device_block_size(st.st_rdev);
		if (!serial && (read_attribute(st.st_rdev, "serial", buf, sizeof(buf)) ||
				read_vpd_serial(st.st_rdev, buf, sizeof(buf)) ||
				read_attribute(st.st_rdev, "device/serial", buf, sizeof(buf))))
			serial = buf;
	}
	ret = describe_fd(fd, block_size ? block_size : 512, serial ? serial : "", format, text);
	/* An image does not tell what its disk's blocks were. */
	if (!ret && !block_size)
		ret = describe_fd(fd, 4096, serial ? serial : "", format, text);
out:
	close(fd);
	return ret;
}
