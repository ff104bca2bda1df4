#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/mem.h"
#include "proto/edge_guests.h"

/* Chains of up to ten are fine at 40,000 connections. */
#define BUCKETS_MIN 64
#define BUCKETS_MAX 4096

/* A word with the highest bit set ends the words of a header. */
#define NUMBER_MASK 0x7fffffffu

struct origin {
	char name[EDGE_ADDRESS_BYTES];
	struct list guests; /* oldest first */
	uint32_t n;
};

void
guests_init(struct guests *guests, uint32_t connections, uint64_t seed)
{
	memset(guests, 0, sizeof(*guests));
	guests->n_buckets = BUCKETS_MIN;
	while (guests->n_buckets < BUCKETS_MAX &&
	    guests->n_buckets < connections / 4)
		guests->n_buckets *= 2;
	guests->buckets = mem_calloc(guests->n_buckets, sizeof(struct list));
	for (size_t i = 0; i < guests->n_buckets; i++)
		list_init(&guests->buckets[i]);
	guests->last_connection = seed;
	guests->origins = map_new();
	list_init(&guests->shaking_hands);
}

void
guests_fini(struct guests *guests)
{
	map_free(guests->origins);
	free(guests->buckets);
}

struct guest *
guests_find(const struct guests *guests, uint32_t number)
{
	struct list *bucket =
	    &guests->buckets[number & (guests->n_buckets - 1)];

	LIST_EACH (node, bucket) {
		struct guest *guest = LIST_ITEM(node, struct guest, by_number);

		if (guest->number == number)
			return guest;
	}
	return NULL;
}

struct guest *
guest_new(void *owner)
{
	struct guest *guest = mem_zalloc(sizeof(*guest));

	guest->owner = owner;
	list_init(&guest->by_number);
	list_init(&guest->by_age);
	list_init(&guest->by_origin);
	list_init(&guest->in_waiting);
	list_init(&guest->in_dirty);
	list_init(&guest->in_subs);
	return guest;
}

/* The name of where a peer comes from: the user, the IPv4 address, or the
 * half of an IPv6 address that one network is given. */
static void
name_origin(char out[EDGE_ADDRESS_BYTES], const struct peer *peer)
{
	struct in6_addr in6;
	char *end;

	if (peer->transport == TRANSPORT_IPC) {
		snprintf(out, EDGE_ADDRESS_BYTES, "uid %u", peer->uid);
		return;
	}
	snprintf(out, EDGE_ADDRESS_BYTES, "%s",
	    peer->address + (peer->address[0] == '['));
	end = strrchr(out, peer->address[0] == '[' ? ']' : ':');
	if (end != NULL)
		*end = '\0';
	if (inet_pton(AF_INET6, out, &in6) == 1) {
		memset(in6.s6_addr + 8, 0, 8);
		inet_ntop(AF_INET6, &in6, out, EDGE_ADDRESS_BYTES);
	}
}

static void
join_origin(struct guests *guests, struct guest *guest)
{
	char name[EDGE_ADDRESS_BYTES];
	struct origin *origin;

	name_origin(name, &guest->conn.peer);
	origin = map_get(guests->origins, name);
	if (origin == NULL) {
		origin = mem_zalloc(sizeof(*origin));
		memcpy(origin->name, name, sizeof(name));
		list_init(&origin->guests);
		map_put(guests->origins, name, origin);
	}
	guest->origin = origin;
	origin->n++;
	list_push(&origin->guests, &guest->by_origin);
}

static void
leave_origin(struct guests *guests, struct guest *guest)
{
	struct origin *origin = guest->origin;

	if (origin == NULL)
		return;
	guest->origin = NULL;
	list_remove(&guest->by_origin);
	if (--origin->n > 0)
		return;
	map_remove(guests->origins, origin->name);
	free(origin);
}

void
guests_add(struct guests *guests, struct guest *guest)
{
	do
		guests->last_number = (guests->last_number + 1) & NUMBER_MASK;
	while (guests->last_number == 0 ||
	    guests_find(guests, guests->last_number) != NULL);
	guest->number = guests->last_number;
	guest->conn.peer.connection = ++guests->last_connection;
	guests->n++;
	list_push(&guests->buckets[guest->number & (guests->n_buckets - 1)],
	    &guest->by_number);
	list_push(&guests->shaking_hands, &guest->by_age);
	join_origin(guests, guest);
}

struct guest *
guests_oldest(const struct guests *guests, const struct guest *guest)
{
	const struct list *list = &guests->shaking_hands;

	if (guest != NULL)
		return LIST_ITEM(
		    guest->origin->guests.next, struct guest, by_origin);
	return list_is_empty(list)
	    ? NULL
	    : LIST_ITEM(list->next, struct guest, by_age);
}

uint32_t
guests_shaking_hands(const struct guest *guest)
{
	return guest->origin->n;
}

void
guests_welcome(struct guests *guests, struct guest *guest)
{
	list_remove(&guest->by_age);
	leave_origin(guests, guest);
}

void
guests_forget(struct guests *guests, struct guest *guest)
{
	guests_welcome(guests, guest);
	list_remove(&guest->by_number);
	list_remove(&guest->in_waiting);
	list_remove(&guest->in_dirty);
	list_remove(&guest->in_subs);
}

void
guest_free(struct guests *guests, struct guest *guest)
{
	guests->n--;
	if (guest->held != NULL)
		nng_msg_free(guest->held);
	free(guest);
}

size_t
guests_some(struct guests *guests, size_t at, size_t n,
    void (*visit)(void *arg, struct guest *guest), void *arg)
{
	for (; n > 0 && at < guests->n_buckets; n--, at++) {
		LIST_EACH (node, &guests->buckets[at]) {
			visit(arg, LIST_ITEM(node, struct guest, by_number));
		}
	}
	return at < guests->n_buckets ? at : 0;
}
