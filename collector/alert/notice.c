#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "collector/alert/notice.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define MEMBERS_SHOWN 10

static const char *
heading(const struct notice *notice)
{
	switch (notice->word) {
	case WORD_UPDATE:
		return "CHANGED";
	case WORD_REMINDER:
		return "STILL FIRING";
	case WORD_ACKNOWLEDGED:
		return "ACKNOWLEDGED";
	case WORD_RESOLVED:
		return "RESOLVED";
	default:
		return "FIRING";
	}
}

static const char *
or_none(const char *text)
{
	return text != NULL ? text : "";
}

static bool
has_cause(const struct alert *alert)
{
	return alert->cause.subject != NULL && alert->cause.subject[0] != '\0';
}

char *
notice_title(const struct notice *notice)
{
	const struct alert *alert = notice->alert;
	const char *service = alert_service(alert);
	struct text text = { 0 };

	text_addf(&text, "%s %s%s%s: ", heading(notice), alert->environment,
	    service[0] != '\0' ? "/" : "", service);
	if (has_cause(alert))
		text_addf(&text, "%s %.200s, %.0f %%", alert_class(alert),
		    alert->cause.subject, 100 * alert->cause.confidence);
	else if (alert->n_members > 0)
		text_addf(&text, "%s, cause %s",
		    or_none(alert->members[0].subject), alert_class(alert));
	text_sanitise(text.bytes, text.n);
	return text_take(&text);
}

char *
notice_link(const struct notice *notice)
{
	size_t n;

	if (notice->url == NULL)
		return NULL;
	n = strlen(notice->url);
	while (n > 0 && notice->url[n - 1] == '/')
		n--;
	return mem_printf("%.*s/#/incident/%llu", (int)n, notice->url,
	    (unsigned long long)notice->alert->id);
}

/* --- lines ---------------------------------------------------------------- */

static void
add_line(struct text *text, const char *words)
{
	size_t before = text->n;

	text_addf(text, "%.400s", words);
	text_sanitise(text->bytes + before, text->n - before);
	text_add(text, "\n");
}

static void
add_members(struct text *text, const struct alert *alert)
{
	size_t n = 0, n_open = 0;

	for (size_t i = 0; i < alert->n_members; i++) {
		const struct alert_member *member = &alert->members[i];
		char *line;

		n_open += member->is_open;
		if ((!member->is_open && alert->closed_ms == 0) ||
		    n++ >= MEMBERS_SHOWN)
			continue;
		line = mem_printf("  %s%s%s%s%s%s", member->service,
		    member->service[0] != '\0' ? "/" : "", member->subject,
		    member->message[0] != '\0' ? ": " : "", member->message,
		    member->is_open ? "" : " (clear)");
		add_line(text, line);
		free(line);
	}
	if (n > MEMBERS_SHOWN)
		text_addf(text, "  and %zu more\n", n - MEMBERS_SHOWN);
}

static void
add_taken(struct text *text, const struct alert *alert)
{
	char *line = mem_printf("acknowledged by %s", or_none(alert->acked_by));

	add_line(text, line);
	free(line);
}

static void
add_cause(struct text *text, const struct alert *alert)
{
	const struct alert_cause *cause = &alert->cause;
	char *line;

	if (!has_cause(alert))
		return;
	line = mem_printf("caused by %s (%s, %.2f, %s)%s%s", cause->subject,
	    cause->class, cause->confidence, or_none(cause->word),
	    cause->owner != NULL ? ", for " : "", or_none(cause->owner));
	add_line(text, line);
	free(line);
}

static void
add_next(struct text *text, const struct alert *alert)
{
	char *line;

	if (alert->closed_ms != 0)
		return;
	for (size_t i = 0; i < alert->cause.n_advice; i++) {
		line = mem_printf("next: %s", alert->cause.advice[i]);
		add_line(text, line);
		free(line);
	}
}

char *
notice_text(const struct notice *notice)
{
	const struct alert *alert = notice->alert;
	char *title = notice_title(notice), *link = notice_link(notice);
	char time[TEXT_TIME_BYTES];
	struct text text = { 0 };

	text_addf(&text, "%s\n", title);
	text_addf(&text, "since %s", text_time(time, alert->onset_ms));
	if (alert->closed_ms != 0)
		text_addf(&text, ", over %s", text_time(time, alert->quiet_ms));
	text_add(&text, "\n");
	if (notice->word == WORD_ACKNOWLEDGED)
		add_taken(&text, alert);
	add_cause(&text, alert);
	add_members(&text, alert);
	add_next(&text, alert);
	text_addf(
	    &text, "vedette report %llu\n", (unsigned long long)alert->id);
	if (link != NULL)
		add_line(&text, link);
	free(link);
	free(title);
	return text_take(&text);
}
