#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/child.h"
#include "agent/config_env.h"
#include "agent/probes/kinds.h"
#include "agent/probes/log_memory.h"
#include "agent/probes/log_news.h"
#include "proto/redact.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define SLICE_BYTES    (64 * 1024)       /* looked at in one turn of the loop */
#define RUN_MAX_BYTES  (4 * 1024 * 1024) /* more is passed over, and told */
#define LINE_MAX_BYTES 4096              /* the rest is not looked at */
#define PATTERNS_MAX   32
#define JOURNAL_LINES  "--lines=10000"
#define CURSOR_HEAD    "-- cursor: "
#define MINUTE_MS      60000.0
#define NEWS_MAX_BYTES 960 /* of a message, what it begins with aside */

/* Python says what went wrong after the lines that say where. */
#define TRACEBACK "Traceback (most recent call last):"

/* A word of trouble by itself, and names such as ValueError. */
static const char *const usual_patterns[] = {
	"(^|[^[:alnum:]_])(error|fatal|panic|critical|crit|emerg|alert|"
	"exception|traceback|segfault|out of memory)([^[:alnum:]_=]|$)",
	"[a-z](exception|error)([^a-z_=]|$)",
};
#define N_USUAL (sizeof(usual_patterns) / sizeof(usual_patterns[0]))

struct log {
	struct log_memory memory;
	regex_t errors[PATTERNS_MAX], ignored[PATTERNS_MAX];
	size_t n_errors_patterns, n_ignored_patterns;
	/* What is still to be read: the rest of a file that was rotated, then
	 * the file. */
	int fds[2];
	size_t n_fds, at;
	int64_t offset, size; /* of the one at at */
	int64_t written_ms;
	char line[LINE_MAX_BYTES];
	size_t n_line;
	bool is_long; /* the line is, and its rest is passed over */
	bool in_traceback;
	int64_t n_skipped;
	uint64_t n_lines, n_errors;
	struct log_news news;
	char last_error[LINE_MAX_BYTES];
};

/* --- lines ---------------------------------------------------------------- */

static bool
matches(const regex_t *patterns, size_t n, const char *line)
{
	for (size_t i = 0; i < n; i++)
		if (regexec(&patterns[i], line, 0, NULL, 0) == 0)
			return true;
	return false;
}

/* Is it the line that a traceback ends with? */
static bool
concludes(struct log *log, const char *line)
{
	if (!log->in_traceback || strchr(" \t", line[0]) != NULL)
		return false;
	log->in_traceback = false;
	return true;
}

/* A whole line, not empty: is it an error, and of a kind that was not there
 * before? */
static void
take_line(struct log *log, const char *line)
{
	log->n_lines++;
	if ((!concludes(log, line) &&
		!matches(log->errors, log->n_errors_patterns, line)) ||
	    matches(log->ignored, log->n_ignored_patterns, line))
		return;
	log->in_traceback = strstr(line, TRACEBACK) != NULL;
	log->n_errors++;
	snprintf(log->last_error, sizeof(log->last_error), "%s", line);
	if (log_memory_learn(&log->memory, log_kind_of(line)))
		log_news_add(&log->news, line);
}

static void
end_line(struct log *log)
{
	if (log->n_line > 0 && log->line[log->n_line - 1] == '\r')
		log->n_line--;
	log->line[log->n_line] = '\0';
	if (log->n_line > 0)
		take_line(log, log->line);
	log->n_line = 0;
	log->is_long = false;
}

static void
take_bytes(struct log *log, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n')
			end_line(log);
		else if (log->n_line + 1 < sizeof(log->line))
			log->line[log->n_line++] =
			    bytes[i] != '\0' ? bytes[i] : '?';
		else
			log->is_long = true;
	}
}

/* --- files ---------------------------------------------------------------- */

static enum turn
no_file(struct probe *p, const char *path, int error)
{
	if (error == EACCES || error == EPERM)
		return probe_unknown(
		    p, REASON_DENIED, "%s: %s", path, strerror(error));
	return probe_fail(p, REASON_MISSING, "%s: %s", path,
	    error == EISDIR       ? "a directory, no log: name a file in it"
		: error == EINVAL ? "no log but a pipe, a device or the like"
				  : strerror(error));
}

/* Only what a log can be: a pipe or a terminal would be read empty. */
static int
open_file(const char *path, struct stat *out)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	int error;

	if (fd < 0)
		return -1;
	if (fstat(fd, out) < 0)
		error = errno;
	else if (S_ISREG(out->st_mode))
		return fd;
	else
		error = S_ISDIR(out->st_mode) ? EISDIR : EINVAL;
	close(fd);
	errno = error;
	return -1;
}

static bool
is_same(const struct log_memory *memory, const struct stat *stat)
{
	return memory->inode == (uint64_t)stat->st_ino &&
	    memory->device == (uint64_t)stat->st_dev;
}

/* Where to go on in a file of this size; what is too much is passed over. */
static void
seek(struct log *log, int64_t offset, int64_t size)
{
	log->offset = offset <= size ? offset : 0; /* it was cut off */
	log->size = size;
	if (size - log->offset > RUN_MAX_BYTES) {
		log->n_skipped += size - log->offset - RUN_MAX_BYTES;
		log->offset = size - RUN_MAX_BYTES;
	}
}

/* The rest of what was the file until it was renamed to PATH.1. */
static void
open_rotated(struct log *log, const char *path)
{
	char *name = mem_printf("%s.1", path);
	struct stat stat;
	int fd = open_file(name, &stat);

	free(name);
	if (fd < 0)
		return;
	if (!is_same(&log->memory, &stat) ||
	    stat.st_size <= log->memory.offset) {
		close(fd);
		return;
	}
	log->fds[log->n_fds++] = fd;
	seek(log, log->memory.offset, stat.st_size);
}

static enum turn
open_log(struct probe *p, struct log *log, const char *path)
{
	struct log_memory *memory = &log->memory;
	struct stat stat;
	int fd = open_file(path, &stat);
	bool is_followed;

	if (fd < 0)
		return no_file(p, path, errno);
	log->written_ms = (int64_t)stat.st_mtim.tv_sec * 1000 +
	    stat.st_mtim.tv_nsec / 1000000;
	is_followed = memory->is_known && is_same(memory, &stat);
	if (memory->is_known && !is_followed)
		open_rotated(log, path);
	log->fds[log->n_fds++] = fd;
	if (log->n_fds == 1)
		seek(log, is_followed ? memory->offset : 0, stat.st_size);
	memory->device = (uint64_t)stat.st_dev;
	memory->inode = (uint64_t)stat.st_ino;
	return TURN_NEXT;
}

/* The next of the files; false when there is none. */
static bool
next_file(struct log *log)
{
	struct stat stat;

	if (log->at + 1 >= log->n_fds)
		return false;
	end_line(log); /* what the writer has left does not go on elsewhere */
	log->at++;
	seek(log, 0, fstat(log->fds[log->at], &stat) == 0 ? stat.st_size : 0);
	return true;
}

/* A slice of what there is, so that others have their turn. */
static enum turn
read_file(struct probe *p, struct log *log)
{
	static const int64_t slice = SLICE_BYTES;
	char *bytes = mem_zalloc(SLICE_BYTES);
	int64_t n_left = log->size - log->offset;
	ssize_t n;

	n = pread(log->fds[log->at], bytes,
	    (size_t)(n_left < slice ? n_left : slice), log->offset);
	if (n > 0) {
		take_bytes(log, bytes, (size_t)n);
		log->offset += n;
	}
	free(bytes);
	if (n > 0)
		return probe_pause(p, probe_elapsed_us(p));
	if (n < 0)
		return probe_unknown(p, REASON_INTERNAL, "%s: %s",
		    probe_config(p)->log->file, strerror(errno));
	if (next_file(log))
		return probe_pause(p, probe_elapsed_us(p));
	/* An unfinished line is read again when it is finished. */
	log->memory.offset =
	    log->is_long ? log->offset : log->offset - (int64_t)log->n_line;
	return TURN_NEXT;
}

/* --- the journal ---------------------------------------------------------- */

static enum turn
ask_journal(struct probe *p, const struct log *log)
{
	const struct log_config *config = probe_config(p)->log;
	char *after = mem_printf("--after-cursor=%s", log->memory.cursor);
	const char *const environment[] = { "PATH=/usr/bin:/bin",
		"LC_ALL=C.UTF-8", NULL };
	const char *argv[] = { "journalctl", "--no-pager", "--quiet",
		"--output=cat", "--show-cursor", JOURNAL_LINES, "--unit",
		config->unit, NULL, NULL };
	const struct child_setup setup = {
		.argv = argv,
		.environment = environment,
		.max_bytes = RUN_MAX_BYTES,
	};
	enum turn turn;

	if (log->memory.cursor[0] != '\0')
		argv[8] = after;
	turn = probe_spawn(p, &setup);
	free(after);
	return turn;
}

static enum turn
read_journal(struct probe *p, struct log *log)
{
	const struct child_end *end = probe_child_end(p);
	const struct child_said *said;
	const char *cursor;

	if (end == NULL)
		return ask_journal(p, log);
	said = &end->said[CHILD_ERRORS];
	if (end->is_flooding)
		return probe_unknown(p, REASON_LIMIT,
		    "journalctl: more than %d bytes since the last run",
		    RUN_MAX_BYTES);
	if (end->status != 0 || end->signal != 0)
		return probe_unknown(p, REASON_INTERNAL, "journalctl: %s",
		    said->bytes != NULL ? said->bytes : "no answer");
	said = &end->said[CHILD_OUTPUT];
	if (said->bytes == NULL)
		return TURN_NEXT;
	cursor = memmem(said->bytes, said->n, CURSOR_HEAD, strlen(CURSOR_HEAD));
	for (const char *next = cursor; next != NULL;
	     next = strstr(next + 1, CURSOR_HEAD))
		cursor = next; /* the last is journalctl's own */
	take_bytes(log, said->bytes,
	    cursor != NULL ? (size_t)(cursor - said->bytes) : said->n);
	if (cursor != NULL) {
		cursor += strlen(CURSOR_HEAD);
		snprintf(log->memory.cursor, sizeof(log->memory.cursor), "%.*s",
		    (int)strcspn(cursor, "\n"), cursor);
	}
	return TURN_NEXT;
}

/* --- steps ---------------------------------------------------------------- */

static size_t
compile(regex_t *out, char *const *patterns, size_t n)
{
	size_t n_out = 0;

	for (size_t i = 0; i < n && n_out < PATTERNS_MAX; i++)
		if (regcomp(&out[n_out], patterns[i],
			REG_EXTENDED | REG_ICASE | REG_NOSUB) == 0)
			n_out++;
	return n_out;
}

static enum turn
open_step(struct probe *p, void *state)
{
	const struct log_config *config = probe_config(p)->log;
	char *path = probe_state_path(p);
	struct log *log = state;

	if (path != NULL)
		log_memory_read(&log->memory, path);
	free(path);
	log->n_errors_patterns = config->n_errors > 0
	    ? compile(log->errors, config->errors, config->n_errors)
	    : compile(log->errors, (char *const *)(uintptr_t)usual_patterns,
		  N_USUAL);
	log->n_ignored_patterns =
	    compile(log->ignored, config->ignore, config->n_ignore);
	return config->file != NULL ? open_log(p, log, config->file)
				    : TURN_NEXT;
}

static enum turn
read_step(struct probe *p, void *state)
{
	return probe_config(p)->log->file != NULL ? read_file(p, state)
						  : read_journal(p, state);
}

static enum turn
stale(struct probe *p, const struct log *log, int64_t limit_ms)
{
	char span[TEXT_SPAN_BYTES], limit[TEXT_SPAN_BYTES];

	text_span(span, (log->memory.at_ms - log->memory.line_ms) * 1000);
	text_span(limit, limit_ms * 1000);
	return probe_fail(p, REASON_STALE,
	    "nothing was written for %s; there should be something every %s",
	    span, limit);
}

/* Ends the run as severe as is configured. */
static enum turn
tell(struct probe *p, enum reason reason, const char *what)
{
	return strcmp(probe_config(p)->log->severity, "critical") == 0
	    ? probe_fail(p, reason, "%s", what)
	    : probe_warn(p, reason, "%s", what);
}

static char *
tell_news(const struct log *log)
{
	struct text text = { 0 };

	log_news_tell(&text, &log->news, NEWS_MAX_BYTES);
	return text_take(&text);
}

static enum turn
judge_errors(
    struct probe *p, const struct log *log, bool is_first, double minutes)
{
	const struct log_config *config = probe_config(p)->log;
	double rate = minutes > 0 ? (double)log->n_errors / minutes : 0;
	char *news = tell_news(log), *what = NULL;
	enum turn turn = TURN_NEXT;

	if (!is_first)
		probe_number(p, "errors_per_minute", rate);
	if (is_first && log->n_errors > 0) {
		/* Whether they are new is what nobody can tell yet. */
		turn = probe_unknown(p, REASON_SKIPPED,
		    "no earlier run to compare with: %zu kinds of errors in "
		    "the last %llu lines: %s",
		    log->news.n, (unsigned long long)log->n_lines, news);
	} else if (log->news.n > 0) {
		what = mem_printf("%zu new kind%s of error: %s", log->news.n,
		    log->news.n > 1 ? "s" : "", news);
		turn = tell(p, REASON_ERRORS, what);
	} else if (config->max_per_minute > 0 &&
	    rate > config->max_per_minute) {
		what = mem_printf(
		    "%.1f errors a minute, of kinds that are known; at most "
		    "%u are usual",
		    rate, config->max_per_minute);
		turn = tell(p, REASON_THRESHOLD, what);
	}
	free(what);
	free(news);
	return turn;
}

/* What the log says now, of whatever kind: a failure that comes back has
 * nothing new to say. */
static void
tell_last(struct probe *p, const struct log *log)
{
	char *line;

	if (log->n_errors == 0)
		return;
	line = redact(log->last_error);
	probe_text(p, "last_error", line);
	free(line);
}

/* What the next run has to know. */
static enum turn
remember(struct probe *p, const struct log *log)
{
	char *path = probe_state_path(p);
	enum turn turn = TURN_NEXT;
	struct err err;

	if (path != NULL && log_memory_write(&log->memory, path, &err) < 0)
		turn = probe_unknown(p, REASON_INTERNAL,
		    "what was read cannot be remembered: %s", err.text);
	free(path);
	return turn;
}

static enum turn
judge_step(struct probe *p, void *state)
{
	const struct log_config *config = probe_config(p)->log;
	struct log *log = state;
	struct log_memory *memory = &log->memory;
	int64_t now_ms = probe_now_ms(p), limit_ms = 0;
	bool is_first = !memory->is_known;
	double minutes = (double)(now_ms - memory->at_ms) / MINUTE_MS;

	probe_number(p, "lines", (double)log->n_lines);
	probe_number(p, "errors", (double)log->n_errors);
	if (!is_first)
		probe_number(p, "errors_new", (double)log->news.n);
	tell_last(p, log);
	if (log->n_skipped > 0)
		probe_number(p, "skipped_bytes", (double)log->n_skipped);
	if (config->file != NULL)
		memory->line_ms = log->written_ms;
	else if (log->n_lines > 0 || is_first)
		memory->line_ms = now_ms;
	memory->at_ms = now_ms;
	if (remember(p, log) != TURN_NEXT)
		return TURN_STOP;
	if (config->fresh_within != NULL)
		text_duration(&limit_ms, config->fresh_within, NULL);
	if (limit_ms > 0 && now_ms - memory->line_ms > limit_ms)
		return stale(p, log, limit_ms);
	return judge_errors(p, log, is_first, minutes);
}

static void
cleanup(void *state)
{
	struct log *log = state;

	for (size_t i = 0; i < log->n_fds; i++)
		close(log->fds[i]);
	for (size_t i = 0; i < log->n_errors_patterns; i++)
		regfree(&log->errors[i]);
	for (size_t i = 0; i < log->n_ignored_patterns; i++)
		regfree(&log->ignored[i]);
	explicit_bzero(log->line, sizeof(log->line));
	explicit_bzero(log->last_error, sizeof(log->last_error));
	log_news_fini(&log->news);
}

/* --- the configuration ---------------------------------------------------- */

static int
check_patterns(const struct conf *conf, const char *path, char *const *patterns,
    uint32_t n, struct err *err)
{
	char at[256], why[128];
	regex_t pattern;
	int rc;

	if (n > PATTERNS_MAX)
		return conf_complain(
		    conf, err, path, "at most %d patterns", PATTERNS_MAX);
	for (uint32_t i = 0; i < n; i++) {
		snprintf(at, sizeof(at), "%s[%u]", path, i);
		if (patterns[i][0] == '\0')
			return conf_complain(
			    conf, err, at, "an empty pattern matches all");
		rc = regcomp(&pattern, patterns[i], REG_EXTENDED | REG_NOSUB);
		if (rc != 0) {
			regerror(rc, &pattern, why, sizeof(why));
			return conf_complain(conf, err, at,
			    "not an extended regular expression: %s", why);
		}
		regfree(&pattern);
	}
	return 0;
}

static int
check(const struct conf *conf, const char *path,
    const struct probe_config *config, struct err *err)
{
	const struct log_config *log = config->log;
	enum outcome outcome;
	struct err inner;
	int64_t ms;
	char at[256];
	int rc = 0;

	if ((log->file != NULL) + (log->unit != NULL) != 1)
		rc = conf_complain(
		    conf, err, path, "must have exactly one of file and unit");
	snprintf(at, sizeof(at), "%s.unit", path);
	if (log->unit != NULL && (log->unit[0] == '\0' || log->unit[0] == '-'))
		rc = conf_complain(
		    conf, err, at, "not the name of a unit of systemd");
	snprintf(at, sizeof(at), "%s.severity", path);
	rc |= config_check_severity(conf, &outcome, at, log->severity, err);
	snprintf(at, sizeof(at), "%s.fresh_within", path);
	if (log->fresh_within != NULL &&
	    text_duration(&ms, log->fresh_within, &inner) < 0)
		rc = conf_complain(conf, err, at, "%s", inner.text);
	snprintf(at, sizeof(at), "%s.errors", path);
	rc |= check_patterns(conf, at, log->errors, log->n_errors, err);
	snprintf(at, sizeof(at), "%s.ignore", path);
	return rc | check_patterns(conf, at, log->ignore, log->n_ignore, err);
}

static const struct probe_step steps[] = {
	{ "open", open_step },
	{ "read", read_step },
	{ "judge", judge_step },
	{ NULL, NULL },
};

const struct probe_kind log_kind = {
	.name = "log",
	.state_size = sizeof(struct log),
	.steps = steps,
	.cleanup = cleanup,
	.is_consuming = true,
	.check = check,
};
