/*
 * state_json.h - what is kept of alerts, silences and receivers in the store.
 *
 * JSON, so that another version can read it: unknown members are skipped, and
 * missing ones are as if nothing had been said.
 */
#ifndef COLLECTOR_ALERT_STATE_JSON_H
#define COLLECTOR_ALERT_STATE_JSON_H

#include "collector/alert/mute.h"
#include "proto/base/err.h"

/* Keys of the store's state, each followed by an id or a name. */
#define STATE_ALERT    "alert/"
#define STATE_SILENCE  "alert-silence/"
#define STATE_RECEIVER "alert-receiver/"

/* How a receiver does. */
struct receiver_state {
	uint32_t n_failures; /* since it last took anything */
	int64_t failing_ms;  /* since when; 0: it does well */
	int64_t taken_ms;    /* when it last took anything; 0: never */
	char *trouble;       /* why not; NULL */
};

/* Owned by the caller, one line. */
char *state_write_alert(const struct alert *alert);
char *state_write_silence(const struct silence *silence);
char *state_write_receiver(const struct receiver_state *receiver);

/* ERR_CORRUPT for what is no state.  *out is owned by the caller. */
int state_read_alert(
    struct alert **out, const void *bytes, size_t n, struct err *err);
int state_read_silence(
    struct silence *out, const void *bytes, size_t n, struct err *err);
int state_read_receiver(
    struct receiver_state *out, const void *bytes, size_t n, struct err *err);

/* What a diagnose document says of the cause; texts are owned by the caller
 * (alert_cause_fini). */
int
state_read_verdict(struct alert_cause *out, const char *json, struct err *err);

#endif
