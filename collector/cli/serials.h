/*
 * serials.h - notices events that did not arrive.
 *
 * A collector counts the events of each environment; what is dropped on the
 * way to a watcher that does not keep up leaves a hole.
 */
#ifndef COLLECTOR_CLI_SERIALS_H
#define COLLECTOR_CLI_SERIALS_H

#include <stdint.h>

struct serials;

struct serials *serials_new(void);

/* Takes note of an event and returns how many before it did not arrive.
 * Nothing is known before the first of an environment, of serial 0, and of
 * serials that go back. */
uint64_t
serials_note(struct serials *serials, const char *environment, uint64_t serial);

/* The next event of each environment is the first: after a lost connection. */
void serials_forget(struct serials *serials);

void serials_free(struct serials *serials); /* NULL is allowed */

#endif
