/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of emdctl share: the command table's row, the state of one
 * invocation, and the words in which a command ends.
 *
 * Layers, each a file: a command (cmd-*.c) resolves what the user named
 * (resolve.c) in the model (model.c) that the driver's records (control.c)
 * gave, asks the driver to act, and hands the outcome to a printer
 * (print-text.c, print-json.c). Only control.c issues ioctls, only image.c and
 * saved.c open plain files, only the printers format output.
 */
#ifndef EMDCTL_H
#define EMDCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <getopt.h>

#include "compiler.h"
#include "control.h"
#include "model.h"

/* Exit status: a contract with scripts. */
#define STATUS_DONE	0
#define STATUS_REFUSED	1	/* one line on stderr says why and what to do */
#define STATUS_USAGE	2

struct emdctl;
struct printer;

/**
 * struct command - a row of the command table
 * @name: as typed
 * @args: what follows it, for the usage line
 * @help: one line for the overview
 * @details: its options, a line each, or NULL
 * @options: long options of its own, ended by a zero row, or NULL
 * @forcible: takes --force
 * @run: parses the rest with next_option(), returns STATUS_*
 */
struct command {
	const char *name;
	const char *args;
	const char *help;
	const char *details;
	const struct option *options;
	bool forcible;
	int (*run)(struct emdctl *ctl, int argc, char **argv);
};

extern const struct command commands[];	/* ended by a row without name */

/**
 * struct emdctl - one invocation
 * @cmd: what was asked for
 * @out: how to print: text_printer or json_printer
 * @control: connection to the driver, opened on demand
 * @json: --json
 * @dry_run: --dry-run: stop after the driver's checks, print the plan
 * @yes: --yes: answers every question
 * @force: --force: override what is safe to override
 */
struct emdctl {
	const struct command *cmd;
	const struct printer *out;
	struct control control;
	bool json;
	bool dry_run;
	bool yes;
	bool force;
};

/* Values of long options; those of the commands start at OPT_COMMAND. */
enum {
	OPT_JSON = 256,
	OPT_DRY_RUN,
	OPT_YES,
	OPT_FORCE,
	OPT_VERSION,
	OPT_COMMAND,
};

/* What next_option() returns besides an option of the command and -1. */
#define OPT_BAD		'?'	/* reported; return STATUS_USAGE */
#define OPT_HELP	'h'	/* printed; return STATUS_DONE */

int next_option(struct emdctl *ctl, int argc, char **argv);
int option_stop_status(int opt);

/* How a command ends when it does not do what was asked. */
__printf(2, 3)
int refuse(struct emdctl *ctl, const char *fmt, ...);
__printf(2, 3)
int usage_error(struct emdctl *ctl, const char *fmt, ...);
int refuse_control(struct emdctl *ctl, int err);
char *control_reason(const struct emdctl *ctl, int err);
__printf(2, 3)
void note(const struct emdctl *ctl, const char *fmt, ...);

/* Ask before destroying; 0 to go on, else the status to end with. */
__printf(2, 3)
int confirm(struct emdctl *ctl, const char *fmt, ...);

/* Opens the control device and reads all records; 0 or the status to end with. */
int load_model(struct emdctl *ctl, struct model **model);

/* EMD_F_* for the global options of this invocation. */
unsigned int action_flags(const struct emdctl *ctl);

/* util.c */
void *xcalloc(size_t nr, size_t size);
char *xstrdup(const char *text);
__printf(1, 2)
char *xasprintf(const char *fmt, ...);
void *vec_grow(void *vec, size_t nr, size_t size);
void make_printable(char *text);
int parse_size_sectors(const char *text, uint64_t *sectors);
int parse_rate_kib(const char *text, uint32_t *kib_s);
int parse_seconds_ms(const char *text, int64_t *ms);
int parse_u64(const char *text, uint64_t *value);
int64_t now_ms(void);

/* The commands, a family a file. */
int cmd_list(struct emdctl *ctl, int argc, char **argv);
int cmd_show(struct emdctl *ctl, int argc, char **argv);
int cmd_status(struct emdctl *ctl, int argc, char **argv);
int cmd_examine(struct emdctl *ctl, int argc, char **argv);
int cmd_rename(struct emdctl *ctl, int argc, char **argv);
int cmd_scan(struct emdctl *ctl, int argc, char **argv);
int cmd_assemble(struct emdctl *ctl, int argc, char **argv);
int cmd_stop(struct emdctl *ctl, int argc, char **argv);
int cmd_create(struct emdctl *ctl, int argc, char **argv);
int cmd_delete(struct emdctl *ctl, int argc, char **argv);
int cmd_erase(struct emdctl *ctl, int argc, char **argv);
int cmd_add(struct emdctl *ctl, int argc, char **argv);
int cmd_remove(struct emdctl *ctl, int argc, char **argv);
int cmd_fail(struct emdctl *ctl, int argc, char **argv);
int cmd_replace(struct emdctl *ctl, int argc, char **argv);
int cmd_scrub(struct emdctl *ctl, int argc, char **argv);
int cmd_sync(struct emdctl *ctl, int argc, char **argv);
int cmd_policy(struct emdctl *ctl, int argc, char **argv);
int cmd_history(struct emdctl *ctl, int argc, char **argv);
int cmd_save(struct emdctl *ctl, int argc, char **argv);
int cmd_restore(struct emdctl *ctl, int argc, char **argv);
int cmd_wait(struct emdctl *ctl, int argc, char **argv);
int cmd_events(struct emdctl *ctl, int argc, char **argv);
int cmd_version(struct emdctl *ctl, int argc, char **argv);
int cmd_help(struct emdctl *ctl, int argc, char **argv);

extern const struct option list_options[], status_options[], examine_options[];
extern const struct option assemble_options[], stop_options[], create_options[];
extern const struct option add_options[], scrub_options[], wait_options[], events_options[];

#endif /* EMDCTL_H */
