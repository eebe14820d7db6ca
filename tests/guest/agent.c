// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's half of the test harness: runs commands that the host sends.
 *
 * One virtio-serial port carries frames in both directions, all numbers
 * little endian:
 *
 *   host:  u32 id, u32 command length, u32 input length, command, input
 *   guest: u32 id, u32 type, u32 length, data
 *          type 0  hello; sent once, before anything else
 *          type 1  output of the command (stdout and stderr together)
 *          type 2  exit status as a u32: 0-255, or 256 + signal
 *
 * Any number of commands run at the same time. A command is over when its
 * shell is; what a daemon that it left behind prints later is not collected.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_COMMANDS	256
#define CHUNK		65536

enum { MSG_HELLO, MSG_OUTPUT, MSG_EXIT };

struct command {
	uint32_t id;
	pid_t pid;		/* 0: slot is free */
	int out;
};

static struct command commands[MAX_COMMANDS];
static int port;

static void fail(const char *what)
{
	dprintf(2, "agent: %s: %s\n", what, strerror(errno));
	sleep(1);
	exit(1);
}

static void write_all(const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(port, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			fail("write to the host");
		p += n;
		len -= n;
	}
}

/* Blocks until the host has sent everything; the host never sends halves. */
static void read_all(void *data, size_t len)
{
	char *p = data;

	while (len) {
		ssize_t n = read(port, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			fail("read from the host");
		if (n == 0) {	/* host side not connected yet */
			usleep(20000);
			continue;
		}
		p += n;
		len -= n;
	}
}

static void send_frame(uint32_t id, uint32_t type, const void *data, uint32_t len)
{
	uint32_t head[3] = { id, type, len };

	write_all(head, sizeof(head));
	write_all(data, len);
}

static void start(uint32_t id, char *cmd, const void *input, uint32_t len)
{
	struct command *c;
	int in, out[2];

	for (c = commands; c < commands + MAX_COMMANDS && c->pid; c++)
		;
	if (c == commands + MAX_COMMANDS) {
		uint32_t status = 255;

		send_frame(id, MSG_OUTPUT, "agent: too many commands\n", 25);
		send_frame(id, MSG_EXIT, &status, 4);
		return;
	}

	in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (len) {
		in = memfd_create("input", MFD_CLOEXEC);
		if (in < 0 || write(in, input, len) != (ssize_t)len || lseek(in, 0, SEEK_SET))
			fail("keep a command's input");
	}
	if (pipe2(out, O_CLOEXEC))
		fail("pipe");
	fcntl(out[0], F_SETFL, O_NONBLOCK);

	c->pid = fork();
	if (c->pid < 0)
		fail("fork");
	if (!c->pid) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		setsid();
		dup2(in, 0);
		dup2(out[1], 1);
		dup2(out[1], 2);
		execl("/bin/sh", "sh", "-c", cmd, NULL);
		_exit(127);
	}
	close(in);
	close(out[1]);
	c->id = id;
	c->out = out[0];
}

static void request(void)
{
	uint32_t head[3];
	char *cmd, *input;

	read_all(head, sizeof(head));
	cmd = malloc((size_t)head[1] + 1);
	input = malloc((size_t)head[2] + 1);
	if (!cmd || !input)
		fail("memory for a command");
	read_all(cmd, head[1]);
	cmd[head[1]] = 0;
	read_all(input, head[2]);
	start(head[0], cmd, input, head[2]);
	free(cmd);
	free(input);
}

/* Pass on what is there. */
static void drain(struct command *c)
{
	static char buf[CHUNK];
	ssize_t n;

	while ((n = read(c->out, buf, sizeof(buf))) > 0)
		send_frame(c->id, MSG_OUTPUT, buf, n);
	if (n == 0) {
		/* Nobody can write any more; the exit is still to come. */
		close(c->out);
		c->out = -1;
	}
}

static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (struct command *c = commands; c < commands + MAX_COMMANDS; c++) {
			uint32_t code;

			if (c->pid != pid)
				continue;
			if (c->out >= 0)
				drain(c);
			if (c->out >= 0)
				close(c->out);
			code = WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
			send_frame(c->id, MSG_EXIT, &code, 4);
			c->pid = 0;
		}
	}
}

static void on_child(int sig)
{
	(void)sig;	/* interrupts ppoll(), no more */
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_child };
	sigset_t blocked, normal;

	if (argc != 2)
		return 2;
	port = open(argv[1], O_RDWR | O_CLOEXEC);
	if (port < 0)
		fail(argv[1]);

	sigaction(SIGCHLD, &sa, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigprocmask(SIG_BLOCK, &blocked, &normal);
	send_frame(0, MSG_HELLO, "", 0);

	for (;;) {
		struct pollfd fds[MAX_COMMANDS + 1] = { { .fd = port, .events = POLLIN } };
		struct command *of[MAX_COMMANDS + 1];
		int n = 1;

		for (struct command *c = commands; c < commands + MAX_COMMANDS; c++) {
			if (!c->pid || c->out < 0)
				continue;
			of[n] = c;
			fds[n++] = (struct pollfd){ .fd = c->out, .events = POLLIN };
		}
		if (ppoll(fds, n, NULL, &normal) < 0 && errno != EINTR)
			fail("poll");
		for (int i = 1; i < n; i++)
			if (fds[i].revents)
				drain(of[i]);
		reap();
		if (fds[0].revents & POLLIN)
			request();
		else if (fds[0].revents & POLLHUP)
			usleep(20000);
	}
}
