#include <stdlib.h>
#include <string.h>

#include "agent/probes/connect.h"
#include "agent/probes/postgres_look.h"
#include "agent/probes/secure.h"
#include "agent/probes/starttls.h"
#include "proto/base/mem.h"

struct postgres_look {
	struct connect connection;
	bool is_connected, is_plain_over, is_shaken;
	struct starttls starttls;
	struct secure *secure;
	char *first; /* what libpq said */
};

static const char *
trusted(const struct postgres_target *target)
{
	for (size_t i = 0; i < target->n_options; i++)
		if (strcmp(target->options[i].keyword, "sslrootcert") == 0)
			return target->options[i].value;
	return NULL;
}

/* As far as the certificate. */
static enum turn
look_on(struct probe *p, struct postgres_look *look,
    const struct postgres_target *target)
{
	struct secure_setup setup = {
		.name = target->host,
		.ca_file = trusted(target),
	};
	enum turn turn = TURN_NEXT;

	if (!look->is_connected)
		turn = connect_try(p, &look->connection);
	if (turn != TURN_NEXT)
		return turn;
	look->is_connected = true;
	setup.fd = look->connection.fd;
	if (!look->is_plain_over)
		turn = starttls_ask(p, &look->starttls, "postgres", setup.fd);
	if (turn != TURN_NEXT)
		return turn;
	look->is_plain_over = true;
	if (look->secure == NULL &&
	    secure_open(&look->secure, &setup, NULL) < 0)
		return TURN_STOP;
	turn = look->is_shaken ? TURN_NEXT : secure_handshake(p, look->secure);
	if (turn != TURN_NEXT)
		return turn;
	look->is_shaken = true;
	return secure_judge(p, look->secure);
}

enum turn
postgres_look_step(struct probe *p, struct postgres_look **out,
    const struct postgres_target *target)
{
	struct postgres_look *look = *out;
	enum turn turn;

	if (look == NULL) {
		look = *out = mem_zalloc(sizeof(*look));
		look->first = mem_strdup(probe_message(p));
	}
	turn = look_on(p, look, target);
	if (turn == TURN_WAIT)
		return TURN_WAIT;
	/* Only a chain that was seen is judged; the rest libpq knows better. */
	if (turn == TURN_STOP && look->is_shaken)
		return TURN_STOP;
	return probe_fail(p, REASON_CERTIFICATE, "%s", look->first);
}

void
postgres_look_free(struct postgres_look *look)
{
	if (look == NULL)
		return;
	secure_close(look->secure);
	connect_close(&look->connection);
	free(look->first);
	free(look);
}
