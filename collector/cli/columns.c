#include "collector/cli/columns.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/base/mem.h"

/* Headers that mean the time where none is named. */
static const char *const time_names[] = { "time", "timestamp", "at", "date",
	"datetime", "unix_time", NULL };

/* The one field with this title, or an err that lists what there is. */
static int
find_field(
    size_t *out, const struct csv *csv, const char *title, struct err *err)
{
	char titles[256] = "";

	for (size_t i = 0; i < csv_n(csv); i++) {
		size_t n = strlen(titles);

		if (strcmp(csv_field(csv, i), title) == 0) {
			*out = i;
			return 0;
		}
		snprintf(titles + n, sizeof(titles) - n, "%s%s",
		    i > 0 ? ", " : "", csv_field(csv, i));
	}
	return csv_fault(
	    csv, 0, err, "no column %.60s; there are: %s", title, titles);
}

static bool
is_time_name(const char *title)
{
	for (const char *const *at = time_names; *at != NULL; at++)
		if (strcasecmp(*at, title) == 0)
			return true;
	return false;
}

/* Where no value is named: "value", or the only column that is nothing
 * else. */
static int
guess_value(size_t *out, const struct columns *columns, const struct csv *csv,
    struct err *err)
{
	size_t candidates = 0;

	for (size_t i = 0; i < csv_n(csv); i++) {
		const char *title = csv_field(csv, i);

		if (i == columns->time || i == columns->series ||
		    strcasecmp(title, "index") == 0)
			continue;
		if (strcasecmp(title, "value") == 0) {
			*out = i;
			return 0;
		}
		candidates++;
		*out = i;
	}
	if (candidates == 1)
		return 0;
	return csv_fault(csv, 0, err,
	    "which column holds the values?  name it: --value COLUMN");
}

static void
add_field(struct columns *columns, const struct csv *csv, size_t field)
{
	columns->fields[columns->n] = field;
	columns->titles[columns->n] = mem_strdup(csv_field(csv, field));
	columns->n++;
}

static int
choose_time(struct columns *columns, const struct csv *csv,
    const struct arguments *arguments, struct err *err)
{
	if (arguments->time != NULL)
		return find_field(&columns->time, csv, arguments->time, err);
	for (size_t i = csv_n(csv); i-- > 0;)
		if (is_time_name(csv_field(csv, i)))
			columns->time = i;
	return 0;
}

int
columns_choose(struct columns *columns, struct csv *csv,
    const struct arguments *arguments, struct err *err)
{
	size_t field;
	int rc = csv_next(csv, err);

	*columns = (struct columns){ .time = COLUMNS_NONE,
		.series = COLUMNS_NONE,
		.outcome = COLUMNS_NONE };
	if (rc < 0)
		return -1;
	if (rc == 0)
		return err_set(err, ERR_INVALID,
		    "%s: empty; a first line with the names of the columns "
		    "is needed",
		    csv_path(csv));
	if (choose_time(columns, csv, arguments, err) < 0)
		return -1;
	if (arguments->series != NULL &&
	    find_field(&columns->series, csv, arguments->series, err) < 0)
		return -1;
	for (size_t i = 0; i < arguments->n_values; i++) {
		if (find_field(&field, csv, arguments->values[i], err) < 0)
			return -1;
		add_field(columns, csv, field);
	}
	if (arguments->outcome != NULL) {
		if (find_field(&field, csv, arguments->outcome, err) < 0)
			return -1;
		columns->outcome = field;
		add_field(columns, csv, field);
	}
	if (columns->n > 0)
		return 0;
	if (guess_value(&field, columns, csv, err) < 0)
		return -1;
	add_field(columns, csv, field);
	return 0;
}

void
columns_fini(struct columns *columns)
{
	for (size_t i = 0; i < columns->n; i++)
		free(columns->titles[i]);
	columns->n = 0;
}
