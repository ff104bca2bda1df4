/*
 * edge_guests.h - the peers of a listening edge: by number, by origin, by
 * what they still have to do.
 */
#ifndef PROTO_EDGE_GUESTS_H
#define PROTO_EDGE_GUESTS_H

#include "proto/base/list.h"
#include "proto/base/map.h"
#include "proto/edge_conn.h"

struct origin; /* where peers come from, while some of them shake hands */

struct guest {
	struct conn conn;
	void *owner;
	/* On the header of its messages inside.  Not used again before 2^31
	 * others: an answer that comes late finds nobody, never another. */
	uint32_t number;
	struct list by_number, by_age, by_origin;
	struct origin *origin; /* NULL once the handshake is over */

	struct list in_waiting; /* for room inside, with held */
	struct list in_dirty;   /* something was queued and not flushed */
	struct list in_subs;    /* takes events */
	nng_msg *held;
	uint32_t in_flight;
};

struct guests {
	struct list *buckets;
	size_t n_buckets; /* a power of two */
	uint32_t last_number;
	uint64_t last_connection;
	size_t n; /* guests that are not freed yet */
	struct map *origins;
	struct list shaking_hands; /* oldest first */
};

/* seed: where the numbers of connections begin. */
void guests_init(struct guests *guests, uint32_t connections, uint64_t seed);
void guests_fini(struct guests *guests); /* when n is 0 */

struct guest *guests_find(const struct guests *guests, uint32_t number);

/* A new guest, zeroed, to be accepted by conn_accept() and then added. */
struct guest *guest_new(void *owner);
void guests_add(struct guests *guests, struct guest *guest);

/* The oldest that shakes hands; of the same origin as guest, unless NULL.
 * NULL when there is none. */
struct guest *
guests_oldest(const struct guests *guests, const struct guest *guest);

/* How many of the same origin shake hands, guest included. */
uint32_t guests_shaking_hands(const struct guest *guest);

/* The handshake is over. */
void guests_welcome(struct guests *guests, struct guest *guest);

/* It is closed: nobody finds it any more. */
void guests_forget(struct guests *guests, struct guest *guest);
void guest_free(struct guests *guests, struct guest *guest);

/* Calls visit for each guest in the next n buckets from the one at; it may
 * close that guest.  Returns where to go on, 0 at the end. */
size_t guests_some(struct guests *guests, size_t at, size_t n,
    void (*visit)(void *arg, struct guest *guest), void *arg);

#endif
