// SPDX-License-Identifier: GPL-2.0
/*
 * Files with a container's metadata. What is read may be anybody's: every length
 * is checked before it is believed. Whether the bytes make sense as metadata, the
 * driver decides.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <json-c/json.h>

#include "emdctl.h"
#include "saved.h"

#define VERSION		1
#define MOST_FILE	(512 << 20)

/* ---- bytes as text ---------------------------------------------------------- */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static char *to_base64(const uint8_t *bytes, size_t len)
{
	char *text = xcalloc(1, (len + 2) / 3 * 4 + 1), *out = text;
	uint32_t word;
	size_t i, left;

	for (i = 0; i < len; i += 3) {
		left = len - i;
		word = (uint32_t)bytes[i] << 16 | (left > 1 ? bytes[i + 1] << 8 : 0) |
		       (left > 2 ? bytes[i + 2] : 0);
		*out++ = digits[word >> 18 & 63];
		*out++ = digits[word >> 12 & 63];
		*out++ = left > 1 ? digits[word >> 6 & 63] : '=';
		*out++ = left > 2 ? digits[word & 63] : '=';
	}
	return text;
}

/* Exactly @len bytes, or -EINVAL. */
static int from_base64(const char *text, uint8_t *bytes, size_t len)
{
	size_t i, k;

	if (strlen(text) != (len + 2) / 3 * 4)
		return -EINVAL;
	for (i = 0; i < len; i += 3, text += 4) {
		uint32_t word = 0;

		for (k = 0; k < 4; k++) {
			size_t left = len - i;
			const char *at = k > left ? NULL : memchr(digits, text[k], 64);

			if (!at && (k <= left || text[k] != '='))
				return -EINVAL;
			word = word << 6 | (at ? (uint32_t)(at - digits) : 0);
		}
		for (k = 0; k < 3 && i + k < len; k++)
			bytes[i + k] = (uint8_t)(word >> (16 - 8 * k));
	}
	return 0;
}

static uint32_t crc32_of(const uint8_t *bytes, size_t len)
{
	uint32_t crc = ~0U;
	int bit;

	for (; len; len--) {
		crc ^= *bytes++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/* ---- writing ------------------------------------------------------------------ */

static void put(struct json_object *object, const char *key, struct json_object *value)
{
	if (!value || json_object_object_add(object, key, value)) {
		fputs("emdctl: out of memory\n", stderr);
		exit(STATUS_REFUSED);
	}
}

static void put_text(struct json_object *object, const char *key, const char *text)
{
	put(object, key, json_object_new_string(text));
}

static void put_number(struct json_object *object, const char *key, uint64_t number)
{
	put(object, key, json_object_new_uint64(number));
}

static struct json_object *regions_json(const struct saved_disk *disk)
{
	const struct emd_region *regions = disk->buf;
	const uint8_t *bytes = (const uint8_t *)(regions + disk->arg.nr_regions);
	struct json_object *list = json_object_new_array(), *object;
	char crc[16], *text;
	uint32_t i;

	for (i = 0; i < disk->arg.nr_regions; i++) {
		object = json_object_new_object();
		put_number(object, "sector", regions[i].sector);
		put_number(object, "bytes", regions[i].bytes);
		snprintf(crc, sizeof(crc), "%08x", crc32_of(bytes, regions[i].bytes));
		put_text(object, "crc32", crc);
		text = to_base64(bytes, regions[i].bytes);
		put_text(object, "base64", text);
		free(text);
		json_object_array_add(list, object);
		bytes += regions[i].bytes;
	}
	return list;
}

static struct json_object *saved_json(const struct saved *saved)
{
	struct json_object *document = json_object_new_object();
	struct json_object *list = json_object_new_array(), *object;
	size_t i;

	put_number(document, "emd_metadata", VERSION);
	put_text(document, "container", saved->container);
	put_number(document, "generation", saved->generation);
	put_text(document, "time", saved->time);
	for (i = 0; i < saved->nr_disks; i++) {
		const struct saved_disk *disk = &saved->disks[i];

		object = json_object_new_object();
		put_text(object, "dev", disk->dev);
		put_text(object, "serial", disk->arg.serial);
		put_text(object, "format", disk->arg.format);
		put_number(object, "generation", disk->arg.generation);
		put_number(object, "sectors", disk->arg.sectors);
		put_number(object, "block_size", disk->arg.block_size);
		put(object, "regions", regions_json(disk));
		json_object_array_add(list, object);
	}
	put(document, "disks", list);
	return document;
}

static int write_all(int fd, const char *text)
{
	size_t len = strlen(text);
	ssize_t done;

	for (; len; len -= done, text += done) {
		done = write(fd, text, len);
		if (done < 0 && errno == EINTR)
			done = 0;
		if (done < 0)
			return -errno;
	}
	return fsync(fd) && errno != EINVAL ? -errno : 0;
}

/* So that the name is the new file's also after a power cut. */
static int sync_directory(const char *path)
{
	char *copy = xstrdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret = 0;

	if (fd < 0 || (fsync(fd) && errno != EINVAL))
		ret = -errno;
	if (fd >= 0)
		close(fd);
	free(copy);
	return ret;
}

/* What is there and no plain file, a device or a link, is not to be replaced by one. */
static int may_replace(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	return S_ISREG(st.st_mode) ? 0 : -EEXIST;
}

/* Made beside @path under a name that nobody has, so that no link is followed. */
int saved_write(const struct saved *saved, const char *path)
{
	struct json_object *document;
	int fd, ret = may_replace(path);
	char *made;

	if (ret)
		return ret;
	made = xasprintf("%s.XXXXXX", path);
	fd = mkostemp(made, O_CLOEXEC);
	if (fd < 0) {
		ret = -errno;
		free(made);
		return ret;
	}
	document = saved_json(saved);
	ret = write_all(fd, json_object_to_json_string_ext(document,
			JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(document);
	if (close(fd) && !ret)
		ret = -errno;
	if (!ret && rename(made, path))
		ret = -errno;
	if (ret)
		unlink(made);
	else
		ret = sync_directory(path);
	free(made);
	return ret;
}

/* ---- reading ------------------------------------------------------------------- */

static bool get_text(struct json_object *object, const char *key, char *out, size_t size)
{
	struct json_object *value;
	const char *text;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return false;
	text = json_object_get_string(value);
	if (strlen(text) >= size)
		return false;
	strcpy(out, text);
	make_printable(out);
	return true;
}

static bool get_number(struct json_object *object, const char *key, uint64_t most, uint64_t *out)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
		return false;
	*out = json_object_get_uint64(value);
	return *out <= most;
}

static struct json_object *get_list(struct json_object *object, const char *key, size_t most)
{
	struct json_object *list;

	if (!json_object_object_get_ex(object, key, &list) ||
	    !json_object_is_type(list, json_type_array) ||
	    !json_object_array_length(list) || json_object_array_length(list) > most)
		return NULL;
	return list;
}

/* The region's head; its bytes follow when all heads are known. */
static bool get_region(struct json_object *object, struct emd_region *region)
{
	uint64_t sector, bytes;

	if (!get_number(object, "sector", UINT64_MAX, &sector) ||
	    !get_number(object, "bytes", EMD_UAPI_SAVED_LEN, &bytes) || !bytes)
		return false;
	region->sector = sector;
	region->bytes = (uint32_t)bytes;
	return true;
}

static bool get_bytes(struct json_object *object, const struct emd_region *region, uint8_t *bytes)
{
	struct json_object *text;
	char crc[16], want[16];

	if (!json_object_object_get_ex(object, "base64", &text) ||
	    !json_object_is_type(text, json_type_string) ||
	    from_base64(json_object_get_string(text), bytes, region->bytes) ||
	    !get_text(object, "crc32", want, sizeof(want)))
		return false;
	snprintf(crc, sizeof(crc), "%08x", crc32_of(bytes, region->bytes));
	return !strcmp(crc, want);
}

static bool get_regions(struct json_object *object, struct saved_disk *disk)
{
	struct json_object *list = get_list(object, "regions", EMD_UAPI_MAX_REGIONS);
	struct emd_region regions[EMD_UAPI_MAX_REGIONS] = { };
	size_t i, nr = list ? json_object_array_length(list) : 0;
	uint32_t len = 0;
	uint8_t *bytes;

	for (i = 0; i < nr; i++) {
		if (!get_region(json_object_array_get_idx(list, i), &regions[i]) ||
		    regions[i].bytes > EMD_UAPI_SAVED_LEN - len)
			return false;
		len += regions[i].bytes;
	}
	if (!nr)
		return false;
	disk->arg.nr_regions = (uint32_t)nr;
	disk->len = (uint32_t)(nr * sizeof(*regions)) + len;
	disk->buf = xcalloc(1, disk->len);
	memcpy(disk->buf, regions, nr * sizeof(*regions));
	bytes = (uint8_t *)disk->buf + nr * sizeof(*regions);
	for (i = 0; i < nr; i++) {
		if (!get_bytes(json_object_array_get_idx(list, i), &regions[i], bytes))
			return false;
		bytes += regions[i].bytes;
	}
	return true;
}

static bool get_disk(struct json_object *object, struct saved_disk *disk)
{
	uint64_t generation, sectors, block_size;

	if (!json_object_is_type(object, json_type_object) ||
	    !get_text(object, "dev", disk->dev, sizeof(disk->dev)) ||
	    !get_text(object, "serial", disk->arg.serial, sizeof(disk->arg.serial)) ||
	    !get_text(object, "format", disk->arg.format, sizeof(disk->arg.format)) ||
	    !get_number(object, "generation", UINT64_MAX, &generation) ||
	    !get_number(object, "sectors", UINT64_MAX, &sectors) ||
	    !get_number(object, "block_size", 4096, &block_size))
		return false;
	disk->arg.generation = generation;
	disk->arg.sectors = sectors;
	disk->arg.block_size = (uint32_t)block_size;
	return get_regions(object, disk);
}

static bool get_saved(struct json_object *document, struct saved *saved, char **why)
{
	struct json_object *list;
	uint64_t version;
	size_t i;

	if (!json_object_is_type(document, json_type_object) ||
	    !get_number(document, "emd_metadata", UINT64_MAX, &version)) {
		*why = xstrdup("it is no file with saved metadata");
		return false;
	}
	if (version != VERSION) {
		*why = xasprintf("it is of version %llu, this emdctl reads %u",
				 (unsigned long long)version, VERSION);
		return false;
	}
	list = get_list(document, "disks", EMD_UAPI_MAX_DISKS);
	if (!list || !get_text(document, "container", saved->container,
			       sizeof(saved->container)) ||
	    !get_number(document, "generation", UINT64_MAX, &saved->generation) ||
	    !get_text(document, "time", saved->time, sizeof(saved->time))) {
		*why = xstrdup("it is damaged: its head is not right");
		return false;
	}
	saved->nr_disks = json_object_array_length(list);
	saved->disks = xcalloc(saved->nr_disks, sizeof(*saved->disks));
	for (i = 0; i < saved->nr_disks; i++) {
		if (!get_disk(json_object_array_get_idx(list, i), &saved->disks[i])) {
			*why = xasprintf("it is damaged: disk %zu of %zu is not right", i + 1,
					 saved->nr_disks);
			return false;
		}
	}
	return true;
}

struct saved *saved_read(const char *path, char **why)
{
	struct json_object *document = NULL;
	struct saved *saved = NULL;
	struct stat st;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st)) {
		*why = xstrdup(strerror(errno));
	} else if (!S_ISREG(st.st_mode) || st.st_size > MOST_FILE) {
		*why = xstrdup("it is no file with saved metadata");
	} else {
		document = json_object_from_fd(fd);
		if (!document)
			*why = xstrdup("it is no file with saved metadata");
	}
	if (fd >= 0)
		close(fd);
	if (document) {
		saved = xcalloc(1, sizeof(*saved));
		if (!get_saved(document, saved, why)) {
			saved_free(saved);
			saved = NULL;
		}
		json_object_put(document);
	}
	return saved;
}

void saved_free(struct saved *saved)
{
	size_t i;

	for (i = 0; i < saved->nr_disks; i++)
		free(saved->disks[i].buf);
	free(saved->disks);
	free(saved);
}
