#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probes/dns_answer.h"
#include "agent/probes/dns_hosts.h"
#include "agent/probes/kinds.h"
#include "agent/resolve.h"
#include "proto/base/file.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define NAME_MAX_BYTES  253 /* RFC 1035, section 2.3.4, as text */
#define HOSTS_PATH      "/etc/hosts"
#define HOSTS_MAX_BYTES (1 << 20)

struct dns {
	struct dns_answer answer;
};

/* "A of db.test", and whom we asked. */
static char *
question_of(const struct dns_config *config)
{
	return config->server == NULL
	    ? mem_printf("%s of %s", config->type, config->name)
	    : mem_printf(
		  "%s of %s at %s", config->type, config->name, config->server);
}

static enum turn
refused(struct probe *p, const struct resolved *found)
{
	char *question = question_of(probe_config(p)->dns);

	if (found->reason == REASON_INTERNAL)
		probe_unknown(p, found->reason, "%s: %s", question, found->why);
	else
		probe_fail(p, found->reason, "%s: %s", question, found->why);
	free(question);
	return TURN_STOP;
}

/* What programs of this host are told, whatever name servers say. */
static void
report_hosts(struct probe *p, const struct dns_config *config)
{
	char *text = NULL, *found, *name;
	size_t n;

	if (strcmp(config->type, "A") != 0 ||
	    file_read(&text, &n, HOSTS_PATH, HOSTS_MAX_BYTES, NULL) < 0)
		return;
	found = dns_hosts_find(text, config->name);
	name = mem_printf("hosts/%s", config->name);
	probe_fact(p, name, found, NULL, SOURCE_FILE);
	free(name);
	free(found);
	free(text);
}

static enum turn
query_step(struct probe *p, void *state)
{
	const struct dns_config *config = probe_config(p)->dns;
	const struct resolved *found = probe_answer(p);
	struct dns *dns = state;
	int type = dns_type_parse(config->type);

	if (found == NULL) {
		probe_text(p, "name", config->name);
		report_hosts(p, config);
		return probe_query(p, config->server, config->name, type);
	}
	if (found->reason != REASON_NONE)
		return refused(p, found);
	if (dns_answer_read(
		&dns->answer, found->answer, found->n_answer, type) < 0)
		return probe_fail(p, REASON_PROTOCOL,
		    "%s: the answer of the name server makes no sense",
		    config->name);
	return TURN_NEXT;
}

static bool
holds(const struct dns_answer *answer, const char *record)
{
	for (size_t i = 0; i < answer->n_records; i++)
		if (strcmp(answer->records[i], record) == 0)
			return true;
	return false;
}

/* The set of the answers is the fact: their order changes with every query. */
static void
report(struct probe *p, const struct dns_config *config,
    const struct dns_answer *answer)
{
	struct text set = { 0 };
	char *name = strcmp(config->type, "A") == 0
	    ? mem_printf("dns/%s", config->name)
	    : mem_printf("dns/%s/%s", config->name, config->type);

	for (size_t i = 0; i < answer->n_records; i++)
		text_addf(&set, "%s%s", i > 0 ? ", " : "", answer->records[i]);
	probe_text(p, "answers", set.bytes);
	probe_number(p, "ttl_s", answer->ttl_s);
	probe_fact(p, name, set.bytes, NULL, SOURCE_SERVER);
	free(name);
	text_fini(&set);
}

static enum turn
answer_step(struct probe *p, void *state)
{
	const struct dns_config *config = probe_config(p)->dns;
	const struct dns *dns = state;
	const struct dns_answer *answer = &dns->answer;
	struct text missing = { 0 };
	enum turn turn = TURN_NEXT;

	if (answer->n_records == 0)
		return probe_fail(p, REASON_NO_ADDRESS,
		    "%s: the name exists, without %s records", config->name,
		    config->type);
	report(p, config, answer);
	for (uint32_t i = 0; i < config->n_expect; i++)
		if (!holds(answer, config->expect[i]))
			text_addf(&missing, "%s%s", missing.n > 0 ? ", " : "",
			    config->expect[i]);
	if (missing.n > 0)
		turn = probe_fail(p, REASON_ANSWER, "%s: the answer lacks %s",
		    config->name, missing.bytes);
	text_fini(&missing);
	return turn;
}

static void
cleanup(void *state)
{
	struct dns *dns = state;

	dns_answer_fini(&dns->answer);
}

static int
check(const struct conf *conf, const char *path,
    const struct probe_config *config, struct err *err)
{
	const struct dns_config *dns = config->dns;
	char at[256];
	int rc = 0;

	snprintf(at, sizeof(at), "%s.name", path);
	if (dns->name[0] == '\0' || strlen(dns->name) > NAME_MAX_BYTES)
		rc = conf_complain(conf, err, at, "not a name");
	snprintf(at, sizeof(at), "%s.type", path);
	if (dns_type_parse(dns->type) < 0)
		rc = conf_complain(conf, err, at,
		    "not a type: write A, AAAA, CNAME, MX, TXT or SRV");
	snprintf(at, sizeof(at), "%s.server", path);
	if (dns->server != NULL && !resolve_is_server(dns->server))
		rc = conf_complain(conf, err, at,
		    "not an address: write 192.0.2.53, 192.0.2.53:5353 or "
		    "[2001:db8::53]:53");
	return rc;
}

static const struct probe_step steps[] = {
	{ "query", query_step },
	{ "answer", answer_step },
	{ NULL, NULL },
};

const struct probe_kind dns_kind = {
	.name = "dns",
	.state_size = sizeof(struct dns),
	.steps = steps,
	.cleanup = cleanup,
	.check = check,
};
