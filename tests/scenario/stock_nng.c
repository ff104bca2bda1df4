/* A foreign client on stock libnng: stock_nng URL AT_MS publishes one result
 * and asks for it; prints what the collector answered. */
#include <assert.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/crc32c.h"
#include "proto/envelope.pb-c.h"
#include "proto/publish.pb-c.h"
#include "proto/query.pb-c.h"

/* One call and its reply; the program ends with 1 when there is none. */
static Vedette__Reply *
call(nng_socket socket, char *method, const ProtobufCMessage *request)
{
	static unsigned char payload[65536], bytes[70000];
	Vedette__Call frame = VEDETTE__CALL__INIT;
	Vedette__Reply *reply = NULL;
	void *back;
	size_t n;

	frame.id = 7;
	frame.method = method;
	frame.payload.data = payload;
	frame.payload.len = protobuf_c_message_pack(request, payload);
	n = vedette__call__pack(&frame, bytes);
	if (nng_send(socket, bytes, n, 0) == 0 &&
	    nng_recv(socket, &back, &n, NNG_FLAG_ALLOC) == 0) {
		reply = vedette__reply__unpack(NULL, n, back);
		nng_free(back, n);
	}
	if (reply == NULL || reply->id != frame.id) {
		fprintf(stderr, "%s: no reply\n", method);
		exit(1);
	}
	printf("%s: status %u %s\n", method, reply->status, reply->message);
	return reply;
}

static void
publish(nng_socket socket, int64_t at_ms)
{
	Vedette__Content content = VEDETTE__CONTENT__INIT;
	Vedette__Series series = VEDETTE__SERIES__INIT, *all_series = &series;
	Vedette__Result result = VEDETTE__RESULT__INIT, *results = &result;
	Vedette__Batch batch = VEDETTE__BATCH__INIT;
	unsigned char bytes[512];
	Vedette__Reply *reply;
	Vedette__Ack *ack;

	series.service = "web";
	series.probe = "port";
	series.kind = "tcp";
	series.vantage = 2; /* in_environment */
	series.interval_ms = 10000;
	result.duration_us = 1234;
	result.message = "said by a stranger";
	content.base_ms = at_ms;
	content.n_series = content.n_results = 1;
	content.series = &all_series;
	content.results = &results;
	batch.environment = "test";
	batch.agent = "stranger";
	batch.stream = 42;
	batch.sequence = 1;
	batch.wall_ms = at_ms;
	batch.vantage = 2;
	batch.content.data = bytes;
	batch.content.len = vedette__content__pack(&content, bytes);
	batch.crc32c = crc32c(0, bytes, batch.content.len);
	reply = call(socket, "vedette.Publish/Send", &batch.base);
	ack =
	    vedette__ack__unpack(NULL, reply->payload.len, reply->payload.data);
	if (ack != NULL)
		printf("sequence %llu, repeated %d\n",
		    (unsigned long long)ack->sequence, ack->repeated_before);
	vedette__ack__free_unpacked(ack, NULL);
	vedette__reply__free_unpacked(reply, NULL);
}

static void
query(nng_socket socket)
{
	Vedette__HistoryRequest request = VEDETTE__HISTORY_REQUEST__INIT;
	Vedette__HistoryAnswer *answer;
	Vedette__Reply *reply;

	request.environment = "test";
	reply = call(socket, "vedette.Query/History", &request.base);
	answer = vedette__history_answer__unpack(
	    NULL, reply->payload.len, reply->payload.data);
	for (size_t i = 0; answer != NULL && i < answer->n_rows; i++)
		printf("%s/%s %llu us: %s\n", answer->rows[i]->environment,
		    answer->rows[i]->series->service,
		    (unsigned long long)answer->rows[i]->result->duration_us,
		    answer->rows[i]->result->message);
	vedette__history_answer__free_unpacked(answer, NULL);
	vedette__reply__free_unpacked(reply, NULL);
}

int
main(int argc, char **argv)
{
	nng_socket socket;

	assert(argc == 3);
	if (nng_req0_open(&socket) != 0 ||
	    nng_dial(socket, argv[1], NULL, 0) != 0) {
		fprintf(stderr, "%s: not reached\n", argv[1]);
		return 1;
	}
	nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, 30000);
	publish(socket, atoll(argv[2]));
	query(socket);
	nng_close(socket);
	return 0;
}
