#include <stdio.h>

#include "agent/probes/connect.h"
#include "agent/probes/kinds.h"

static enum turn
resolve_step(struct probe *p, void *state)
{
	const struct tcp_config *config = probe_config(p)->tcp;

	if (probe_answer(p) == NULL)
		probe_target(p, config->host, config->port);
	return probe_resolve(p, state);
}

static enum turn
connect_step(struct probe *p, void *state)
{
	return connect_try(p, state);
}

static void
expire(struct probe *p, void *state)
{
	connect_expire(p, state);
}

static void
cleanup(void *state)
{
	connect_close(state);
}

static int
check(const struct conf *conf, const char *path,
    const struct probe_config *config, struct err *err)
{
	char at[256];
	int rc = 0;

	if (config->tcp->host[0] == '\0') {
		snprintf(at, sizeof(at), "%s.host", path);
		rc = conf_complain(
		    conf, err, at, "must be a name or an address");
	}
	if (config->tcp->port == 0) {
		snprintf(at, sizeof(at), "%s.port", path);
		rc = conf_complain(conf, err, at, "must be from 1 to 65535");
	}
	return rc;
}

static const struct probe_step steps[] = {
	{ "resolve", resolve_step },
	{ "connect", connect_step },
	{ NULL, NULL },
};

const struct probe_kind tcp_kind = {
	.name = "tcp",
	.state_size = sizeof(struct connect),
	.steps = steps,
	.cleanup = cleanup,
	.expire = expire,
	.check = check,
};
