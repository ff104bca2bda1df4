#include <stdlib.h>

#include "collector/live.h"
#include "proto/rpc.h"

struct live {
	struct rpc_publisher *publisher;
};

int
live_new(struct live **out, const char *address, struct err *err)
{
	struct live *live = mem_zalloc(sizeof(*live));

	if (rpc_publisher_new(&live->publisher, address, err) < 0) {
		free(live);
		return -1;
	}
	*out = live;
	return 0;
}

void
live_tell(struct live *live, const struct event *events, size_t n)
{
	char topic[EVENT_TOPIC_BYTES];
	unsigned char *bytes;
	size_t n_bytes;

	for (size_t i = 0; i < n; i++) {
		event_encode(&bytes, &n_bytes, &events[i]);
		rpc_publisher_send(live->publisher,
		    event_topic(topic, &events[i]), bytes, n_bytes);
		free(bytes);
	}
}

void
live_free(struct live *live)
{
	if (live == NULL)
		return;
	rpc_publisher_close(live->publisher);
	free(live);
}
