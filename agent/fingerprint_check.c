#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "agent/fingerprint.h"
#include "agent/fingerprint_check.h"
#include "proto/base/mem.h"
#include "proto/fingerprints.h"

#define VALUE_MAX_BYTES (64 * 1024)

/* Reads up to the end, or from a terminal one line. */
static int
read_value(char *value, size_t *out_n, struct err *err)
{
	size_t n = 0;
	ssize_t got;

	for (;;) {
		got = read(STDIN_FILENO, value + n, VALUE_MAX_BYTES - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
		if (n == VALUE_MAX_BYTES)
			return err_set(err, ERR_LIMIT,
			    "standard input: a value of %d bytes or more",
			    VALUE_MAX_BYTES);
		if (isatty(STDIN_FILENO) && value[n - 1] == '\n')
			break;
	}
	if (got < 0)
		return err_set(
		    err, ERR_IO, "standard input: %s", strerror(errno));
	if (n > 0 && value[n - 1] == '\n')
		n--;
	*out_n = n;
	return 0;
}

/* The same, with what is typed not shown. */
static int
ask_value(char *value, size_t *out_n, const char *name, struct err *err)
{
	struct termios shown, hidden;
	bool is_terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
	int rc;

	if (is_terminal) {
		hidden = shown;
		hidden.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
		fprintf(stderr, "value of %s (is not shown): ", name);
	}
	rc = read_value(value, out_n, err);
	if (is_terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
		fputc('\n', stderr);
	}
	return rc;
}

static enum fingerprint_match
compare(const char *own, const char *fleet, const char *given)
{
	const char *const sides[] = { own, fleet };
	enum fingerprints likeness;

	for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++) {
		likeness = fingerprints_compare(sides[i], given);
		if (likeness != FINGERPRINTS_UNKNOWN)
			return likeness == FINGERPRINTS_SAME
			    ? FINGERPRINT_MATCH_SAME
			    : FINGERPRINT_MATCH_OTHER;
	}
	return FINGERPRINT_MATCH_UNKNOWN;
}

static void
say(struct text *out, enum fingerprint_match match, const char *name)
{
	static const char *const words[] = {
		[FINGERPRINT_MATCH_SAME] = "the value that was seen",
		[FINGERPRINT_MATCH_OTHER] = "not the value that was seen",
		[FINGERPRINT_MATCH_UNKNOWN] =
		    ("nobody can tell: that was made with a key which is not "
		     "on this host, or not any more"),
	};

	text_addf(out, "%s: %s\n", name, words[match]);
}

int
fingerprint_check_run(struct text *out, enum fingerprint_match *out_match,
    const struct agent_config *config, const struct arguments *arguments,
    struct err *err)
{
	char own[FINGERPRINT_BYTES], fleet[FINGERPRINT_BYTES] = "";
	struct fingerprint *fingerprint = NULL;
	char *value = mem_zalloc(VALUE_MAX_BYTES);
	const char *name = arguments->name;
	size_t n = 0;
	int rc;

	if (access(config->fingerprint_key, F_OK) < 0)
		rc = err_set(err, ERR_NOT_FOUND,
		    "fingerprint key %s: %s; the agent makes it when it starts",
		    config->fingerprint_key, strerror(errno));
	else
		rc = fingerprint_open_configured(
		    &fingerprint, config, clock_system(), err);
	if (rc == 0)
		rc = ask_value(value, &n, name, err);
	if (rc < 0)
		goto out;
	fingerprint_of(own, fingerprint, false, name, value, n);
	if (config->fingerprint_fleet_key != NULL)
		fingerprint_of(fleet, fingerprint, true, name, value, n);
	*out_match = FINGERPRINT_MATCH_SAME;
	if (arguments->fingerprint == NULL) {
		text_addf(out, "environment  %s\n", own);
		if (fleet[0] != '\0')
			text_addf(out, "fleet        %s\n", fleet);
		goto out;
	}
	*out_match = compare(own, fleet, arguments->fingerprint);
	say(out, *out_match, name);
out:
	explicit_bzero(value, VALUE_MAX_BYTES);
	free(value);
	fingerprint_close(fingerprint);
	return rc;
}
