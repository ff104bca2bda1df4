/*
 * query_codec.h - the structs of query.h as messages, and back with checks.
 *
 * Packed messages stand in the arena and borrow the texts; unpacked structs
 * borrow the texts of the message and keep their rows in the arena.  For the
 * query*.c files alone.
 */
#ifndef PROTO_QUERY_CODEC_H
#define PROTO_QUERY_CODEC_H

#include "proto/message.h"
#include "proto/query.h"
#include "proto/query.pb-c.h"

Vedette__StatusAnswer *
status_pack(struct arena *arena, const struct status_answer *answer);
int status_unpack(struct status_answer *out, struct arena *arena,
    const Vedette__StatusAnswer *message, struct err *err);

Vedette__HistoryAnswer *
history_pack(struct arena *arena, const struct history_answer *answer);
int history_unpack(struct history_answer *out, struct arena *arena,
    const Vedette__HistoryAnswer *message, struct err *err);

Vedette__ChangesAnswer *
changes_pack(struct arena *arena, const struct changes_answer *answer);
int changes_unpack(struct changes_answer *out, struct arena *arena,
    const Vedette__ChangesAnswer *message, struct err *err);

Vedette__RegressionsAnswer *
regressions_pack(struct arena *arena, const struct regressions_answer *answer);
int regressions_unpack(struct regressions_answer *out, struct arena *arena,
    const Vedette__RegressionsAnswer *message, struct err *err);

Vedette__MarkRow *mark_pack(struct arena *arena, const struct mark *mark);
/* Those of the message, and by whom it was told ("": nobody says).  In the
 * arena; texts are borrowed. */
int mark_attributes(struct mark *out, struct arena *arena,
    const Vedette__MarkRow *message, const char *by, struct err *err);

Vedette__Event *event_pack(struct arena *arena, const struct event *event);
int event_unpack(struct event *out, struct arena *arena,
    const Vedette__Event *message, struct err *err);

/* Checks a request and has it answered: the answer, in the arena, or NULL with
 * err.  method counts those of query.proto. */
const ProtobufCMessage *
query_answer(const struct query_handlers *handlers, void *arg, unsigned method,
    struct arena *arena, const void *request, struct err *err);

/* What a question came to that was answered in vain. */
enum rpc_code query_code(const struct err *err);

/* Does handlers->later take it over? */
bool query_is_later(const struct query_handlers *handlers, unsigned method);

/* Hands it over.  made is called where the answer was made, maybe on another
 * thread; its message stays until told, which is called once from the loop,
 * maybe before this returns. */
struct query_later {
	void (*made)(void *arg, const ProtobufCMessage *message);
	void (*told)(void *arg, const struct rpc_status *status);
};
void query_answer_later(const struct query_handlers *handlers,
    void *handlers_arg, unsigned method, const ProtobufCMessage *request,
    const struct query_later *later, void *arg);

#endif
