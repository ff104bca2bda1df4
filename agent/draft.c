#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/config.h"
#include "agent/draft.h"
#include "proto/base/map.h"
#include "proto/base/mem.h"

#define NAME_STEM_BYTES 44 /* room for "-postgres-123" within 64 */
#define DEPTH_COLUMNS   2

/* A probe, with the comments above it. */
struct piece {
	struct text text;
	const char *name; /* NULL: comments so far */
};

struct draft {
	struct piece *pieces;
	size_t n_pieces, room;
	struct text missed;
	struct map *names; /* of probes; each is its own value, owned */
	struct map *made;  /* "dns HOST": there already */
	size_t n_missed;
};

struct draft *
draft_new(void)
{
	struct draft *draft = mem_zalloc(sizeof(*draft));

	draft->names = map_new();
	draft->made = map_new();
	return draft;
}

void
draft_free(struct draft *draft)
{
	if (draft == NULL)
		return;
	MAP_EACH (char, name, draft->names)
		free(name);
	map_free(draft->names);
	map_free(draft->made);
	for (size_t i = 0; i < draft->n_pieces; i++)
		text_fini(&draft->pieces[i].text);
	free(draft->pieces);
	text_fini(&draft->missed);
	free(draft);
}

size_t
draft_probes(const struct draft *draft)
{
	size_t n = 0;

	for (size_t i = 0; i < draft->n_pieces; i++)
		n += draft->pieces[i].name != NULL;
	return n;
}

size_t
draft_missed(const struct draft *draft)
{
	return draft->n_missed;
}

/* The piece that is being written. */
static struct text *
current(struct draft *draft)
{
	return &draft->pieces[draft->n_pieces - 1].text;
}

/* A probe that was begun is complete when the next thing comes. */
static void
open_piece(struct draft *draft)
{
	if (draft->n_pieces > 0 &&
	    draft->pieces[draft->n_pieces - 1].name == NULL)
		return;
	if (draft->n_pieces == draft->room) {
		draft->room = draft->room * 2 + 8;
		draft->pieces = mem_resize(
		    draft->pieces, draft->room, sizeof(struct piece));
	}
	draft->pieces[draft->n_pieces++] = (struct piece){ 0 };
}

/* --- lines ----------------------------------------------------------------- */

/* Makes foreign words fit for YAML (1.1, 5.1 and 5.4), in place: beside what
 * nobody can print, it refuses the controls from U+0080, and for U+0085, U+2028
 * and U+2029 a line ends, which a comment must not. */
static void
clean_words(char *words)
{
	static const char *const refused[] = { "\xe2\x80\xa8", "\xe2\x80\xa9",
		"\xef\xbb\xbf", "\xef\xbf\xbe", "\xef\xbf\xbf", NULL };

	text_sanitise(words, strlen(words));
	for (char *at = words; *at != '\0'; at++)
		if ((unsigned char)at[0] == 0xc2 && (unsigned char)at[1] < 0xa0)
			memset(at, '?', 2);
	for (const char *const *one = refused; *one != NULL; one++)
		for (char *at = words; (at = strstr(at, *one)) != NULL;)
			memset(at, '?', strlen(*one));
}

void
draft_quote(struct text *out, const char *value)
{
	char *clean = mem_strdup(value);

	clean_words(clean);
	text_add(out, "\"");
	for (const char *at = clean; *at != '\0'; at++) {
		if (*at == '"' || *at == '\\')
			text_add(out, "\\");
		text_add_bytes(out, at, 1);
	}
	text_add(out, "\"");
	free(clean);
}

static void
indent(struct text *out, unsigned depth)
{
	text_addf(out, "%*s", (int)(4 + depth * DEPTH_COLUMNS), "");
}

void
draft_line(struct draft *draft, unsigned depth, const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	indent(current(draft), depth);
	text_addf(current(draft), "%s\n", line);
}

void
draft_text(
    struct draft *draft, unsigned depth, const char *key, const char *value)
{
	indent(current(draft), depth);
	text_addf(current(draft), "%s%s ", key, key[0] == '-' ? "" : ":");
	draft_quote(current(draft), value);
	text_add(current(draft), "\n");
}

void
draft_raw(struct draft *draft, const char *lines)
{
	text_add(current(draft), lines);
}

void
draft_file(
    struct draft *draft, unsigned depth, const char *key, const char *path)
{
	draft_line(draft, depth, "%s:", key);
	draft_text(draft, depth + 1, "file", path);
}

/* A comment is one line: what is foreign in it cannot leave it. */
static void
add_comment(
    struct text *out, const char *before, const char *format, va_list args)
{
	char line[1024];

	vsnprintf(line, sizeof(line), format, args);
	clean_words(line);
	text_addf(out, "%s%s\n", before, line);
}

void
draft_say(struct draft *draft, const char *format, ...)
{
	va_list args;

	open_piece(draft);
	va_start(args, format);
	add_comment(current(draft), "  # ", format, args);
	va_end(args);
}

void
draft_miss(struct draft *draft, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_comment(&draft->missed, "#   - ", format, args);
	va_end(args);
	draft->n_missed++;
}

/* --- probes ---------------------------------------------------------------- */

/* Lower case, everything else a '-', none at either end. */
static char *
fit(const char *words)
{
	struct text name = { 0 };
	char c;

	for (; *words != '\0' && name.n < NAME_STEM_BYTES; words++) {
		c = (char)tolower((unsigned char)*words);
		if (!isalnum((unsigned char)c) || !isascii(c))
			c = '-';
		if (c != '-' || (name.n > 0 && name.bytes[name.n - 1] != '-'))
			text_add_bytes(&name, &c, 1);
	}
	while (name.n > 0 && name.bytes[name.n - 1] == '-')
		name.bytes[--name.n] = '\0';
	if (name.n == 0)
		text_add(&name, "probe");
	return text_take(&name);
}

const char *
draft_begin(struct draft *draft, const char *name, const char *kind,
    const char *service)
{
	char *stem = fit(name), *whole = NULL;

	for (size_t n = 1; whole == NULL; n++) {
		whole = n == 1 ? mem_printf("%s-%s", stem, kind)
			       : mem_printf("%s-%s-%zu", stem, kind, n);
		if (map_get(draft->names, whole) == NULL)
			break;
		free(whole);
		whole = NULL;
	}
	free(stem);
	map_put(draft->names, whole, whole);
	open_piece(draft);
	draft->pieces[draft->n_pieces - 1].name = whole;
	text_addf(current(draft), "  - name: %s\n", whole);
	if (service != NULL) {
		stem = fit(service);
		text_addf(current(draft), "    service: %s\n", stem);
		free(stem);
	}
	return whole;
}

/* Is there none yet of this kind for this place? */
static bool
is_first(struct draft *draft, const char *kind, const char *host, unsigned port)
{
	char *key = mem_printf("%s %s %u", kind, host, port);
	bool first = map_put(draft->made, key, draft) == NULL;

	free(key);
	return first;
}

void
draft_dns(struct draft *draft, const char *name, const char *service,
    const struct endpoint *endpoint)
{
	if (!endpoint_has_name(endpoint) ||
	    !is_first(draft, "dns", endpoint->host, 0))
		return;
	draft_begin(draft, name, "dns", service);
	draft_line(draft, 0, "dns:");
	draft_text(draft, 1, "name", endpoint->host);
}

void
draft_tcp(struct draft *draft, const char *name, const char *service,
    const struct endpoint *endpoint)
{
	if (!is_first(draft, "tcp", endpoint->host, endpoint->port))
		return;
	draft_begin(draft, name, "tcp", service);
	draft_line(draft, 0, "tcp:");
	draft_text(draft, 1, "host", endpoint->host);
	draft_line(draft, 1, "port: %u", endpoint->port);
}

void
draft_tls(struct draft *draft, const char *name, const char *service,
    const struct endpoint *endpoint)
{
	if (!is_first(draft, "tls", endpoint->host, endpoint->port))
		return;
	draft_begin(draft, name, "tls", service);
	draft_line(draft, 0, "tls:");
	draft_text(draft, 1, "host", endpoint->host);
	draft_line(draft, 1, "port: %u", endpoint->port);
}

/* --- what config_load() says -------------------------------------------------- */

/* Is this probe, alone, a configuration?  What is wrong goes to err. */
static int
load_alone(const struct piece *piece, struct err *err)
{
	struct agent_config *config = NULL;
	struct text text = { 0 };
	int fd = memfd_create("draft", MFD_CLOEXEC), rc = 0;
	char *path = mem_printf("/proc/self/fd/%d", fd);

	text_addf(
	    &text, "agent: a\nenvironment: a\nprobes:\n%s", piece->text.bytes);
	if (fd < 0 || write(fd, text.bytes, text.n) != (ssize_t)text.n)
		rc = err_set(
		    err, ERR_IO, "a file in memory: %s", strerror(errno));
	else
		rc = config_load(&config, path, err);
	config_free(config);
	if (fd >= 0)
		close(fd);
	free(path);
	text_fini(&text);
	return rc;
}

int
draft_verify(struct draft *draft, struct err *err)
{
	struct err inner;
	const char *what;

	for (size_t i = 0; i < draft->n_pieces; i++) {
		struct piece *piece = &draft->pieces[i];

		if (piece->name == NULL || load_alone(piece, &inner) == 0)
			continue;
		if (inner.code == ERR_IO)
			return err_set(err, ERR_IO, "%s", inner.text);
		what = strstr(inner.text, "probes[0]");
		draft_miss(draft, "%s: %s", piece->name,
		    what != NULL ? what + strlen("probes[0]") : inner.text);
		text_fini(&piece->text);
		piece->name = NULL;
	}
	return 0;
}

/* --- the whole ------------------------------------------------------------- */

static void
write_head(struct text *out, const struct draft_head *head)
{
	char *agent = fit(head->agent), *from = mem_strdup(head->from);

	clean_words(from);
	text_addf(out,
	    "# Drafted by vedette-agent init from %s.\n"
	    "#   vedette-agent config check --config FILE   is it fit?\n"
	    "#   vedette-agent check --config FILE          every probe, once\n"
	    "# No secret is in here: what is one is read at each run, where it "
	    "is.\n"
	    "agent: %s\n"
	    "environment: %s\n"
	    "\n"
	    "# What proves that the agent stands in that environment: until it "
	    "holds,\n"
	    "# nothing that is found counts.  This is the host on which this "
	    "was drafted;\n"
	    "# correct it if the agent is to run elsewhere.\n"
	    "vantage: in_environment\n"
	    "identity:\n"
	    "  - hostname: ",
	    from, agent, head->environment);
	free(agent);
	free(from);
	draft_quote(out, head->host);
	text_add(out, "\n\n");
}

static void
write_collector(struct text *out, const char *collector)
{
	if (collector == NULL) {
		text_add(out,
		    "# Where results go; check needs none, run does.\n"
		    "# collectors: [ \"tls+tcp://COLLECTOR:7443\" ]\n\n");
		return;
	}
	text_add(out, "collectors:\n  - ");
	draft_quote(out, collector);
	text_add(out, "\n");
	if (strncmp(collector, "tls+tcp://", 10) == 0)
		text_add(out,
		    "# Whom to trust, and what proves who this agent is.\n"
		    "tls:\n"
		    "  ca_file: /etc/vedette/ca.pem\n"
		    "  certificate_file: /etc/vedette/agent.pem\n"
		    "  key_file: /etc/vedette/agent.key\n");
	text_add(out, "\n");
}

void
draft_write(
    struct text *out, const struct draft *draft, const struct draft_head *head)
{
	write_head(out, head);
	write_collector(out, head->collector);
	text_add(out,
	    "defaults: { interval: 30s, timeout: 5s, retries: 1 }\n"
	    "\n"
	    "probes:\n");
	for (size_t i = 0; i < draft->n_pieces; i++)
		if (draft->pieces[i].name != NULL)
			text_add(out, draft->pieces[i].text.bytes);
	if (draft->missed.n == 0)
		return;
	text_add(out, "\n# Not carried over:\n");
	text_add_bytes(out, draft->missed.bytes, draft->missed.n);
}
