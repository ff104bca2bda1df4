#include <string.h>

#include "collector/numbers.h"

size_t
numbers_of(struct web_number *out, size_t n, const struct inbox *inbox,
    const struct rpc_server *rpc, const struct edge_server *edge)
{
	const struct inbox_counts *in = inbox_counts(inbox);
	const struct rpc_counts *calls = rpc_server_counts(rpc);
	const struct edge_counts *at = edge_server_counts(edge);
	const struct web_number numbers[] = {
		{ "batches_stored", "Batches that were stored.", in->stored,
		    true, NULL },
		{ "batches_repeated", "Batches that were stored already.",
		    in->repeated, true, NULL },
		{ "batches_refused",
		    "Batches that were malformed, denied or "
		    "in conflict.",
		    in->malformed + in->denied + in->conflicts, true, NULL },
		{ "batches_busy", "Batches that were told to come again.",
		    in->busy, true, NULL },
		{ "batches_waiting",
		    "Batches that wait for their "
		    "transaction.",
		    inbox_waiting(inbox), false, NULL },
		{ "batches_unjudged",
		    "Batches that are stored and wait to be judged.",
		    inbox_unjudged(inbox), false, NULL },
		{ "transactions", "Transactions that were committed.",
		    in->transactions, true, NULL },
		{ "store_failures",
		    "Transactions that the store could not "
		    "take.",
		    in->failures, true, NULL },
		{ "calls", "Calls that came.", calls->calls, true, NULL },
		{ "calls_waiting", "Calls that are not answered yet.",
		    calls->calls - calls->answered - calls->refused_busy -
			calls->cancelled,
		    false, NULL },
		{ "calls_refused_busy", "Calls that found no room.",
		    calls->refused_busy, true, NULL },
		{ "edge_connections", "Connections of agents and people.",
		    at->open, false, NULL },
		{ "edge_refused", "Connections that were refused.",
		    at->handshakes_refused + at->handshakes_late +
			at->certificate_refused,
		    true, NULL },
		{ "edge_dropped_events",
		    "Events that subscribers were too "
		    "slow for.",
		    at->dropped_events, true, NULL },
	};
	size_t count = sizeof(numbers) / sizeof(numbers[0]);

	if (count > n)
		count = n;
	memcpy(out, numbers, count * sizeof(numbers[0]));
	return count;
}
