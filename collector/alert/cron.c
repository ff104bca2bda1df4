#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "collector/alert/cron.h"

#define MINUTE_MS INT64_C(60000)

static const char *const month_names[] = { "jan", "feb", "mar", "apr", "may",
	"jun", "jul", "aug", "sep", "oct", "nov", "dec", NULL };
static const char *const day_names[] = { "sun", "mon", "tue", "wed", "thu",
	"fri", "sat", NULL };

static const struct field {
	const char *name;
	int first, last;
	const char *const *names; /* the first is first; NULL: none */
} fields[] = {
	{ "minute", 0, 59, NULL },
	{ "hour", 0, 23, NULL },
	{ "day of the month", 1, 31, NULL },
	{ "month", 1, 12, month_names },
	{ "day of the week", 0, 7, day_names },
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

/* --- reading ------------------------------------------------------------ */

static int
complain(const struct field *field, struct err *err)
{
	return err_set(err, ERR_INVALID,
	    "%s: write *, or %d to %d, as 1,5 or 1-5 or */2", field->name,
	    field->first, field->last);
}

static int
read_number(int *out, const char **at, const struct field *field)
{
	char *end;
	long number;

	for (int i = 0; field->names != NULL && field->names[i] != NULL; i++)
		if (strncasecmp(*at, field->names[i], 3) == 0) {
			*out = field->first + i;
			*at += 3;
			return 0;
		}
	if (!isdigit((unsigned char)**at))
		return -1;
	number = strtol(*at, &end, 10);
	if (end - *at > 2 || number < field->first || number > field->last)
		return -1;
	*out = (int)number;
	*at = end;
	return 0;
}

static int
read_step(int *out, const char **at)
{
	char *end;
	long number;

	*out = 1;
	if (**at != '/')
		return 0;
	++*at;
	if (!isdigit((unsigned char)**at))
		return -1;
	number = strtol(*at, &end, 10);
	if (end - *at > 2 || number < 1)
		return -1;
	*out = (int)number;
	*at = end;
	return 0;
}

/* One of a list: "*" "5" "1-5" "*" "/2". */
static int
read_item(uint64_t *bits, const char **at, const struct field *field)
{
	int from = field->first, to = field->last, step;

	if (**at == '*') {
		++*at;
	} else {
		if (read_number(&from, at, field) < 0)
			return -1;
		if (**at == '-') {
			++*at;
			if (read_number(&to, at, field) < 0)
				return -1;
		} else if (**at != '/') {
			to = from;
		}
	}
	if (read_step(&step, at) < 0 || to < from)
		return -1;
	for (int i = from; i <= to; i += step)
		*bits |= UINT64_C(1) << i;
	return 0;
}

static int
read_field(
    uint64_t *bits, const char **at, const struct field *field, struct err *err)
{
	*bits = 0;
	for (;;) {
		if (read_item(bits, at, field) < 0)
			return complain(field, err);
		if (**at != ',')
			break;
		++*at;
	}
	return **at == '\0' || **at == ' ' ? 0 : complain(field, err);
}

int
cron_parse(struct cron *out, const char *text, struct err *err)
{
	uint64_t bits[N_FIELDS];
	bool is_any[N_FIELDS];

	for (size_t i = 0; i < N_FIELDS; i++) {
		text += strspn(text, " ");
		if (*text == '\0')
			return err_set(err, ERR_INVALID,
			    "%s is missing: write five fields, as 0 2 * * sun",
			    fields[i].name);
		is_any[i] = *text == '*';
		if (read_field(&bits[i], &text, &fields[i], err) < 0)
			return -1;
	}
	if (text[strspn(text, " ")] != '\0')
		return err_set(
		    err, ERR_INVALID, "more than five fields, as 0 2 * * sun");
	if (bits[4] & (UINT64_C(1) << 7))
		bits[4] |= 1; /* both are Sunday */
	*out = (struct cron){ bits[0], bits[1], bits[2], bits[3], bits[4],
		is_any[2], is_any[4] };
	return 0;
}

/* --- asking ------------------------------------------------------------- */

static bool
holds(uint64_t bits, int number)
{
	return (bits >> number & 1) != 0;
}

bool
cron_matches(const struct cron *cron, int64_t at_ms)
{
	time_t seconds = (time_t)(at_ms / 1000);
	bool day, weekday;
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL ||
	    !holds(cron->minutes, tm.tm_min) ||
	    !holds(cron->hours, tm.tm_hour) ||
	    !holds(cron->months, tm.tm_mon + 1))
		return false;
	day = holds(cron->days, tm.tm_mday);
	weekday = holds(cron->weekdays, tm.tm_wday);
	/* crontab(5): a restricted day joins the other one. */
	if (!cron->is_any_day && !cron->is_any_weekday)
		return day || weekday;
	return day && weekday;
}

int64_t
cron_until(const struct cron *cron, int64_t lasts_ms, int64_t now_ms)
{
	int64_t minute_ms = now_ms - now_ms % MINUTE_MS;

	/* The last one that began ends last: all last equally long. */
	for (; minute_ms + lasts_ms > now_ms; minute_ms -= MINUTE_MS)
		if (cron_matches(cron, minute_ms))
			return minute_ms + lasts_ms;
	return 0;
}
