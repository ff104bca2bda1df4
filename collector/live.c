#include <stdlib.h>

#include "collector/live.h"
#include "proto/base/map.h"
#include "proto/rpc.h"

struct live {
	struct rpc_publisher *publisher;
	struct map *serials; /* environment: uint64_t, owned */
};

static uint64_t
next_serial(struct live *live, const char *environment)
{
	uint64_t *serial = map_get(live->serials, environment);

	if (serial == NULL) {
		serial = mem_zalloc(sizeof(*serial));
		map_put(live->serials, environment, serial);
	}
	return ++*serial;
}

int
live_new(struct live **out, const char *address, struct err *err)
{
	struct live *live = mem_zalloc(sizeof(*live));

	if (rpc_publisher_new(&live->publisher, address, err) < 0) {
		free(live);
		return -1;
	}
	live->serials = map_new();
	*out = live;
	return 0;
}

void
live_tell(struct live *live, const struct event *events, size_t n)
{
	char topic[EVENT_TOPIC_BYTES];
	unsigned char *bytes;
	struct event event;
	size_t n_bytes;

	for (size_t i = 0; i < n; i++) {
		event = events[i];
		event.serial = next_serial(live, event_environment(&event));
		event_encode(&bytes, &n_bytes, &event);
		rpc_publisher_send(live->publisher, event_topic(topic, &event),
		    bytes, n_bytes);
		free(bytes);
	}
}

void
live_free(struct live *live)
{
	if (live == NULL)
		return;
	MAP_EACH (uint64_t, serial, live->serials)
		free(serial);
	map_free(live->serials);
	rpc_publisher_close(live->publisher);
	free(live);
}
