#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proto/child.h"
#include "proto/watch.h"
#include "proto/base/mem.h"

#define READ_BYTES 16384

struct stream {
	struct child *child;
	struct watch *watch;
	int fd; /* -1: closed */
	struct child_said said;
	size_t room;
};

struct child {
	uv_process_t process;
	struct stream streams[CHILD_STREAMS];
	size_t max_bytes;
	bool is_flooding;
	child_fn *done; /* NULL: cancelled */
	void *arg;
};

/* --- what it says --------------------------------------------------------- */

static void
close_stream(struct stream *stream)
{
	watch_close(stream->watch);
	stream->watch = NULL;
	if (stream->fd >= 0)
		close(stream->fd);
	stream->fd = -1;
}

static void
keep(struct stream *stream, const char *bytes, size_t n)
{
	struct child_said *said = &stream->said;

	if (said->n + n + 1 > stream->room) {
		stream->room = 2 * (said->n + n) + 1;
		said->bytes = mem_resize(said->bytes, stream->room, 1);
	}
	memcpy(said->bytes + said->n, bytes, n);
	said->n += n;
	said->bytes[said->n] = '\0';
}

/* The group, not only the program: it may have started others. */
static int
kill_group(const struct child *child)
{
	return kill(-child->process.pid, SIGKILL);
}

/* Takes what there is; false when there will be nothing more. */
static bool
take(struct stream *stream)
{
	struct child *child = stream->child;
	char bytes[READ_BYTES];
	ssize_t n;
	size_t room;

	for (;;) {
		n = read(stream->fd, bytes, sizeof(bytes));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		if (n == 0)
			return false;
		room = child->max_bytes - stream->said.n;
		keep(stream, bytes, (size_t)n < room ? (size_t)n : room);
		if ((size_t)n > room) {
			child->is_flooding = true;
			kill_group(child);
			return false;
		}
	}
}

static void
on_ready(void *arg, int fd, int events)
{
	struct stream *stream = arg;

	(void)fd;
	(void)events;
	if (!take(stream))
		close_stream(stream);
}

static int
open_stream(struct stream *stream, struct child *child, uv_loop_t *loop,
    uv_stdio_container_t *stdio, struct err *err)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(err, ERR_IO, "pipe: %s", strerror(errno));
	stream->child = child;
	stream->fd = fds[0];
	stdio->flags = UV_INHERIT_FD;
	stdio->data.fd = fds[1];
	/* Ours only: the program expects an ordinary one. */
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	if (watch_open(&stream->watch, loop, fds[0], on_ready, stream, err) < 0)
		return -1;
	watch_set(stream->watch, UV_READABLE);
	return 0;
}

/* A file in memory: however slowly it is read, or not at all, nobody waits. */
static int
open_input(uv_stdio_container_t *stdio, const struct child_setup *setup,
    struct err *err)
{
	const char *bytes = setup->input;
	size_t done = 0;
	ssize_t n;
	int fd;

	if (setup->n_input == 0)
		return 0;
	fd = memfd_create("input", MFD_CLOEXEC);
	if (fd < 0)
		return err_set(err, ERR_IO, "memfd: %s", strerror(errno));
	stdio->flags = UV_INHERIT_FD;
	stdio->data.fd = fd;
	while (done < setup->n_input) {
		n = write(fd, bytes + done, setup->n_input - done);
		if (n < 0 && errno != EINTR)
			return err_set(
			    err, ERR_IO, "memfd: %s", strerror(errno));
		done += n > 0 ? (size_t)n : 0;
	}
	lseek(fd, 0, SEEK_SET);
	return 0;
}

/* --- its end -------------------------------------------------------------- */

static void
on_closed(uv_handle_t *handle)
{
	struct child *child = handle->data;

	for (int i = 0; i < CHILD_STREAMS; i++)
		free(child->streams[i].said.bytes);
	free(child);
}

static void
on_ended(uv_process_t *process, int64_t status, int signal)
{
	struct child *child = process->data;
	struct child_end end = { .status = (int)status, .signal = signal };

	/* What it left behind would hold the pipes open. */
	kill_group(child);
	for (int i = 0; i < CHILD_STREAMS; i++) {
		struct stream *stream = &child->streams[i];

		if (stream->fd >= 0 && child->done != NULL)
			take(stream);
		close_stream(stream);
	}
	if (child->done != NULL) {
		end.is_flooding = child->is_flooding;
		for (int i = 0; i < CHILD_STREAMS; i++) {
			end.said[i] = child->streams[i].said;
			child->streams[i].said.bytes = NULL;
		}
		child->done(child->arg, &end);
	}
	uv_close((uv_handle_t *)process, on_closed);
}

static enum err_code
code_of(int rc)
{
	switch (rc) {
	case UV_ENOENT:
	case UV_ENOTDIR:
		return ERR_NOT_FOUND;
	case UV_EACCES:
	case UV_EPERM:
		return ERR_DENIED;
	default:
		return ERR_IO;
	}
}

/* Gives up: nothing was started. */
static int
abandon(struct child *child, bool is_known)
{
	for (int i = 0; i < CHILD_STREAMS; i++)
		close_stream(&child->streams[i]);
	if (is_known)
		uv_close((uv_handle_t *)&child->process, on_closed);
	else
		free(child); /* the loop has not heard of it */
	return -1;
}

static int
spawn(struct child *child, uv_loop_t *loop, const struct child_setup *setup,
    uv_stdio_container_t *stdio, struct err *err)
{
	uv_process_options_t options = {
		.exit_cb = on_ended,
		.file = setup->argv[0],
		.args = (char **)(uintptr_t)setup->argv,
		.env = (char **)(uintptr_t)setup->environment,
		.flags = UV_PROCESS_DETACHED, /* a session of its own */
		.stdio = stdio,
		.stdio_count = 1 + CHILD_STREAMS,
	};
	int rc = uv_spawn(loop, &child->process, &options);

	if (rc < 0)
		return err_set(err, code_of(rc), "%s: %s", setup->argv[0],
		    uv_strerror(rc));
	return 0;
}

int
child_start(struct child **out, uv_loop_t *loop,
    const struct child_setup *setup, child_fn *done, void *arg, struct err *err)
{
	struct child *child = mem_zalloc(sizeof(*child));
	uv_stdio_container_t stdio[1 + CHILD_STREAMS] = { 0 };
	bool is_known = false;
	int rc;

	*child = (struct child){ .max_bytes = setup->max_bytes,
		.done = done,
		.arg = arg,
		.process.data = child,
		.streams = { { .fd = -1 }, { .fd = -1 } } };
	rc = open_input(&stdio[0], setup, err);
	for (int i = 0; i < CHILD_STREAMS && rc == 0; i++)
		rc = open_stream(
		    &child->streams[i], child, loop, &stdio[1 + i], err);
	if (rc == 0) {
		is_known = true;
		rc = spawn(child, loop, setup, stdio, err);
	}
	for (int i = 0; i <= CHILD_STREAMS; i++)
		if (stdio[i].flags == UV_INHERIT_FD)
			close(stdio[i].data.fd);
	if (rc < 0)
		return abandon(child, is_known);
	*out = child;
	return 0;
}

void
child_cancel(struct child *child)
{
	if (child == NULL)
		return;
	child->done = NULL;
	for (int i = 0; i < CHILD_STREAMS; i++)
		close_stream(&child->streams[i]);
	/* One that became somebody else may not be ours to kill: the loop must
	 * not wait for it. */
	if (kill_group(child) < 0 && errno == EPERM)
		uv_unref((uv_handle_t *)&child->process);
}

void
child_end_fini(struct child_end *end)
{
	for (int i = 0; i < CHILD_STREAMS; i++)
		free(end->said[i].bytes);
	memset(end, 0, sizeof(*end));
}
