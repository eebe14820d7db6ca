// SPDX-License-Identifier: GPL-2.0
/* What all commands on one object have in common: send, then say. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action.h"
#include "emdctl.h"
#include "print.h"
#include "resolve.h"

int act(struct emdctl *ctl, const struct action *action, bool *planned)
{
	struct emd_object_arg arg;
	int ret;

	memset(&arg, 0, sizeof(arg));
	arg.hdr.flags = action_flags(ctl) | action->flags;
	if (action->container)
		arg.container_id = action->container->rec.id;
	if (action->array)
		arg.array_id = action->array->rec.id;
	if (action->device) {
		arg.major = action->device->major;
		arg.minor = action->device->minor;
	}
	ret = control_object(&ctl->control, action->request, &arg);
	if (ret)
		return refuse_control(ctl, ret);
	*planned = ctl->dry_run;
	if (*planned)
		ctl->out->plan(ctl, ctl->control.msg);
	return STATUS_DONE;
}

int act_and_say(struct emdctl *ctl, const struct action *action, const char *fmt, ...)
{
	bool planned = false;
	int status = act(ctl, action, &planned);
	va_list args;
	char *text;

	if (status || planned)
		return status;
	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = xstrdup("done");
	va_end(args);
	ctl->out->done(ctl, text, NULL, 0);
	free(text);
	return STATUS_DONE;
}
