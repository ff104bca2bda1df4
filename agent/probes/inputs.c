#include "agent/probes/inputs.h"

enum turn
inputs_secret(
    struct probe *p, struct secret **out, const char *key, const char *text)
{
	struct err err;

	if (secret_load(out, text, &err) < 0)
		return probe_unknown(
		    p, REASON_INTERNAL, "%s: %s", key, err.text);
	probe_hide(p, secret_reveal(*out));
	return TURN_NEXT;
}

/* It says nothing of the target; an env probe is there to say it of the
 * service. */
enum turn
inputs_variables(struct probe *p, struct variables **out,
    const struct variables_config *source)
{
	struct err err;

	if (variables_read(out, source, &err) == 0)
		return TURN_NEXT;
	return probe_unknown(p,
	    err.code == ERR_DENIED ? REASON_DENIED : REASON_PROCESS, "%s",
	    err.text);
}
