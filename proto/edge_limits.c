#include <sys/resource.h>

#include "proto/edge_limits.h"

/* Enough for anybody, where the number of files is not limited at all. */
#define CONNECTIONS_MAX 1000000

/* A tenth of the descriptors stays for everything else. */
static uint32_t
connections(void)
{
	struct rlimit files = { .rlim_cur = 1024 };
	rlim_t most;

	getrlimit(RLIMIT_NOFILE, &files);
	most = files.rlim_cur / 10 * 9;
	return most < CONNECTIONS_MAX ? (uint32_t)most : CONNECTIONS_MAX;
}

void
edge_limits_fill(struct edge_limits *limits)
{
	if (limits->frame_bytes == 0)
		limits->frame_bytes = 256 * 1024;
	if (limits->connections == 0)
		limits->connections = connections();
	if (limits->handshaking == 0)
		limits->handshaking = 256;
	if (limits->in_flight == 0)
		limits->in_flight = 16;
	if (limits->queue_bytes == 0)
		limits->queue_bytes = 4 * 1024 * 1024;
	if (limits->handshake_ms == 0)
		limits->handshake_ms = 10000;
	if (limits->progress_ms == 0)
		limits->progress_ms = 10000;
	if (limits->idle_ms == 0)
		limits->idle_ms = 60000;
}
