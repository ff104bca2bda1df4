#include <stdlib.h>
#include <string.h>

#include "collector/alert/target.h"
#include "proto/base/mem.h"

#define PAGERDUTY_URL "https://events.pagerduty.com/v2/enqueue"

/* --- addresses ------------------------------------------------------------ */

/* The host of "scheme://user@host:port/path", in place. */
static const char *
host_of(size_t *out_n, const char *url)
{
	const char *host = strstr(url, "://"), *at;

	host = host != NULL ? host + 3 : url;
	*out_n = strcspn(host, "/?#");
	at = memchr(host, '@', *out_n);
	if (at != NULL) {
		*out_n -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	return host;
}

static bool
is_loopback(const char *host, size_t n)
{
	static const char *const names[] = { "127.", "[::1]", "localhost" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n_name = strlen(names[i]);

		if (n < n_name || strncmp(host, names[i], n_name) != 0)
			continue;
		if (i == 0 || n == n_name || host[n_name] == ':')
			return true;
	}
	return false;
}

/* What may be shown of an address: a webhook's path is its password. */
static int
set_url(struct target *target, const struct receiver_config *config,
    const char *url, struct err *err)
{
	const char *text, *host;
	bool is_secure;
	size_t n;

	if (secret_load(&target->url, url, err) < 0)
		return err_wrap(err, "alerts: receiver %s: url", config->name);
	text = secret_reveal(target->url);
	is_secure = strncmp(text, "https://", 8) == 0 ||
	    strncmp(text, "smtps://", 8) == 0;
	if (!is_secure && strncmp(text, "http://", 7) != 0 &&
	    strncmp(text, "smtp://", 7) != 0)
		return err_set(err, ERR_INVALID,
		    "alerts: receiver %s: url: not an address: write "
		    "https://HOST/PATH",
		    config->name);
	host = host_of(&n, text);
	target->shown = mem_strndup(host, n);
	target->is_plain = config->insecure || is_loopback(host, n);
	/* Mail begins without TLS, and may not go on so: the courier. */
	if (!is_secure && !target->is_plain && target->way->road == ROAD_HTTP)
		return err_set(err, ERR_INVALID,
		    "alerts: receiver %s: url: beyond the loopback needs "
		    "https://, or insecure: true",
		    config->name);
	return 0;
}

static int
set_secret(struct secret **out, const struct receiver_config *config,
    const char *what, const char *text, struct err *err)
{
	if (text == NULL)
		return 0;
	if (secret_load(out, text, err) < 0)
		return err_wrap(
		    err, "alerts: receiver %s: %s", config->name, what);
	/* It stands in a line of its own. */
	if (strpbrk(secret_reveal(*out), "\r\n") != NULL ||
	    secret_size(*out) == 0)
		return err_set(err, ERR_INVALID,
		    "alerts: receiver %s: %s: must be one line, and not empty",
		    config->name, what);
	return 0;
}

static void
set_list(struct target *target, const struct names *names)
{
	target->list = mem_calloc(names->n + 1, sizeof(*target->list));
	for (uint32_t i = 0; i < names->n; i++)
		target->list[target->n_list++] = mem_strdup(names->names[i]);
}

/* --- what a receiver is ---------------------------------------------------- */

static const struct way *
way_of(const struct receiver_config *config)
{
	return config->webhook != NULL     ? &way_webhook
	    : config->alertmanager != NULL ? &way_alertmanager
	    : config->pagerduty != NULL    ? &way_pagerduty
	    : config->smtp != NULL         ? &way_mail
					   : &way_command;
}

const char *
target_way(const struct receiver_config *config)
{
	return way_of(config)->name;
}

size_t
target_count(const struct receiver_config *config)
{
	return config->alertmanager != NULL ? config->alertmanager->urls.n : 1;
}

char *
target_name(const struct receiver_config *config, size_t i)
{
	return target_count(config) == 1
	    ? mem_strdup(config->name)
	    : mem_printf("%s.%zu", config->name, i + 1);
}

/* --- one ------------------------------------------------------------------ */

static void
target_free(struct target *target)
{
	secret_free(target->url);
	secret_free(target->token);
	secret_free(target->key);
	secret_free(target->password);
	for (size_t i = 0; i < target->n_list; i++)
		free(target->list[i]);
	free(target->list);
	free(target->name);
	free(target->receiver);
	free(target->shown);
	free(target->user);
	free(target->from);
	free(target->ca_file);
	free(target);
}

/* Adds the i-th target of the receiver. */
static struct target *
add(struct targets *targets, const struct receiver_config *config, size_t i,
    struct err *err)
{
	struct target *target;

	if (targets->n == TARGETS_MAX) {
		err_set(err, ERR_LIMIT,
		    "alerts: more than %d receivers, each Alertmanager "
		    "counted",
		    TARGETS_MAX);
		return NULL;
	}
	target = mem_zalloc(sizeof(*target));
	target->way = way_of(config);
	target->name = target_name(config, i);
	target->receiver = mem_strdup(config->name);
	target->ca_file = mem_strdup(config->ca_file);
	target->timeout_ms = config->timeout_ms;
	targets->list[targets->n++] = target;
	return target;
}

static int
add_webhook(struct targets *targets, const struct receiver_config *config,
    struct err *err)
{
	struct target *target = add(targets, config, 0, err);

	if (target == NULL)
		return -1;
	target->text_only = config->webhook->text_only;
	if (set_secret(&target->token, config, "token", config->webhook->token,
		err) < 0)
		return -1;
	return set_url(target, config, config->webhook->url, err);
}

static int
add_alertmanagers(struct targets *targets, const struct receiver_config *config,
    struct err *err)
{
	const struct alertmanager_config *of = config->alertmanager;

	for (uint32_t i = 0; i < of->urls.n; i++) {
		struct target *target = add(targets, config, i, err);

		if (target == NULL)
			return -1;
		target->resend_ms = of->resend_ms;
		if (set_secret(
			&target->token, config, "token", of->token, err) < 0 ||
		    set_url(target, config, of->urls.names[i], err) < 0)
			return -1;
	}
	return 0;
}

static int
add_pagerduty(struct targets *targets, const struct receiver_config *config,
    struct err *err)
{
	const struct pagerduty_config *of = config->pagerduty;
	struct target *target = add(targets, config, 0, err);

	if (target == NULL ||
	    set_secret(
		&target->key, config, "routing_key", of->routing_key, err) < 0)
		return -1;
	return set_url(
	    target, config, of->url != NULL ? of->url : PAGERDUTY_URL, err);
}

static int
add_mail(struct targets *targets, const struct receiver_config *config,
    struct err *err)
{
	const struct smtp_config *of = config->smtp;
	struct target *target = add(targets, config, 0, err);

	if (target == NULL)
		return -1;
	set_list(target, &of->to);
	target->from = mem_strdup(of->from);
	target->user = mem_strdup(of->user);
	if (set_secret(
		&target->password, config, "password", of->password, err) < 0)
		return -1;
	return set_url(target, config, of->url, err);
}

static int
add_command(struct targets *targets, const struct receiver_config *config,
    struct err *err)
{
	struct target *target = add(targets, config, 0, err);

	if (target == NULL)
		return -1;
	set_list(target, &config->command);
	target->shown = mem_strdup(target->list[0]);
	return 0;
}

/* --- all ------------------------------------------------------------------ */

int
targets_load(
    struct targets *out, const struct alerts_config *config, struct err *err)
{
	int rc = 0;

	memset(out, 0, sizeof(*out));
	for (uint32_t i = 0;
	     rc == 0 && config != NULL && i < config->n_receivers; i++) {
		const struct receiver_config *receiver = &config->receivers[i];

		rc = receiver->webhook != NULL ? add_webhook(out, receiver, err)
		    : receiver->alertmanager != NULL
		    ? add_alertmanagers(out, receiver, err)
		    : receiver->pagerduty != NULL
		    ? add_pagerduty(out, receiver, err)
		    : receiver->smtp != NULL ? add_mail(out, receiver, err)
					     : add_command(out, receiver, err);
	}
	if (rc < 0)
		targets_fini(out);
	return rc;
}

void
targets_fini(struct targets *targets)
{
	while (targets->n > 0)
		target_free(targets->list[--targets->n]);
}
