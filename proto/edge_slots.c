#include <assert.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <stdlib.h>

#include "proto/base/mem.h"
#include "proto/crossing.h"
#include "proto/edge_slots.h"

/* An id is the highest bit, how often its slot was used, and its index. */
#define ID_BIT     0x80000000u
#define INDEX_MASK (SLOTS_MAX - 1)
#define USES_STEP  SLOTS_MAX

struct slot {
	enum {
		SLOT_RECEIVING, /* nng has the aio */
		SLOT_WAITING,   /* a request has arrived */
		SLOT_UNDER_WAY, /* it was given to our user */
		SLOT_ANSWERING, /* nng has the aio */
	} state;
	struct slots *slots;
	nng_ctx ctx;
	nng_aio *aio;
	nng_msg *msg; /* while it waits */
	uint32_t id;
	struct list node; /* of the crossing, then of those that wait */
};

struct slots {
	nng_socket socket;
	const struct slots_events *events;
	void *arg;
	bool is_paused;
	struct crossing crossing;
	struct list waiting;
	void (*closed)(void *arg);
	void *closed_arg;
	uint32_t n;
	struct slot slots[];
};

/* Runs on a thread of nng: hands over and touches nothing else. */
static void
on_aio(void *arg)
{
	struct slot *slot = arg;

	crossing_push(&slot->slots->crossing, &slot->node);
}

static void
receive(struct slot *slot)
{
	slot->state = SLOT_RECEIVING;
	nng_ctx_recv(slot->ctx, slot->aio);
}

/* nng is done with the aio. */
static void
arrive(struct slots *slots, struct slot *slot)
{
	int rc = nng_aio_result(slot->aio);

	if (slot->state == SLOT_ANSWERING) {
		if (rc != 0) /* its asker has left */
			nng_msg_free(nng_aio_get_msg(slot->aio));
		receive(slot);
	} else if (rc != 0) {
		receive(slot);
	} else {
		slot->state = SLOT_WAITING;
		slot->msg = nng_aio_get_msg(slot->aio);
		list_push(&slots->waiting, &slot->node);
	}
}

static void
on_arrival(void *arg)
{
	struct slots *slots = arg;
	struct list *node;
	bool any = false;

	while ((node = crossing_pop(&slots->crossing)) != NULL)
		arrive(slots, LIST_ITEM(node, struct slot, node));
	while (
	    !slots->is_paused && (node = list_pop(&slots->waiting)) != NULL) {
		struct slot *slot = LIST_ITEM(node, struct slot, node);
		nng_msg *msg = slot->msg;

		slot->state = SLOT_UNDER_WAY;
		slot->msg = NULL;
		slot->id = (slot->id + USES_STEP) | ID_BIT;
		any = true;
		slots->events->on_request(slots->arg, slot->id, msg);
	}
	if (any)
		slots->events->on_burst(slots->arg);
}

static int
open_slots(struct slots *slots, const char *address, struct err *err)
{
	int rc = nng_listen(slots->socket, address, NULL, 0);

	if (rc != 0)
		return err_set(err, rc == NNG_EADDRINUSE ? ERR_EXISTS : ERR_IO,
		    "listen at %s: %s", address, nng_strerror(rc));
	for (uint32_t i = 0; i < slots->n; i++) {
		struct slot *slot = &slots->slots[i];

		slot->slots = slots;
		slot->id = ID_BIT | i;
		list_init(&slot->node);
		if (nng_ctx_open(&slot->ctx, slots->socket) != 0 ||
		    nng_aio_alloc(&slot->aio, on_aio, slot) != 0)
			abort(); /* out of memory, as in mem_zalloc() */
	}
	return 0;
}

int
slots_open(struct slots **out, uv_loop_t *loop, const char *address, uint32_t n,
    const struct slots_events *events, void *arg, struct err *err)
{
	struct slots *slots;
	int rc;

	assert(n > 0 && n <= SLOTS_MAX);
	slots = mem_zalloc(sizeof(*slots) + n * sizeof(struct slot));
	slots->n = n;
	slots->events = events;
	slots->arg = arg;
	slots->is_paused = true;
	list_init(&slots->waiting);
	rc = nng_rep0_open(&slots->socket);
	if (rc != 0) {
		free(slots);
		return err_set(err, ERR_IO, "socket for %s: %s", address,
		    nng_strerror(rc));
	}
	if (open_slots(slots, address, err) < 0 ||
	    crossing_init(&slots->crossing, loop, on_arrival, slots) < 0) {
		nng_close(slots->socket);
		free(slots);
		return -1;
	}
	for (uint32_t i = 0; i < n; i++)
		receive(&slots->slots[i]);
	*out = slots;
	return 0;
}

void
slots_resume(struct slots *slots)
{
	slots->is_paused = false;
	crossing_wake(&slots->crossing);
}

bool
slots_answer(struct slots *slots, uint32_t id, nng_msg *msg)
{
	uint32_t index = id & INDEX_MASK;
	struct slot *slot = &slots->slots[index];

	if (index >= slots->n || slot->id != id ||
	    slot->state != SLOT_UNDER_WAY) {
		nng_msg_free(msg);
		return false;
	}
	slot->state = SLOT_ANSWERING;
	nng_aio_set_msg(slot->aio, msg);
	nng_ctx_send(slot->ctx, slot->aio);
	return true;
}

void
slots_forget(struct slots *slots)
{
	slots->is_paused = true;
	for (uint32_t i = 0; i < slots->n; i++) {
		struct slot *slot = &slots->slots[i];

		if (slot->state == SLOT_WAITING) {
			list_remove(&slot->node);
			nng_msg_free(slot->msg);
			slot->msg = NULL;
			receive(slot);
		} else if (slot->state == SLOT_UNDER_WAY) {
			receive(slot); /* which forgets the one before */
		}
	}
}

static void
on_closed(void *arg)
{
	struct slots *slots = arg;
	void (*closed)(void *arg) = slots->closed;
	void *closed_arg = slots->closed_arg;

	free(slots);
	closed(closed_arg);
}

void
slots_close(struct slots *slots, void (*closed)(void *arg), void *arg)
{
	slots->closed = closed;
	slots->closed_arg = arg;
	nng_close(slots->socket);
	for (uint32_t i = 0; i < slots->n; i++) {
		struct slot *slot = &slots->slots[i];

		/* No callback runs from here on. */
		nng_aio_stop(slot->aio);
		if (slot->state == SLOT_RECEIVING &&
		    nng_aio_result(slot->aio) == 0)
			slot->msg = nng_aio_get_msg(slot->aio);
		if (slot->state == SLOT_ANSWERING &&
		    nng_aio_result(slot->aio) != 0)
			slot->msg = nng_aio_get_msg(slot->aio);
		if (slot->msg != NULL)
			nng_msg_free(slot->msg);
		nng_aio_free(slot->aio);
	}
	crossing_close(&slots->crossing, on_closed);
}
