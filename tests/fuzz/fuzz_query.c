/* Answers and events, as a client of any collector reads them. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "proto/query_codec.h"

#define ARENA_BYTES (1024 * 1024)

/* An event that decodes must encode, and decode to the same. */
static void
read_event(const uint8_t *bytes, size_t n)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	struct event event;
	unsigned char *encoded, *second;
	char topic[EVENT_TOPIC_BYTES];
	size_t n_encoded, n_second;

	if (event_decode(&event, arena, bytes, n, NULL) == 0) {
		event_topic(topic, &event);
		event_encode(&encoded, &n_encoded, &event);
		assert(
		    event_decode(&event, arena, encoded, n_encoded, NULL) == 0);
		event_encode(&second, &n_second, &event);
		assert(n_second == n_encoded);
		assert(memcmp(second, encoded, n_second) == 0);
		free(encoded);
		free(second);
	}
	arena_free(arena);
}

/* Unpacks by descriptor, as rpc does, and then into structs. */
static void
read_answers(const uint8_t *bytes, size_t n)
{
	struct arena *arena = arena_new(ARENA_BYTES);
	struct status_answer status;
	struct history_answer history;
	struct changes_answer changes;
	struct regressions_answer regressions;
	void *message;

	message = message_unpack(
	    &vedette__status_answer__descriptor, arena, bytes, n, NULL);
	if (message != NULL)
		status_unpack(&status, arena, message, NULL);
	message = message_unpack(
	    &vedette__history_answer__descriptor, arena, bytes, n, NULL);
	if (message != NULL)
		history_unpack(&history, arena, message, NULL);
	message = message_unpack(
	    &vedette__changes_answer__descriptor, arena, bytes, n, NULL);
	if (message != NULL)
		changes_unpack(&changes, arena, message, NULL);
	message = message_unpack(
	    &vedette__regressions_answer__descriptor, arena, bytes, n, NULL);
	if (message != NULL)
		regressions_unpack(&regressions, arena, message, NULL);
	arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	read_event(bytes, n);
	read_answers(bytes, n);
	return 0;
}
