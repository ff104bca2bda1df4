/*
 * passage.h - the way between an edge and the RPC server on the same loop.
 *
 * What an inproc:// address of nng is between threads, without the threads:
 * there a call changes hands six times, which costs more than serving it.
 * Messages look the same on both ways: a header of words, the connection's
 * number first and the request's id last; a request's body begins with a
 * block of peer.h.
 *
 * Embedded by who owns both ends; zeroed before they are opened.  Each end
 * fills in its half, and takes it back when it closes.
 */
#ifndef PROTO_PASSAGE_H
#define PROTO_PASSAGE_H

#include <nng/nng.h>

/* One more than a peer may send: the connection's number. */
#define PASSAGE_WORDS_MAX 8

struct passage {
	/* Takes a request; NULL: nobody serves.  Who does may reply from here,
	 * which must not bring about another request at once. */
	void (*on_request)(void *arg, nng_msg *msg);
	void *server;
	/* Takes a reply; NULL: nobody waits. */
	void (*on_reply)(void *arg, nng_msg *msg);
	void *edge;
};

static inline void
passage_request(const struct passage *passage, nng_msg *msg)
{
	if (passage->on_request != NULL)
		passage->on_request(passage->server, msg);
	else
		nng_msg_free(msg);
}

static inline void
passage_reply(const struct passage *passage, nng_msg *msg)
{
	if (passage->on_reply != NULL)
		passage->on_reply(passage->edge, msg);
	else
		nng_msg_free(msg);
}

#endif
