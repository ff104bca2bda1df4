#include <stdlib.h>
#include <string.h>

#include "agent/foreign.h"
#include "agent/init.h"
#include "proto/base/mem.h"

/* One target of one module. */
struct aim {
	struct draft *draft;
	const char *target, *module_name, *service;
	const json_t *module;
	int64_t interval_ms;
	char *place; /* "http_2xx, www.test" */
};

static int64_t
timeout_of(const struct aim *aim)
{
	const char *text = foreign_text(aim->module, "timeout");

	return text != NULL ? foreign_duration_ms(text) : -1;
}

static void
begin(const struct aim *aim, const char *name, const char *kind)
{
	draft_begin(aim->draft, name, kind, aim->service);
	foreign_times(
	    aim->draft, aim->place, aim->interval_ms, timeout_of(aim));
	draft_line(aim->draft, 0, "%s:", kind);
}

/* The files of a tls_config. */
static void
put_tls(const struct aim *aim, const json_t *tls, bool is_http)
{
	static const char *const known[] = { "ca_file", "cert_file", "key_file",
		"server_name", "insecure_skip_verify", NULL };
	const char *ca = foreign_text(tls, "ca_file");
	const char *certificate = foreign_text(tls, "cert_file");
	const char *key = foreign_text(tls, "key_file");
	const char *name = foreign_text(tls, "server_name");

	if (ca != NULL)
		draft_text(aim->draft, 1, "ca_file", ca);
	if (name != NULL && !is_http)
		draft_text(aim->draft, 1, "server_name", name);
	else if (name != NULL)
		draft_miss(
		    aim->draft, "%s: tls_config: server_name", aim->place);
	if (is_http && certificate != NULL && key != NULL) {
		draft_text(aim->draft, 1, "certificate_file", certificate);
		draft_text(aim->draft, 1, "key_file", key);
	} else if (certificate != NULL || key != NULL) {
		draft_miss(aim->draft, "%s: tls_config: a certificate of ours",
		    aim->place);
	}
	if (foreign_is(tls, "insecure_skip_verify", "true"))
		draft_miss(aim->draft,
		    "%s: insecure_skip_verify: certificates are always "
		    "verified; give the authority as ca_file",
		    aim->place);
	foreign_miss(aim->draft, aim->place, tls, known);
}

/* --- http ------------------------------------------------------------------ */

static void
put_status(const struct aim *aim, const json_t *codes)
{
	for (size_t i = 0; i < json_array_size(codes); i++) {
		const char *code = json_string_value(json_array_get(codes, i));

		if (i == 0)
			draft_line(aim->draft, 1, "status:");
		if (code != NULL && strlen(code) == 3 &&
		    code[strspn(code, "0123456789")] == '\0' && code[0] != '0')
			draft_line(aim->draft, 2, "- %s", code);
		else
			draft_miss(aim->draft,
			    "%s: valid_status_codes: not a status", aim->place);
	}
}

static void
put_headers(const struct aim *aim, const json_t *headers)
{
	const char *name, *title = "headers:";
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)headers, name, value)
	{
		if (!json_is_string(value))
			continue;
		if (title != NULL)
			draft_line(aim->draft, 1, "%s", title);
		title = NULL;
		foreign_header(
		    aim->draft, aim->place, name, json_string_value(value));
	}
}

/* What the body must match: one plain text is what we know. */
static void
put_contains(const struct aim *aim, const json_t *patterns)
{
	size_t n = json_array_size(patterns);
	const char *first = json_string_value(json_array_get(patterns, 0));
	char *literal = first != NULL ? foreign_literal(first) : NULL;

	if (literal != NULL)
		draft_text(aim->draft, 1, "contains", literal);
	for (size_t i = literal != NULL ? 1 : 0; i < n; i++)
		draft_miss(aim->draft,
		    "%s: fail_if_body_not_matches_regexp: number %zu: one "
		    "plain text can be asked for as contains",
		    aim->place, i + 1);
	free(literal);
}

static void
put_http_body(const struct aim *aim, const json_t *http)
{
	static const char *const known[] = { "method", "valid_status_codes",
		"headers", "body", "follow_redirects", "no_follow_redirects",
		"fail_if_body_not_matches_regexp", "fail_if_not_ssl",
		"tls_config", "ip_protocol_fallback", NULL };
	const char *method = foreign_text(http, "method");
	const char *body = foreign_text(http, "body");

	if (method != NULL)
		draft_text(aim->draft, 1, "method", method);
	put_status(aim, foreign_get(http, "valid_status_codes"));
	put_headers(aim, foreign_get(http, "headers"));
	if (body != NULL) {
		draft_text(aim->draft, 1, "body", "@secrets/body");
		draft_miss(aim->draft,
		    "%s: body: it may hold a secret; put it into secrets/body",
		    aim->place);
	}
	if (!foreign_is(http, "follow_redirects", "false") &&
	    !foreign_is(http, "no_follow_redirects", "true"))
		draft_line(aim->draft, 1, "follow: true");
	put_contains(aim, foreign_get(http, "fail_if_body_not_matches_regexp"));
	put_tls(aim, foreign_get(http, "tls_config"), true);
	foreign_miss(aim->draft, aim->place, http, known);
}

static void
put_http(const struct aim *aim)
{
	const json_t *http = foreign_get(aim->module, "http");
	char *url = strstr(aim->target, "://") != NULL
	    ? mem_strdup(aim->target)
	    : mem_printf("http://%s", aim->target);
	struct endpoint endpoint = { 0 };

	if (endpoint_parse(&endpoint, url) < 0 ||
	    strncmp(endpoint.scheme, "http", 4) != 0) {
		draft_miss(aim->draft, "%s: not a URL of HTTP", aim->place);
		goto out;
	}
	if (strcmp(endpoint.scheme, "https") == 0)
		draft_tls(aim->draft, endpoint.host, aim->service, &endpoint);
	else if (foreign_is(http, "fail_if_not_ssl", "true"))
		draft_miss(aim->draft,
		    "%s: fail_if_not_ssl: write the target as https://",
		    aim->place);
	begin(aim, endpoint.host, "http");
	draft_text(aim->draft, 1, "url", url);
	put_http_body(aim, http);
out:
	endpoint_fini(&endpoint);
	free(url);
}

/* --- the others ------------------------------------------------------------ */

static void
put_tcp(const struct aim *aim)
{
	static const char *const known[] = { "tls", "tls_config",
		"ip_protocol_fallback", NULL };
	const json_t *tcp = foreign_get(aim->module, "tcp");
	bool is_tls = foreign_is(tcp, "tls", "true");
	struct endpoint endpoint = { 0 };

	if (endpoint_parse(&endpoint, aim->target) < 0 || endpoint.port == 0) {
		draft_miss(aim->draft, "%s: not HOST:PORT", aim->place);
		endpoint_fini(&endpoint);
		return;
	}
	begin(aim, endpoint.host, is_tls ? "tls" : "tcp");
	draft_text(aim->draft, 1, "host", endpoint.host);
	draft_line(aim->draft, 1, "port: %u", endpoint.port);
	if (is_tls)
		put_tls(aim, foreign_get(tcp, "tls_config"), false);
	foreign_miss(aim->draft, aim->place, tcp, known);
	endpoint_fini(&endpoint);
}

static void
put_dns(const struct aim *aim)
{
	static const char *const known[] = { "query_name", "query_type",
		"ip_protocol_fallback", NULL };
	const json_t *dns = foreign_get(aim->module, "dns");
	const char *name = foreign_text(dns, "query_name");
	const char *type = foreign_text(dns, "query_type");

	if (name == NULL ||
	    aim->target[strspn(aim->target, "0123456789.:[]abcdefABCDEF")] !=
		'\0') {
		draft_miss(aim->draft,
		    "%s: needs query_name, and the server's address",
		    aim->place);
		return;
	}
	begin(aim, name, "dns");
	draft_text(aim->draft, 1, "name", name);
	if (type != NULL)
		draft_text(aim->draft, 1, "type", type);
	draft_text(aim->draft, 1, "server", aim->target);
	foreign_miss(aim->draft, aim->place, dns, known);
}

static void
put_icmp(const struct aim *aim)
{
	static const char *const known[] = { "ip_protocol_fallback", NULL };

	begin(aim, aim->target, "icmp");
	draft_text(aim->draft, 1, "host", aim->target);
	foreign_miss(
	    aim->draft, aim->place, foreign_get(aim->module, "icmp"), known);
}

static void
put_aim(const struct aim *aim)
{
	static const struct {
		const char *prober;
		void (*put)(const struct aim *aim);
	} probers[] = {
		{ "http", put_http },
		{ "tcp", put_tcp },
		{ "dns", put_dns },
		{ "icmp", put_icmp },
	};
	const char *prober = foreign_text(aim->module, "prober");

	for (size_t i = 0; prober != NULL && i < 4; i++) {
		if (strcmp(probers[i].prober, prober) != 0)
			continue;
		probers[i].put(aim);
		return;
	}
	draft_miss(aim->draft, "%s: prober %s", aim->place,
	    prober != NULL ? prober : "is not given");
}

/* --- targets --------------------------------------------------------------- */

/* What the scrape configuration says of all its targets. */
struct scrape {
	struct draft *draft;
	const json_t *modules;
	const char *module; /* NULL: the labels of the targets say it */
	const char *service;
	int64_t interval_ms;
};

static void
put_target(const struct scrape *scrape, const char *module, const char *target)
{
	struct aim aim = {
		.draft = scrape->draft,
		.target = target,
		.module_name = module,
		.service = scrape->service,
		.module = foreign_get(scrape->modules, module),
		.interval_ms = scrape->interval_ms,
	};

	aim.place = mem_printf("%s, %s", module, target);
	if (aim.module != NULL)
		put_aim(&aim);
	else
		draft_miss(
		    scrape->draft, "%s: there is no such module", aim.place);
	free(aim.place);
}

/* "{ targets: [...], labels: {...} }" */
static void
put_group(const struct scrape *scrape, const json_t *group)
{
	const json_t *targets = foreign_get(group, "targets");
	const json_t *labels = foreign_get(group, "labels");
	const char *module = foreign_text(labels, "__param_module");
	const char *target;

	if (module == NULL)
		module = foreign_text(labels, "module");
	if (module == NULL)
		module = scrape->module;
	if (module == NULL && json_object_size(scrape->modules) == 1)
		module = json_object_iter_key(
		    json_object_iter((json_t *)(uintptr_t)scrape->modules));
	for (size_t i = 0; i < json_array_size(targets); i++) {
		target = json_string_value(json_array_get(targets, i));
		if (target != NULL && module != NULL)
			put_target(scrape, module, target);
		else
			draft_miss(scrape->draft,
			    "target %s: nothing says which module it is for: "
			    "label __param_module",
			    target != NULL ? target : "without a name");
	}
}

static void
put_scrape(struct draft *draft, const json_t *modules, const char *service,
    const json_t *config)
{
	static const char *const known[] = { "job_name", "params",
		"static_configs", "scrape_interval", "metrics_path",
		"relabel_configs", "scheme", NULL };
	const json_t *params = foreign_get(config, "params");
	const json_t *groups = foreign_get(config, "static_configs");
	const char *job = foreign_text(config, "job_name");
	struct scrape scrape = {
		.draft = draft,
		.modules = modules,
		.module = json_string_value(
		    json_array_get(foreign_get(params, "module"), 0)),
		.service = service != NULL ? service : job,
		.interval_ms = foreign_duration_ms(
		    foreign_text(config, "scrape_interval")),
	};

	if (scrape.module == NULL)
		scrape.module = foreign_text(params, "module");
	foreign_miss(
	    draft, job != NULL ? job : "a scrape configuration", config, known);
	for (size_t i = 0; i < json_array_size(groups); i++)
		put_group(&scrape, json_array_get(groups, i));
}

static void
put_list(struct draft *draft, const json_t *modules, const char *service,
    const json_t *list)
{
	struct scrape plain = {
		.draft = draft,
		.modules = modules,
		.service = service,
		.interval_ms = -1,
	};

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i);

		if (foreign_get(entry, "targets") != NULL)
			put_group(&plain, entry);
		else
			put_scrape(draft, modules, service, entry);
	}
}

int
init_blackbox(struct draft *draft, const char *path, const char *targets,
    const char *service, struct err *err)
{
	json_t *config = NULL, *list = NULL;
	const json_t *modules, *scrapes;
	int rc = -1;

	if (foreign_load(&config, path, err) < 0 ||
	    foreign_load(&list, targets, err) < 0)
		goto out;
	modules = foreign_get(config, "modules");
	if (!json_is_object(modules)) {
		err_set(err, ERR_INVALID,
		    "%s: has no modules: not a configuration of "
		    "blackbox_exporter",
		    path);
		goto out;
	}
	scrapes = foreign_get(list, "scrape_configs");
	put_list(draft, modules, service, scrapes != NULL ? scrapes : list);
	rc = 0;
out:
	json_decref(list);
	json_decref(config);
	return rc;
}
