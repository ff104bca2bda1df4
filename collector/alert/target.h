/*
 * target.h - where one receiver is reached, with its secrets.
 *
 * A receiver of the configuration is one target, or one for each Alertmanager
 * of a cluster.  Secrets are read when the configuration is, and shown by
 * nobody.
 */
#ifndef COLLECTOR_ALERT_TARGET_H
#define COLLECTOR_ALERT_TARGET_H

#include "collector/alert/notice.h"
#include "proto/base/secret.h"
#include "proto/base/text.h"

#define TARGETS_MAX 32

enum road { ROAD_HTTP, ROAD_MAIL, ROAD_COMMAND };

struct target;

/* A way to tell: how a notice is written, and the road that it takes. */
struct way {
	const char *name; /* as in the configuration */
	enum road road;
	const char *path; /* after the url; "" */
	/* Writes what is to be sent. */
	void (*write)(struct text *out, const struct target *target,
	    const struct notice *notice);
};

struct target {
	const struct way *way;
	char *name;     /* "chat"; of several "chat.2" */
	char *receiver; /* the name that routes use */
	char *shown;    /* where it is, for people, without secrets */
	struct secret *url, *token, *key, *password; /* NULL: none */
	char *user, *from;
	char **list; /* whom a mail is for; a program and its arguments */
	size_t n_list;
	char *ca_file;
	bool is_plain; /* without TLS: insecure, or the loopback */
	bool text_only;
	int64_t timeout_ms, resend_ms;
};

struct targets {
	struct target *list[TARGETS_MAX];
	size_t n;
};

/* Of one receiver of the configuration: its way's name, how many targets it
 * is, and the name of each, owned by the caller. */
const char *target_way(const struct receiver_config *config);
size_t target_count(const struct receiver_config *config);
char *target_name(const struct receiver_config *config, size_t i);

/* Reads the secrets.  config may be NULL: there are none. */
int targets_load(
    struct targets *out, const struct alerts_config *config, struct err *err);
void targets_fini(struct targets *targets);

/* --- the ways there are, one file each ----------------------------------- */

extern const struct way way_webhook, way_alertmanager, way_pagerduty, way_mail,
    way_command;

#endif
