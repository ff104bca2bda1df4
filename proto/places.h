/*
 * places.h - rows of an answer in the order of their places.
 *
 * A place is an environment and a service.  Rows of one place keep the order
 * they were added in, so the same answer gives the same page.
 */
#ifndef PROTO_PLACES_H
#define PROTO_PLACES_H

#include <stdbool.h>
#include <stddef.h>

/* A row, borrowed as long as its answer is. */
struct placed {
	const char *environment, *service;
	const void *row;
	size_t order; /* in which it was added */
	bool shown;   /* the caller's */
};

struct places {
	struct placed *rows;
	size_t n;
};

/* Makes room for n rows. */
void places_init(struct places *places, size_t n);
void places_add(struct places *places, const char *environment,
    const char *service, const void *row);
/* Call once, after the last row was added and before any is looked for. */
void places_sort(struct places *places);
void places_fini(struct places *places);

/* The first row that does not stand before this place. */
struct placed *places_find(
    const struct places *places, const char *environment, const char *service);

/* Is this one of the rows, and of this place? */
bool places_is_at(const struct places *places, const struct placed *placed,
    const char *environment, const char *service);

/* Visits the rows of one place. */
#define PLACES_AT(at, places, environment, service)               \
	for (struct placed *at =                                  \
		 places_find((places), (environment), (service)); \
	     places_is_at((places), at, (environment), (service)); at++)

#endif
