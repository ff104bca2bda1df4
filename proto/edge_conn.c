#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/mem.h"
#include "proto/edge_conn.h"
#include "proto/edge_limits.h"

/* One connection may not keep the loop from the others. */
#define READS_MAX 8

/* A frame may take longer than progress_ms as long as this much of it comes
 * or goes in that time. */
#define PROGRESS_BYTES 65536

static void
on_poll_closed(uv_handle_t *handle)
{
	struct conn *conn = handle->data;

	outbox_fini(&conn->outbox);
	free(conn->stash);
	wire_fini(&conn->wire);
	conn->shared->events->on_freed(conn);
}

void
conn_close(struct conn *conn, const struct err *why)
{
	struct edge_counts *counts = &conn->shared->counts;
	bool was_open = conn->state == CONN_OPEN;

	if (conn->state == CONN_CLOSED)
		return;
	conn->state = CONN_CLOSED;
	/* Who was late or gave way is counted as that. */
	if (!was_open && why->code != ERR_TIMEOUT && why->code != ERR_BUSY)
		counts->handshakes_refused++;
	deadline_cancel(&conn->waiting);
	deadline_cancel(&conn->getting);
	deadline_cancel(&conn->putting);
	uv_close((uv_handle_t *)&conn->poll, on_poll_closed);
	link_close(&conn->link);
	conn->shared->events->on_closed(conn, why);
}

static void
close_as_left(struct conn *conn)
{
	struct err err;

	err_set(&err, ERR_CLOSED, "closed by the peer");
	conn_close(conn, &err);
}

/* Asks for the events that the state calls for. */
static void
watch(struct conn *conn, uv_poll_cb on_poll)
{
	int wanted = 0;

	if (conn->state == CONN_CLOSED)
		return;
	if (conn->state == CONN_CONNECTING) {
		wanted = UV_WRITABLE;
	} else {
		/* Who does not read still notices that the peer left. */
		wanted = conn->paused ? UV_DISCONNECT : UV_READABLE;
		if (conn->outbox.n > 0 ||
		    (conn->link.tls != NULL && tls_wants_write(conn->link.tls)))
			wanted |= UV_WRITABLE;
	}
	if (wanted == conn->watched)
		return;
	conn->watched = wanted;
	uv_poll_start(&conn->poll, wanted, on_poll);
}

/* --- reading ------------------------------------------------------------- */

static int
greet(struct conn *conn, struct err *err)
{
	int rc = conn->shared->events->on_hello(conn, conn->wire.protocol, err);

	if (rc < 0 || conn->state == CONN_CLOSED)
		return rc;
	conn->state = CONN_OPEN;
	if (conn->waiting.kind == DEADLINE_HANDSHAKE)
		deadline_cancel(&conn->waiting);
	return 0;
}

static int
deliver(struct conn *conn, struct err *err)
{
	struct edge_counts *counts = &conn->shared->counts;
	int rc;

	deadline_cancel(&conn->getting);
	counts->frames_in++;
	rc = conn->shared->events->on_frame(
	    conn, conn->wire.frame, conn->wire.n_frame, err);
	if (rc < 0)
		counts->frames_malformed++;
	return rc;
}

/* What wire_take() refused is a frame or not even an SP header. */
static void
count_refusal(struct conn *conn, const struct err *err)
{
	struct edge_counts *counts = &conn->shared->counts;

	if (err->code == ERR_LIMIT)
		counts->frames_too_large++;
	else if (conn->wire.greeted)
		counts->frames_malformed++;
}

/* Gives what is in the bytes, as far as it is wanted now. */
static void
take(struct conn *conn, const unsigned char **bytes, size_t *n)
{
	enum wire_event event = WIRE_MORE;
	size_t none = 0;
	struct err err;
	int rc;

	do {
		rc = wire_take(&event, &conn->wire, bytes, n, &err);
		if (rc < 0) {
			count_refusal(conn, &err);
			break;
		}
		if (event == WIRE_HELLO)
			rc = greet(conn, &err);
		else if (event == WIRE_FRAME)
			rc = deliver(conn, &err);
	} while (rc == 0 && event != WIRE_MORE && !conn->paused &&
	    conn->state != CONN_CLOSED);
	if (rc < 0)
		conn_close(conn, &err);
	else if (conn->paused) /* the last frame is not kept meanwhile */
		wire_take(&event, &conn->wire, bytes, &none, &err);
}

static void
take_stash(struct conn *conn)
{
	const unsigned char *bytes = conn->stash + conn->stash_at;
	size_t n = conn->n_stash - conn->stash_at;

	if (n == 0)
		return;
	take(conn, &bytes, &n);
	conn->stash_at = conn->n_stash - n;
	if (n > 0 || conn->state == CONN_CLOSED)
		return;
	free(conn->stash);
	conn->stash = NULL;
	conn->n_stash = conn->stash_at = 0;
}

/* Reads once; is there likely to be more? */
static bool
read_once(struct conn *conn)
{
	const unsigned char *bytes;
	unsigned char *to;
	size_t direct = wire_room(&conn->wire, &to), n;
	size_t room = direct > 0 ? direct : CONN_SCRATCH_BYTES;
	struct err err;
	ssize_t got;

	bytes = to = direct > 0 ? to : conn->shared->scratch;
	got = link_read(&conn->link, to, room, &err);
	if (got <= 0) {
		if (got < 0)
			conn_close(conn, &err);
		return false;
	}
	n = (size_t)got;
	conn->got_bytes += n;
	if (direct > 0) {
		wire_filled(&conn->wire, n);
		n = 0;
	}
	take(conn, &bytes, &n);
	if (n > 0 && conn->state != CONN_CLOSED) {
		conn->stash = mem_dup(bytes, n);
		conn->n_stash = n;
	}
	return conn->link.tls != NULL || (size_t)got == room;
}

/* A begun frame must go on; one that is not wanted now may wait. */
static void
expect_progress(struct conn *conn)
{
	if (conn->state != CONN_OPEN)
		return;
	if (conn->paused || !wire_is_begun(&conn->wire)) {
		deadline_cancel(&conn->getting);
		return;
	}
	if (deadline_is_running(&conn->getting) &&
	    conn->got_bytes < PROGRESS_BYTES)
		return;
	conn->got_bytes = 0;
	deadline_start(&conn->shared->deadlines, &conn->getting, DEADLINE_READ);
}

/* Is there anything that no poll will tell of? */
static bool
has_more(const struct conn *conn)
{
	return conn->link.tls != NULL && tls_has_more(conn->link.tls);
}

static void
read_more(struct conn *conn)
{
	if (conn->reading || conn->paused)
		return;
	conn->reading = true;
	take_stash(conn);
	for (int i = 0; i < READS_MAX || has_more(conn); i++) {
		if (conn->paused || conn->state == CONN_CLOSED ||
		    !read_once(conn))
			break;
	}
	conn->reading = false;
	expect_progress(conn);
}

/* --- writing ------------------------------------------------------------- */

void
conn_queue(struct conn *conn, struct parcel *parcel)
{
	if (conn->state != CONN_CLOSED)
		outbox_push(&conn->outbox, parcel);
}

/* The kernel took n bytes. */
static void
advance(struct conn *conn, size_t n)
{
	enum outbox_front front;

	conn->put_bytes += n;
	outbox_sent(&conn->outbox, n);
	while (conn->state != CONN_CLOSED) {
		front = outbox_pop(&conn->outbox);
		if (front == OUTBOX_UNSENT)
			break;
		deadline_cancel(&conn->putting);
		if (front == OUTBOX_HELLO)
			continue;
		conn->shared->counts.frames_out++;
		conn->shared->events->on_written(conn);
	}
}

/* Writes once; returns false when no more is taken or all is over. */
static bool
write_once(struct conn *conn)
{
	struct iovec pieces[OUTBOX_PIECES];
	int n = outbox_pieces(pieces, &conn->outbox);
	struct err err;
	ssize_t put;

	put = link_write(&conn->link, pieces, n, conn->shared->gathered, &err);
	if (put < 0)
		conn_close(conn, &err);
	if (put <= 0)
		return false;
	advance(conn, (size_t)put);
	return true;
}

static void
write_more(struct conn *conn)
{
	while (conn->outbox.n > 0 && conn->state != CONN_CLOSED) {
		if (!write_once(conn))
			break;
	}
	if (conn->state == CONN_CLOSED || conn->outbox.n == 0)
		return;
	if (deadline_is_running(&conn->putting) &&
	    conn->put_bytes < PROGRESS_BYTES)
		return;
	conn->put_bytes = 0;
	deadline_start(
	    &conn->shared->deadlines, &conn->putting, DEADLINE_WRITE);
}

/* --- what the loop says -------------------------------------------------- */

/* Both sides are sure of each other, or need not be: the SP headers. */
static void
begin_greeting(struct conn *conn)
{
	struct parcel *hello;

	conn->state = CONN_GREETING;
	if (conn->hello == 0)
		return; /* that of the accepting side is an answer */
	hello = parcel_new_hello(conn->hello);
	conn_queue(conn, hello);
	parcel_drop(hello);
	write_more(conn);
}

/* Goes on with the TLS handshake. */
static void
secure(struct conn *conn)
{
	struct edge_counts *counts = &conn->shared->counts;
	struct err err;
	int rc = tls_handshake(conn->link.tls, &err);

	if (rc == 0)
		return;
	if (rc < 0) {
		if (err.code == ERR_DENIED)
			counts->certificate_refused++;
		conn_close(conn, &err);
		return;
	}
	snprintf(conn->peer.identity, sizeof(conn->peer.identity), "%s",
	    tls_identity(conn->link.tls));
	begin_greeting(conn);
	/* What came along with the last flight wakes no poll. */
	read_more(conn);
}

/* Does a connection stand where one was asked for? */
static void
finish_connecting(struct conn *conn)
{
	socklen_t n = sizeof(int);
	struct err err;
	int error = 0;

	getsockopt(conn->link.fd, SOL_SOCKET, SO_ERROR, &error, &n);
	if (error != 0) {
		err_set(&err, ERR_IO, "connect: %s", uv_strerror(-error));
		conn_close(conn, &err);
		return;
	}
	if (conn->link.tls == NULL) {
		begin_greeting(conn);
		return;
	}
	conn->state = CONN_SECURING;
	secure(conn);
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct conn *conn = poll->data;

	if (status < 0)
		conn->watched = 0; /* libuv has stopped watching */
	if (conn->state <= CONN_SECURING) {
		if (conn->state == CONN_CONNECTING)
			finish_connecting(conn);
		else
			secure(conn);
		watch(conn, on_poll);
		return;
	}
	/* What came before the end is read first. */
	if ((events & UV_READABLE) != 0 || status < 0)
		read_more(conn);
	if ((events & UV_WRITABLE) != 0)
		write_more(conn);
	if (status < 0 || ((events & UV_DISCONNECT) != 0 && conn->paused))
		close_as_left(conn);
	watch(conn, on_poll);
}

void
conn_flush(struct conn *conn)
{
	if (conn->state <= CONN_SECURING)
		return;
	write_more(conn);
	watch(conn, on_poll);
}

void
conn_pause(struct conn *conn)
{
	conn->paused = true;
	deadline_cancel(&conn->getting);
	if (!conn->reading)
		watch(conn, on_poll);
}

void
conn_resume(struct conn *conn)
{
	if (!conn->paused)
		return;
	conn->paused = false;
	read_more(conn);
	watch(conn, on_poll);
}

void
conn_start_idle(struct conn *conn)
{
	if (conn->state != CONN_CLOSED)
		deadline_start(
		    &conn->shared->deadlines, &conn->waiting, DEADLINE_IDLE);
}

void
conn_cancel_idle(struct conn *conn)
{
	deadline_cancel(&conn->waiting);
}

/* --- beginning ----------------------------------------------------------- */

/* Needs peer.transport. */
static void
begin(struct conn *conn, struct conn_shared *shared, int fd,
    struct tls_context *context, const char *server_name)
{
	enum transport transport = conn->peer.transport;

	conn->shared = shared;
	conn->link.fd = fd;
	conn->outbox.typed = transport == TRANSPORT_IPC;
	conn->peer.uid = UINT32_MAX;
	wire_init(&conn->wire, transport == TRANSPORT_IPC,
	    shared->limits.frame_bytes);
	deadline_init(&conn->waiting);
	deadline_init(&conn->getting);
	deadline_init(&conn->putting);
	if (transport != TRANSPORT_IPC)
		link_tune(fd, shared->limits.progress_ms * 2);
	if (transport == TRANSPORT_TLS)
		conn->link.tls =
		    tls_new(context, fd, server_name, shared->clock);
	uv_poll_init(shared->loop, &conn->poll, fd);
	conn->poll.data = conn;
	deadline_start(&shared->deadlines, &conn->waiting, DEADLINE_HANDSHAKE);
}

/* Who is at the other end of a Unix socket. */
static void
read_credentials(struct peer *peer, int fd)
{
	struct ucred ucred = { .pid = 0, .uid = UINT32_MAX };
	socklen_t n = sizeof(ucred);

	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &ucred, &n);
	peer->uid = ucred.uid;
	snprintf(
	    peer->address, sizeof(peer->address), "pid %d", (int)ucred.pid);
}

void
conn_accept(struct conn *conn, struct conn_shared *shared, int fd,
    enum transport transport, struct tls_context *context)
{
	struct edge_address address = { .n = sizeof(address.storage) };

	conn->peer.transport = transport;
	begin(conn, shared, fd, context, NULL);
	conn->state =
	    transport == TRANSPORT_TLS ? CONN_SECURING : CONN_GREETING;
	if (transport == TRANSPORT_IPC) {
		read_credentials(&conn->peer, fd);
	} else if (getpeername(fd, &address.any, &address.n) == 0) {
		edge_address_text(conn->peer.address, &address, true);
	}
	watch(conn, on_poll);
}

int
conn_connect(struct conn *conn, struct conn_shared *shared,
    const struct conn_target *target, struct err *err)
{
	const struct edge_address *address = target->address;
	int fd = socket(address->any.sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_set(err, ERR_IO, "socket: %s", uv_strerror(-errno));
	if (connect(fd, &address->any, address->n) < 0 &&
	    errno != EINPROGRESS) {
		err_set(err, ERR_IO, "connect: %s", uv_strerror(-errno));
		close(fd);
		return -1;
	}
	conn->peer.transport = target->transport;
	begin(conn, shared, fd, target->context, target->server_name);
	conn->state = CONN_CONNECTING;
	conn->hello = target->hello;
	edge_address_text(conn->peer.address, address, true);
	watch(conn, on_poll);
	return 0;
}

/* --- what they share ----------------------------------------------------- */

static void
on_due(void *arg, struct deadline *deadline)
{
	struct conn_shared *shared = arg;
	struct edge_counts *counts = &shared->counts;
	struct conn *conn;
	struct err err;

	switch (deadline->kind) {
	case DEADLINE_HANDSHAKE:
		conn = LIST_ITEM(deadline, struct conn, waiting);
		counts->handshakes_late++;
		err_set(&err, ERR_TIMEOUT, "no handshake within %u ms",
		    shared->limits.handshake_ms);
		break;
	case DEADLINE_IDLE:
		conn = LIST_ITEM(deadline, struct conn, waiting);
		counts->idle_closed++;
		err_set(&err, ERR_TIMEOUT, "nothing came for %u ms",
		    shared->limits.idle_ms);
		break;
	case DEADLINE_READ:
		conn = LIST_ITEM(deadline, struct conn, getting);
		counts->stalled_closed++;
		err_set(&err, ERR_TIMEOUT, "sent no %u KiB of a frame in %u ms",
		    PROGRESS_BYTES / 1024, shared->limits.progress_ms);
		break;
	default:
		conn = LIST_ITEM(deadline, struct conn, putting);
		counts->stalled_closed++;
		err_set(&err, ERR_TIMEOUT, "took no %u KiB of a frame in %u ms",
		    PROGRESS_BYTES / 1024, shared->limits.progress_ms);
		break;
	}
	conn_close(conn, &err);
}

void
conn_shared_init(struct conn_shared *shared, uv_loop_t *loop,
    const struct clock *clock, const struct edge_limits *limits,
    const struct conn_events *events)
{
	uint32_t *duration_ms = shared->deadlines.duration_ms;

	memset(shared, 0, sizeof(*shared));
	shared->loop = loop;
	shared->clock = clock;
	shared->limits = *limits;
	edge_limits_fill(&shared->limits);
	shared->events = events;
	shared->scratch = mem_zalloc(CONN_SCRATCH_BYTES);
	shared->gathered = mem_zalloc(LINK_SCRATCH_BYTES);
	deadlines_init(&shared->deadlines, loop, on_due, shared);
	duration_ms[DEADLINE_HANDSHAKE] = shared->limits.handshake_ms;
	duration_ms[DEADLINE_IDLE] = shared->limits.idle_ms;
	duration_ms[DEADLINE_READ] = shared->limits.progress_ms;
	duration_ms[DEADLINE_WRITE] = shared->limits.progress_ms;
}

void
conn_shared_fini(struct conn_shared *shared, uv_close_cb closed)
{
	free(shared->scratch);
	free(shared->gathered);
	deadlines_close(&shared->deadlines, closed);
}
