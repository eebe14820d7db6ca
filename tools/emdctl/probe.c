// SPDX-License-Identifier: GPL-2.0
/*
 * Finds data that the owner of a disk may have forgotten, with libblkid. RAID
 * metadata of the driver's own formats is not reported: the driver knows
 * better what it means, and refuses what would do harm.
 */
#include <blkid/blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emdctl.h"
#include "probe.h"
#include "resolve.h"

static const char *lookup(blkid_probe probe, const char *name)
{
	const char *value;

	return blkid_probe_lookup_value(probe, name, &value, NULL) ? NULL : value;
}

static bool is_ours(const char *type)
{
	return !strcmp(type, "isw_raid_member") || !strcmp(type, "ddf_raid_member") ||
	       !strcmp(type, "adaptec_raid_member");
}

static char *describe(blkid_probe probe)
{
	const char *type = lookup(probe, "TYPE");
	const char *usage = lookup(probe, "USAGE");
	const char *label = lookup(probe, "LABEL");
	const char *table = lookup(probe, "PTTYPE");
	char *text;

	if (type && is_ours(type))
		return NULL;
	if (type)
		text = xasprintf("%s%s%s%s%s", type,
				 usage && !strcmp(usage, "filesystem") ? " file system" : "",
				 label ? " \"" : "", label ? label : "", label ? "\"" : "");
	else if (table)
		text = xasprintf("%s partition table", table);
	else
		return NULL;
	make_printable(text);
	return text;
}

static char *probe_fd(int fd)
{
	blkid_probe probe = blkid_new_probe();
	char *text = NULL;

	if (!probe || blkid_probe_set_device(probe, fd, 0, 0)) {
		blkid_free_probe(probe);
		return xstrdup("something that cannot be read");
	}
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL |
					  BLKID_SUBLKS_USAGE);
	blkid_probe_enable_partitions(probe, 1);

	switch (blkid_do_safeprobe(probe)) {
	case 0:
		text = describe(probe);
		break;
	case 1:
		break;
	case -2:
		text = xstrdup("signatures of more than one kind");
		break;
	default:
		text = xstrdup("something that cannot be read");
		break;
	}
	blkid_free_probe(probe);
	return text;
}

/* "ext4 file system "home"", to be freed; NULL when there is nothing to lose. */
static char *probe_contents(const struct device *dev)
{
	int fd = open(dev->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text;

	if (fd < 0)
		return xasprintf("something that cannot be read (%s)", strerror(errno));
	text = probe_fd(fd);
	close(fd);
	return text;
}

int confirm_contents(struct emdctl *ctl, const struct device *devices, size_t nr, const char *fate)
{
	char *found = NULL, *contents, *more;
	int status = STATUS_DONE;
	size_t i;

	for (i = 0; i < nr; i++) {
		contents = probe_contents(&devices[i]);
		if (!contents)
			continue;
		more = xasprintf("%s%s%s carries %s", found ? found : "", found ? ", " : "",
				 devices[i].path, contents);
		free(contents);
		free(found);
		found = more;
	}
	if (found && ctl->dry_run)
		note(ctl, "%s, which would %s", found, fate);
	else if (found)
		status = confirm(ctl, "%s, which will %s", found, fate);
	free(found);
	return status;
}
