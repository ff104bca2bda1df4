#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/foreign.h"
#include "agent/init.h"
#include "proto/base/mem.h"

#define INTERVAL_MS  INT64_C(60000) /* Gatus's own defaults */
#define TIMEOUT_MS   INT64_C(10000)
#define DAY_MS       INT64_C(86400000)
#define STATUSES_MAX 32

/* What the conditions of an endpoint ask for. */
struct wish {
	struct draft *draft;
	const char *place; /* the endpoint's name */
	unsigned statuses[STATUSES_MAX];
	size_t n_statuses;
	char *contains;     /* or NULL */
	struct text expect; /* YAML */
	char *equals;       /* the whole body: an answer of DNS; or NULL */
	int64_t limit_ms;   /* -1: none */
	int64_t expiry_ms;  /* -1: none */
};

/* "LEFT OPERATOR RIGHT" */
struct condition {
	char *left, *right;
	const char *operator;
};

/* --- conditions ------------------------------------------------------------ */

/* -1 when it is not one. */
static int
parse_condition(struct condition *out, const char *text)
{
	static const char *const operators[] = {
		" == ", " != ", " <= ", " >= ", " < ", " > ", NULL
	};

	for (const char *const *one = operators; *one != NULL; one++) {
		const char *at = strstr(text, *one);

		if (at == NULL)
			continue;
		out->left = mem_strndup(text, (size_t)(at - text));
		out->right = mem_strdup(at + strlen(*one));
		out->operator= * one;
		return 0;
	}
	return -1;
}

static bool
is(const struct condition *condition, const char *left, const char *operators)
{
	return strcmp(condition->left, left) == 0 &&
	    strstr(operators, condition->operator) != NULL;
}

/* The text within "NAME(...)", owned by the caller; or NULL. */
static char *
within(const char *text, const char *name)
{
	size_t n = strlen(text), n_name = strlen(name);

	if (strncmp(text, name, n_name) != 0 || text[n_name] != '(' ||
	    text[n - 1] != ')')
		return NULL;
	return mem_strndup(text + n_name + 1, n - n_name - 2);
}

/* "200", or "any(200, 201)". */
static int
take_status(struct wish *wish, const char *text)
{
	char *list = within(text, "any"), *rest = NULL, *end;
	int rc = 0;

	if (list == NULL)
		list = mem_strdup(text);
	for (char *one = strtok_r(list, ", ", &rest); one != NULL && rc == 0;
	     one = strtok_r(NULL, ", ", &rest)) {
		unsigned long code = strtoul(one, &end, 10);

		if (*end != '\0' || code < 100 || code > 599 ||
		    wish->n_statuses == STATUSES_MAX)
			rc = -1;
		else
			wish->statuses[wish->n_statuses++] = (unsigned)code;
	}
	free(list);
	return rc;
}

static void
add_expect(
    struct wish *wish, const char *path, const char *key, const char *value)
{
	text_add(&wish->expect, "        - json: ");
	draft_quote(&wish->expect, path);
	text_addf(&wish->expect, "\n          %s: ", key);
	draft_quote(&wish->expect, value);
	text_add(&wish->expect, "\n");
}

/* "*text*" is the text. */
static char *
text_of_pattern(const char *pattern)
{
	size_t n = strlen(pattern);
	char *text;

	if (n < 3 || pattern[0] != '*' || pattern[n - 1] != '*')
		return NULL;
	text = mem_strndup(pattern + 1, n - 2);
	if (strpbrk(text, "*?[\\") == NULL)
		return text;
	free(text);
	return NULL;
}

/* "a.b[0].c" in our way: "a.b.0.c". */
static char *
path_of(const char *left)
{
	struct text path = { 0 };

	for (left += strlen("[BODY]."); *left != '\0'; left++) {
		if (*left == '[')
			text_add(&path, path.n > 0 ? "." : "");
		else if (*left != ']')
			text_add_bytes(&path, left, 1);
	}
	return text_take(&path);
}

static bool
is_number(const char *text)
{
	char *end;

	if (text[0] == '\0')
		return false;
	strtod(text, &end);
	return *end == '\0';
}

/* A key of the JSON of the body. */
static int
take_key(struct wish *wish, const struct condition *condition)
{
	char *path = path_of(condition->left);
	char *pattern = within(condition->right, "pat");
	char *part = pattern != NULL ? text_of_pattern(pattern) : NULL;
	const char *operator= condition->operator;
	bool is_call = strchr(condition->right, '(') != NULL;
	int rc = 0;

	if (part != NULL && strcmp(operator, " == ") == 0)
		add_expect(wish, path, "contains", part);
	else if (!is_call && strcmp(operator, " == ") == 0)
		add_expect(wish, path, "equals", condition->right);
	else if (is_number(condition->right) && operator[1] == '>')
		add_expect(wish, path, "at_least", condition->right);
	else if (is_number(condition->right) && operator[1] == '<')
		add_expect(wish, path, "at_most", condition->right);
	else
		rc = -1;
	if (rc == 0 &&
	    (strcmp(operator, " < ") == 0 || strcmp(operator, " > ") == 0))
		draft_miss(wish->draft,
		    "%s: %s%s%s: the bound itself is ok as well", wish->place,
		    condition->left, operator, condition->right);
	free(part);
	free(pattern);
	free(path);
	return rc;
}

static int
take_body(struct wish *wish, const struct condition *condition)
{
	char *pattern = within(condition->right, "pat");

	if (pattern == NULL && wish->equals == NULL &&
	    strchr(condition->right, '(') == NULL) {
		wish->equals = mem_strdup(condition->right);
		return 0;
	}
	if (pattern != NULL && wish->contains == NULL)
		wish->contains = text_of_pattern(pattern);
	else if (pattern != NULL)
		free(pattern), pattern = NULL; /* one is all we know */
	if (pattern == NULL || wish->contains == NULL) {
		free(pattern);
		return -1;
	}
	free(pattern);
	return 0;
}

/* A limit: below this many milliseconds. */
static int
take_limit(struct wish *wish, const char *text)
{
	wish->limit_ms = is_number(text) && strlen(text) < 10
	    ? strtol(text, NULL, 10)
	    : foreign_duration_ms(text);
	return wish->limit_ms > 0 ? 0 : -1;
}

/* -1 when it cannot be carried over. */
static int
take_condition(struct wish *wish, const struct condition *condition)
{
	if (is(condition, "[STATUS]", " == "))
		return take_status(wish, condition->right);
	if (is(condition, "[STATUS]", " < ") &&
	    strcmp(condition->right, "300") == 0)
		return 0; /* ours: 200 to 299 */
	if (is(condition, "[RESPONSE_TIME]", " <  <= "))
		return take_limit(wish, condition->right);
	if (is(condition, "[CERTIFICATE_EXPIRATION]", " >  >= ")) {
		wish->expiry_ms = foreign_duration_ms(condition->right);
		return wish->expiry_ms > 0 ? 0 : -1;
	}
	if (is(condition, "[CONNECTED]", " == "))
		return strcmp(condition->right, "true") == 0 ? 0 : -1;
	if (is(condition, "[DNS_RCODE]", " == "))
		return strcmp(condition->right, "NOERROR") == 0 ? 0 : -1;
	if (is(condition, "[BODY]", " == "))
		return take_body(wish, condition);
	if (strncmp(condition->left, "[BODY].", 7) == 0)
		return take_key(wish, condition);
	return -1;
}

static void
take_conditions(struct wish *wish, const json_t *conditions)
{
	for (size_t i = 0; i < json_array_size(conditions); i++) {
		const char *text =
		    json_string_value(json_array_get(conditions, i));
		struct condition condition = { 0 };

		if (text == NULL)
			continue;
		if (parse_condition(&condition, text) < 0 ||
		    take_condition(wish, &condition) < 0)
			draft_miss(
			    wish->draft, "%s: condition %s", wish->place, text);
		free(condition.left);
		free(condition.right);
	}
}

/* --- endpoints ------------------------------------------------------------- */

/* One endpoint as it is read. */
struct point {
	struct draft *draft;
	const json_t *config;
	const char *name, *service, *url;
	struct endpoint at;
	struct wish *wish;
};

static void
begin(const struct point *point, const char *kind)
{
	const json_t *client = foreign_get(point->config, "client");
	int64_t interval_ms =
	    foreign_duration_ms(foreign_text(point->config, "interval"));
	int64_t timeout_ms =
	    foreign_duration_ms(foreign_text(client, "timeout"));

	if (interval_ms < 0)
		interval_ms = INTERVAL_MS;
	if (timeout_ms < 0)
		timeout_ms = TIMEOUT_MS;
	if (point->wish->limit_ms > 0 && point->wish->limit_ms < timeout_ms)
		timeout_ms = point->wish->limit_ms;
	draft_begin(point->draft, point->name, kind, point->service);
	foreign_times(point->draft, point->name, interval_ms, timeout_ms);
	draft_line(point->draft, 0, "%s:", kind);
}

static void
put_tls(const struct point *point)
{
	int64_t days = (point->wish->expiry_ms + DAY_MS - 1) / DAY_MS;

	begin(point, "tls");
	draft_text(point->draft, 1, "host", point->at.host);
	draft_line(point->draft, 1, "port: %u", point->at.port);
	if (point->wish->expiry_ms > 0)
		draft_line(point->draft, 1, "warn_days: %" PRId64, days);
}

static void
put_headers(const struct point *point)
{
	const json_t *headers = foreign_get(point->config, "headers");
	const char *name, *title = "headers:";
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)headers, name, value)
	{
		if (!json_is_string(value))
			continue;
		if (title != NULL)
			draft_line(point->draft, 1, "%s", title);
		title = NULL;
		foreign_header(
		    point->draft, point->name, name, json_string_value(value));
	}
}

static void
put_wish(const struct point *point)
{
	struct wish *wish = point->wish;

	if (wish->n_statuses > 0)
		draft_line(point->draft, 1, "status:");
	for (size_t i = 0; i < wish->n_statuses; i++)
		draft_line(point->draft, 2, "- %u", wish->statuses[i]);
	if (wish->contains == NULL && wish->equals != NULL) {
		wish->contains = wish->equals;
		wish->equals = NULL;
		draft_miss(point->draft,
		    "%s: [BODY] ==: that the body holds it is enough",
		    point->name);
	}
	if (wish->contains != NULL)
		draft_text(point->draft, 1, "contains", wish->contains);
	if (wish->expect.n > 0) {
		draft_line(point->draft, 1, "expect:");
		draft_raw(point->draft, wish->expect.bytes);
	}
}

static void
put_http(const struct point *point)
{
	const json_t *client = foreign_get(point->config, "client");
	const char *method = foreign_text(point->config, "method");
	bool is_socket = point->at.scheme[0] == 'w';
	char *url = is_socket ? mem_printf("http%s", point->url + 2)
			      : mem_strdup(point->url);

	if (strcmp(point->at.scheme, "https") == 0)
		put_tls(point);
	begin(point, "http");
	draft_text(point->draft, 1, "url", url);
	free(url);
	if (method != NULL)
		draft_text(point->draft, 1, "method", method);
	if (is_socket)
		draft_line(point->draft, 1, "websocket: true");
	else if (!foreign_is(client, "ignore-redirect", "true"))
		draft_line(point->draft, 1, "follow: true");
	put_headers(point);
	if (foreign_get(point->config, "body") != NULL)
		draft_miss(point->draft,
		    "%s: body: it may hold a secret; write body: \"@FILE\"",
		    point->name);
	put_wish(point);
}

static void
put_tcp(const struct point *point)
{
	begin(point, "tcp");
	draft_text(point->draft, 1, "host", point->at.host);
	draft_line(point->draft, 1, "port: %u", point->at.port);
}

static void
put_icmp(const struct point *point)
{
	begin(point, "icmp");
	draft_text(point->draft, 1, "host", point->at.host);
}

/* url is the name server, dns says what is asked. */
static void
put_dns(const struct point *point, const json_t *dns)
{
	const char *name = foreign_text(dns, "query-name");
	const char *type = foreign_text(dns, "query-type");

	if (name == NULL) {
		draft_miss(
		    point->draft, "%s: dns: needs query-name", point->name);
		return;
	}
	begin(point, "dns");
	draft_text(point->draft, 1, "name", name);
	if (type != NULL)
		draft_text(point->draft, 1, "type", type);
	draft_text(point->draft, 1, "server", point->url);
	if (point->wish->equals == NULL)
		return;
	draft_line(point->draft, 1, "expect:");
	draft_text(point->draft, 2, "-", point->wish->equals);
}

static void
put_point(struct point *point)
{
	static const struct {
		const char *scheme;
		bool needs_port;
		void (*put)(const struct point *point);
	} schemes[] = {
		{ "http", true, put_http },
		{ "https", true, put_http },
		{ "ws", true, put_http },
		{ "wss", true, put_http },
		{ "tcp", true, put_tcp },
		{ "tls", true, put_tls },
		{ "icmp", false, put_icmp },
	};
	const json_t *dns = foreign_get(point->config, "dns");

	if (dns != NULL) {
		put_dns(point, dns);
		return;
	}
	if (endpoint_parse(&point->at, point->url) < 0) {
		draft_miss(
		    point->draft, "%s: not a URL with a host", point->name);
		return;
	}
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (strcmp(schemes[i].scheme, point->at.scheme) != 0 ||
		    (schemes[i].needs_port && point->at.port == 0))
			continue;
		schemes[i].put(point);
		return;
	}
	draft_miss(point->draft, "%s: %s://, or its port is not given",
	    point->name, point->at.scheme);
}

static void
put_endpoint(struct draft *draft, const json_t *config, const char *service)
{
	static const char *const known[] = { "name", "group", "url", "interval",
		"method", "headers", "body", "dns", "client", "conditions",
		"enabled", NULL };
	static const char *const known_client[] = { "timeout",
		"ignore-redirect", NULL };
	const char *group = foreign_text(config, "group");
	struct wish wish = { .draft = draft, .limit_ms = -1, .expiry_ms = -1 };
	struct point point = {
		.draft = draft,
		.config = config,
		.name = foreign_text(config, "name"),
		.service = service != NULL ? service : group,
		.url = foreign_text(config, "url"),
		.wish = &wish,
	};

	if (point.name == NULL || point.url == NULL) {
		draft_miss(draft, "an endpoint without name or url");
		return;
	}
	if (foreign_is(config, "enabled", "false")) {
		draft_miss(draft, "%s: is not enabled", point.name);
		return;
	}
	wish.place = point.name;
	take_conditions(&wish, foreign_get(config, "conditions"));
	put_point(&point);
	foreign_miss(draft, point.name, config, known);
	foreign_miss(
	    draft, point.name, foreign_get(config, "client"), known_client);
	endpoint_fini(&point.at);
	free(wish.contains);
	free(wish.equals);
	text_fini(&wish.expect);
}

int
init_gatus(
    struct draft *draft, const char *path, const char *service, struct err *err)
{
	static const char *const known[] = { "endpoints", "services", NULL };
	json_t *config = NULL;
	const json_t *endpoints;
	int rc = -1;

	if (foreign_load(&config, path, err) < 0)
		return -1;
	endpoints = foreign_get(config, "endpoints");
	if (endpoints == NULL)
		endpoints = foreign_get(config, "services"); /* until 2021 */
	if (json_is_array(endpoints)) {
		for (size_t i = 0; i < json_array_size(endpoints); i++)
			put_endpoint(
			    draft, json_array_get(endpoints, i), service);
		foreign_miss(draft, "the whole", config, known);
		rc = 0;
	} else {
		err_set(err, ERR_INVALID,
		    "%s: has no endpoints: not a configuration of Gatus", path);
	}
	json_decref(config);
	return rc;
}
