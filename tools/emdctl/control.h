/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The driver as the tool sees it: one control device, requests and events.
 *
 * Every request returns 0 or a negative errno; on refusal, and after a dry
 * run, struct control's @msg holds the driver's own words.
 */
#ifndef EMDCTL_CONTROL_H
#define EMDCTL_CONTROL_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/emd.h>

#define CONTROL_PATH	"/dev/emd-control"

/**
 * struct control - a connection to the driver
 * @fd: -1 until control_open()
 * @msg: reason of the last refusal or plan of the last dry run, printable
 */
struct control {
	int fd;
	char msg[EMD_UAPI_PLAN_LEN];
};

struct model;

void control_init(struct control *control);
int control_open(struct control *control);
void control_close(struct control *control);

int control_version(struct control *control, struct emd_version_arg *arg);
int control_list(struct control *control, struct model **model);
int control_examine(struct control *control, unsigned int major, unsigned int minor,
		    char **text, char format[EMD_UAPI_FORMAT_LEN]);
int control_object(struct control *control, unsigned int request, struct emd_object_arg *arg);
int control_create(struct control *control, struct emd_create_arg *arg);
int control_sync(struct control *control, struct emd_sync_arg *arg);
int control_replace(struct control *control, struct emd_replace_arg *arg);
int control_rename(struct control *control, struct emd_rename_arg *arg);
int control_assign(struct control *control, struct emd_assign_arg *arg);
int control_policy(struct control *control, struct emd_policy_arg *arg);
int control_history(struct control *control, uint64_t container_id,
		    struct emd_rec_history **entries, size_t *nr);
int control_save(struct control *control, unsigned int major, unsigned int minor,
		 struct emd_save_arg *arg, void **buf, uint32_t *len);
int control_restore(struct control *control, struct emd_restore_arg *arg);

/* Events. A fresh connection starts behind the newest one. */
int control_event_seek(struct control *control, uint64_t seq);
int control_event_next(struct control *control, struct emd_event *event);
int control_event_wait(struct control *control, int64_t timeout_ms);

#endif /* EMDCTL_CONTROL_H */
