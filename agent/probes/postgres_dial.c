#include <stdio.h>
#include <string.h>

#include "agent/probes/postgres_dial.h"
#include "agent/resolve.h"
#include "proto/base/text.h"

#define ADDRESSES_MAX 4
#define NO_PASSFILE \
	"/nonexistent/.pgpass" /* that of the agent's user is not
					      what the service has */

/* host and hostaddr for each address: libpq checks certificates by the one,
 * connects to the other, and has nothing left to look up. */
static void
list_addresses(const struct probe *p, const struct postgres_target *target,
    struct text *hosts, struct text *addresses)
{
	const struct sockaddr *address;
	char text[ADDRESS_TEXT_BYTES], *end;

	for (size_t i = 0; i < ADDRESSES_MAX; i++) {
		address = probe_address(p, i, NULL);
		if (address == NULL)
			break;
		address_text(text, address);
		end = strrchr(text, ':');
		if (text[0] == '[')
			end--;
		*end = '\0';
		text_addf(hosts, "%s%s", i > 0 ? "," : "", target->host);
		text_addf(addresses, "%s%s", i > 0 ? "," : "",
		    text + (text[0] == '['));
	}
}

/* Notices are the server's business; libpq would print them. */
static void
ignore_notice(void *arg, const PGresult *result)
{
	(void)arg;
	(void)result;
}

PGconn *
postgres_dial(const struct probe *p, const struct postgres_target *target)
{
	const char *keywords[POSTGRES_OPTIONS_MAX + 8] = { 0 };
	const char *values[POSTGRES_OPTIONS_MAX + 8] = { 0 };
	struct text hosts = { 0 }, addresses = { 0 };
	char port[8];
	PGconn *conn;
	size_t n = 0;

	snprintf(port, sizeof(port), "%u", target->port);
	list_addresses(p, target, &hosts, &addresses);
#define ADD(k, v) keywords[n] = (k), values[n++] = (v)
	ADD("host", hosts.n > 0 ? hosts.bytes : target->host);
	if (addresses.n > 0)
		ADD("hostaddr", addresses.bytes);
	ADD("port", port);
	ADD("passfile", NO_PASSFILE);
	ADD("gssencmode", "disable");
	ADD("client_encoding", "UTF8");
	ADD("fallback_application_name", "vedette");
	for (size_t i = 0; i < target->n_options; i++)
		ADD(target->options[i].keyword, target->options[i].value);
#undef ADD
	conn = PQconnectStartParams(keywords, values, 0);
	text_fini(&hosts);
	text_fini(&addresses);
	if (conn == NULL)
		return NULL;
	PQsetNoticeReceiver(conn, ignore_notice, NULL);
	PQsetErrorVerbosity(conn, PQERRORS_VERBOSE); /* with SQLSTATE */
	return conn;
}
