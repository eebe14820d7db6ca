// SPDX-License-Identifier: GPL-2.0
/*
 * emdctl: the command to control EMD. This file holds the command table, what
 * is common to all commands (global options, refusals, questions), and help.
 * What a command does is in its family's cmd-*.c.
 */
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emdctl.h"
#include "print.h"

const struct command commands[] = {
	{ "list", "[--names KIND]", "tree of containers, arrays and disks",
	  "  -n, --names KIND       only names, one a line: containers, arrays, disks or all\n",
	  list_options, false, cmd_list },
	{ "show", "NAME", "everything about one array, container or disk",
	  NULL, NULL, false, cmd_show },
	{ "status", "[--watch] [ARRAY|CONTAINER]", "one line an array",
	  "      --watch            live, with progress, until interrupted\n",
	  status_options, false, cmd_status },
	{ "examine", "[--block-size B] [--serial S] DEV|FILE...",
	  "what the metadata on a disk or in an image says",
	  "      --block-size B     FILE: logical block of the disk it came from, 512 or 4096\n"
	  "      --serial S         FILE: serial number of the disk it came from\n",
	  examine_options, false, cmd_examine },
	{ "scan", "", "look at all block devices again",
	  NULL, NULL, false, cmd_scan },
	{ "assemble", "[--degraded] [--read-only] [CONTAINER|--all]",
	  "start the arrays of a container",
	  "      --all              every container (the default)\n"
	  "      --degraded         do not wait for missing members\n"
	  "      --read-only        never write to the arrays or their disks\n",
	  assemble_options, true, cmd_assemble },
	{ "stop", "ARRAY|CONTAINER|--all", "stop arrays, leave their metadata clean",
	  "      --all              the arrays of every container of which none is in use\n",
	  stop_options, false, cmd_stop },
	{ "create", "--level LEVEL --name NAME [OPTION...] --format FORMAT DEV...|CONTAINER",
	  "create an array on bare disks or in a container",
	  "      --format FORMAT    metadata for bare disks: imsm, ddf or asr\n"
	  "      --level LEVEL      concat raid0 raid1 raid1e raid4 raid5 raid6 raid10\n"
	  "      --name NAME        name of the array\n"
	  "      --strip SIZE       contiguous run on one member, the format's default else\n"
	  "      --size SIZE        of the array, all the room there is else\n"
	  "      --layout LAYOUT    rotation of copies or parity, the format's default else\n"
	  "      --spans NUMBER     stripe over so many equal parts (raid50, raid60)\n"
	  "      --init HOW         resync (default), none: trust as clean, zero: write zeroes\n",
	  create_options, true, cmd_create },
	{ "delete", "ARRAY", "delete an array and all that is on it",
	  NULL, NULL, true, cmd_delete },
	{ "erase", "DEV", "remove all metadata from an unused disk",
	  NULL, NULL, true, cmd_erase },
	{ "rename", "ARRAY NAME", "call an array otherwise, in use or not",
	  NULL, NULL, false, cmd_rename },
	{ "add", "[--for ARRAY[,ARRAY...]|all] CONTAINER DEV",
	  "add a disk as a spare, or say what a spare is for",
	  "      --for ARRAY,...    only for these arrays; all: for every one of the container\n",
	  add_options, true, cmd_add },
	{ "remove", "CONTAINER DEV", "take a spare or failed disk out",
	  NULL, NULL, true, cmd_remove },
	{ "fail", "ARRAY DEV", "mark a member failed",
	  NULL, NULL, true, cmd_fail },
	{ "replace", "ARRAY OLD NEW", "copy a member that still serves to a spare, which takes its place",
	  NULL, NULL, false, cmd_replace },
	{ "scrub", "[--repair] ARRAY", "read everything and compare the copies",
	  "      --repair           rewrite what differs\n",
	  scrub_options, false, cmd_scrub },
	{ "sync", "pause|resume|cancel ARRAY | limit ARRAY RATE",
	  "steer resync, rebuild or scrub",
	  "  RATE is a size a second (K M G T), 0 or none for no limit\n",
	  NULL, false, cmd_sync },
	{ "policy", "ARRAY [KEY=VALUE...]", "show or change what you decide about an array",
	  "  zero_copy=on|off       raid4 raid5 raid6: write data from where it is\n"
	  "  sync_limit=RATE        limit of background work; a size a second, 0 or none\n",
	  NULL, false, cmd_policy },
	{ "history", "CONTAINER", "what the last changes of the metadata were",
	  NULL, NULL, false, cmd_history },
	{ "save", "CONTAINER FILE", "save the metadata of all disks of a container",
	  NULL, NULL, false, cmd_save },
	{ "restore", "FILE [DEV...]", "give disks the metadata back that was saved of them",
	  "  DEV...                 only these; they must be disks that were saved\n",
	  NULL, true, cmd_restore },
	{ "wait", "[--timeout T] [--since N] [--progress] ARRAY [idle|optimal|degraded|EVENT]",
	  "wait for a state or an event of an array",
	  "      --timeout T        give up after T seconds (or with ms, m, h)\n"
	  "      --since N          EVENT: also when it was event number N or later\n"
	  "      --progress         show a progress bar meanwhile\n",
	  wait_options, false, cmd_wait },
	{ "events", "[--follow] [--since N|now]", "numbered events",
	  "      --follow           go on with those to come\n"
	  "      --since N|now      from number N, or only those to come\n",
	  events_options, false, cmd_events },
	{ "version", "", "versions of the tool and the driver",
	  NULL, NULL, false, cmd_version },
	{ "help", "[COMMAND]", "this overview, or one command's options",
	  NULL, NULL, false, cmd_help },
	{ NULL, NULL, NULL, NULL, NULL, false, NULL },
};

static const struct option global_options[] = {
	{ "json", no_argument, NULL, OPT_JSON },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ "yes", no_argument, NULL, OPT_YES },
	{ "help", no_argument, NULL, OPT_HELP },
};

static const struct option force_option = { "force", no_argument, NULL, OPT_FORCE };

#define NR_GLOBAL	(ARRAY_SIZE(global_options))
#define MAX_OPTIONS	24

static const char *command_name(const struct emdctl *ctl)
{
	return ctl->cmd ? ctl->cmd->name : NULL;
}

/* One line on stderr; line breaks in driver text would make it two. */
static void complain(const struct emdctl *ctl, const char *text)
{
	const char *name = command_name(ctl);

	fflush(stdout);
	fprintf(stderr, "emdctl: %s%s", name ? name : "", name ? ": " : "");
	for (; *text; text++)
		fputc(*text == '\n' ? ' ' : *text, stderr);
	fputc('\n', stderr);
}

int refuse(struct emdctl *ctl, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = xstrdup("out of memory");
	va_end(args);
	complain(ctl, text);
	if (ctl->out)
		ctl->out->refused(ctl, text);
	free(text);
	return STATUS_REFUSED;
}

int usage_error(struct emdctl *ctl, const char *fmt, ...)
{
	const char *name = command_name(ctl);
	va_list args;
	char *text, *line;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = xstrdup("out of memory");
	va_end(args);
	line = xasprintf("%s; see emdctl help%s%s", text, name ? " " : "", name ? name : "");
	complain(ctl, line);
	free(line);
	free(text);
	return STATUS_USAGE;
}

void note(const struct emdctl *ctl, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = xstrdup("out of memory");
	va_end(args);
	complain(ctl, text);
	free(text);
}

/* What an administrator can do about an error that came without advice. */
static const char *advice(int err)
{
	switch (-err) {
	case EPERM:
	case EACCES:
		return "run it as root";
	case ENOTTY:
	case E2BIG:
	case EPROTO:
		return "tool and driver are of different versions, see emdctl version";
	case ENODEV:
		return "see emdctl list";
	case EAGAIN:
		return "try again";
	default:
		return NULL;
	}
}

/**
 * control_reason() - why the last request failed, and what to do
 * @ctl: invocation; the last request on its connection failed
 * @err: with this negative errno
 *
 * Return: the driver's words, or the errno's; the caller frees it.
 */
char *control_reason(const struct emdctl *ctl, int err)
{
	const char *hint = advice(err);
	const char *reason = ctl->control.msg;

	if (err == -EPROTO && !reason[0])
		reason = "the driver's answer makes no sense";
	return xasprintf("%s%s%s", reason[0] ? reason : strerror(-err),
			 hint ? "; " : "", hint ? hint : "");
}

int refuse_control(struct emdctl *ctl, int err)
{
	char *reason = control_reason(ctl, err);

	refuse(ctl, "%s", reason);
	free(reason);
	return STATUS_REFUSED;
}

static int refuse_open(struct emdctl *ctl, int err)
{
	switch (err) {
	case -ENOENT:
	case -ENXIO:
	case -ENODEV:
		return refuse(ctl, "the driver is not loaded; load it with: modprobe emd");
	case -EACCES:
	case -EPERM:
		return refuse(ctl, "no permission to open %s; run it as root", CONTROL_PATH);
	default:
		return refuse(ctl, "cannot open %s: %s", CONTROL_PATH, strerror(-err));
	}
}

int load_model(struct emdctl *ctl, struct model **model)
{
	int ret = control_open(&ctl->control);

	if (ret)
		return refuse_open(ctl, ret);
	ret = control_list(&ctl->control, model);
	return ret ? refuse_control(ctl, ret) : STATUS_DONE;
}

unsigned int action_flags(const struct emdctl *ctl)
{
	return (ctl->dry_run ? EMD_F_DRY_RUN : 0) | (ctl->force ? EMD_F_FORCE : 0);
}

/**
 * confirm() - ask before something is destroyed
 * @ctl: invocation
 * @fmt: what will happen, a sentence without its full stop
 *
 * Return: 0 to go on (--yes, a dry run, or the user agreed), else the status
 * to end the command with.
 */
int confirm(struct emdctl *ctl, const char *fmt, ...)
{
	int status = STATUS_DONE;
	char answer[16];
	va_list args;
	char *text;

	if (ctl->yes || ctl->dry_run)
		return STATUS_DONE;
	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = xstrdup("out of memory");
	va_end(args);

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		status = refuse(ctl, "%s; --yes confirms it", text);
	} else {
		fprintf(stderr, "%s. Go on? [y/N] ", text);
		if (!fgets(answer, sizeof(answer), stdin) ||
		    (strcasecmp(answer, "y\n") && strcasecmp(answer, "yes\n")))
			status = refuse(ctl, "not confirmed, nothing was changed");
	}
	free(text);
	return status;
}

static void print_command_help(const struct command *cmd)
{
	printf("usage: emdctl [--json] [--dry-run] [--yes] %s%s%s%s\n\n%s\n", cmd->name,
	       cmd->forcible ? " [--force]" : "", cmd->args[0] ? " " : "", cmd->args, cmd->help);
	if (cmd->details || cmd->forcible)
		putchar('\n');
	if (cmd->details)
		fputs(cmd->details, stdout);
	if (cmd->forcible)
		puts("      --force            override what is safe to override");
}

static void print_overview(void)
{
	const struct command *cmd;

	puts("usage: emdctl [--json] [--dry-run] [--yes] COMMAND [ARGUMENT...]\n");
	for (cmd = commands; cmd->name; cmd++)
		printf("  %-10s %s\n", cmd->name, cmd->help);
	puts("\n"
	     "      --json             one JSON document on standard output\n"
	     "      --dry-run          only check, and print what would be done\n"
	     "      --yes              do not ask\n"
	     "\n"
	     "ARRAY is a name, CONTAINER/NAME, the start of a UUID, or a device (emd0); DEV a path or\n"
	     "kernel name. Sizes take K M G T. emdctl help COMMAND says more, emdctl(8) all.");
}

/* Takes a global option; OPT_HELP and everything else is the caller's. */
static bool take_global(struct emdctl *ctl, int opt)
{
	switch (opt) {
	case OPT_JSON:
		ctl->json = true;
		ctl->out = &json_printer;
		return true;
	case OPT_DRY_RUN:
		ctl->dry_run = true;
		return true;
	case OPT_YES:
		ctl->yes = true;
		return true;
	case OPT_FORCE:
		ctl->force = true;
		return true;
	default:
		return false;
	}
}

/**
 * next_option() - getopt_long() with the global options mixed in
 * @ctl: invocation
 * @argc: of the command, its name is argument 0
 * @argv: same
 *
 * Return: an option of the command (optarg is set), -1 when only operands are
 * left, or OPT_HELP or OPT_BAD, both dealt with: option_stop_status() says what
 * to end with.
 */
int next_option(struct emdctl *ctl, int argc, char **argv)
{
	struct option all[MAX_OPTIONS] = { };
	const struct option *own = ctl->cmd->options;
	size_t nr = 0, i;
	char brief[8] = ":h";
	int opt;

	for (i = 0; i < NR_GLOBAL; i++)
		all[nr++] = global_options[i];
	if (ctl->cmd->forcible)
		all[nr++] = force_option;
	for (; own && own->name && nr < MAX_OPTIONS - 1; own++) {
		all[nr++] = *own;
		if (own->val < OPT_JSON) {
			i = strlen(brief);
			brief[i] = (char)own->val;
			brief[i + 1] = own->has_arg ? ':' : '\0';
		}
	}

	do {
		opt = getopt_long(argc, argv, brief, all, NULL);
	} while (take_global(ctl, opt));

	if (opt == OPT_HELP) {
		print_command_help(ctl->cmd);
	} else if (opt == ':') {
		usage_error(ctl, "option %s needs a value", argv[optind - 1]);
		return OPT_BAD;
	} else if (opt == '?') {
		usage_error(ctl, "unknown or ambiguous option %s", argv[optind - 1]);
	}
	return opt;
}

int option_stop_status(int opt)
{
	return opt == OPT_HELP ? STATUS_DONE : STATUS_USAGE;
}

static const struct command *find_command(const char *name)
{
	const struct command *cmd;

	for (cmd = commands; cmd->name; cmd++)
		if (!strcmp(cmd->name, name))
			return cmd;
	return NULL;
}

int cmd_help(struct emdctl *ctl, int argc, char **argv)
{
	const struct command *cmd;
	int opt = next_option(ctl, argc, argv);

	if (opt != -1)
		return option_stop_status(opt);
	if (optind < argc - 1)
		return usage_error(ctl, "only one COMMAND");
	if (ctl->json) {
		json_print_commands(commands);
	} else if (optind == argc) {
		print_overview();
	} else {
		cmd = find_command(argv[optind]);
		if (!cmd)
			return usage_error(ctl, "unknown command %s", argv[optind]);
		print_command_help(cmd);
	}
	return STATUS_DONE;
}

int cmd_version(struct emdctl *ctl, int argc, char **argv)
{
	struct emd_version_arg driver;
	bool have_driver;
	int opt = next_option(ctl, argc, argv);

	if (opt != -1)
		return option_stop_status(opt);
	if (optind != argc)
		return usage_error(ctl, "too many arguments");
	have_driver = !control_open(&ctl->control) && !control_version(&ctl->control, &driver);
	ctl->out->version(EMDCTL_VERSION, have_driver ? &driver : NULL);
	return STATUS_DONE;
}

/* A full disk or a closed pipe must not look like success. */
static int close_stdout(struct emdctl *ctl, int status)
{
	if (!ferror(stdout) && !fflush(stdout))
		return status;
	if (errno != EPIPE)
		complain(ctl, "cannot write the output");
	return STATUS_REFUSED;
}

int main(int argc, char **argv)
{
	static const struct option version_option = {
		"version", no_argument, NULL, OPT_VERSION
	};
	struct option all[NR_GLOBAL + 2] = { };
	struct emdctl ctl = { .out = &text_printer };
	int opt, status;

	setlocale(LC_ALL, "");
	control_init(&ctl.control);
	opterr = 0;
	memcpy(all, global_options, sizeof(global_options));
	all[NR_GLOBAL] = version_option;

	while ((opt = getopt_long(argc, argv, "+:hV", all, NULL)) != -1) {
		if (take_global(&ctl, opt))
			continue;
		if (opt == OPT_HELP) {
			print_overview();
			return close_stdout(&ctl, STATUS_DONE);
		}
		if (opt == 'V' || opt == OPT_VERSION) {
			printf("emdctl %s\n", EMDCTL_VERSION);
			return close_stdout(&ctl, STATUS_DONE);
		}
		return usage_error(&ctl, "unknown option %s", argv[optind - 1]);
	}
	if (optind == argc)
		return usage_error(&ctl, "no command given");

	ctl.cmd = find_command(argv[optind]);
	if (!ctl.cmd)
		return usage_error(&ctl, "unknown command %s", argv[optind]);
	argc -= optind;
	argv += optind;
	optind = 0;	/* makes getopt start afresh */
	status = ctl.cmd->run(&ctl, argc, argv);
	control_close(&ctl.control);
	return close_stdout(&ctl, status);
}
