/* A mail (RFC 5322): plain text, one thread per alert. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collector/alert/target.h"
#include "proto/base/mem.h"

/* Dates have English names, whatever the locale. */
static void
add_date(struct text *out, int64_t at_ms)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t seconds = (time_t)(at_ms / 1000);
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL)
		return;
	text_addf(out, "Date: %s, %02d %s %d %02d:%02d:%02d +0000\r\n",
	    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
	    tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* Headers are ASCII; what is not becomes '?'. */
static void
add_subject(struct text *out, const struct notice *notice)
{
	char *title = notice_title(notice);

	for (char *at = title; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e)
			*at = '?';
	text_addf(out, "Subject: [vedette] %.600s\r\n", title);
	free(title);
}

/* The first mail begins the thread that the others refer to. */
static void
add_thread(struct text *out, const struct notice *notice)
{
	const struct alert *alert = notice->alert;
	unsigned long long id = alert->id;

	text_addf(out, "Message-ID: <alert-%llu-%lld-%s.%s@vedette>\r\n", id,
	    (long long)notice->at_ms, word_name(notice->word),
	    notice->receiver);
	text_addf(out, "References: <alert-%llu.%s@vedette>\r\n", id,
	    alert->environment);
}

static void
add_lines(struct text *out, const char *text)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		text_add_bytes(out, text, n);
		text_add(out, "\r\n");
		text += n + (text[n] == '\n');
	}
}

static void
mail_write(
    struct text *out, const struct target *target, const struct notice *notice)
{
	char *text = notice_text(notice);

	text_addf(out, "From: <%s>\r\n", target->from);
	for (size_t i = 0; i < target->n_list; i++)
		text_addf(
		    out, "%s <%s>", i == 0 ? "To:" : ",\r\n", target->list[i]);
	text_add(out, "\r\n");
	add_date(out, notice->at_ms);
	add_subject(out, notice);
	add_thread(out, notice);
	text_add(out,
	    "Auto-Submitted: auto-generated\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n"
	    "\r\n");
	add_lines(out, text);
	free(text);
}

const struct way way_mail = {
	.name = "smtp",
	.road = ROAD_MAIL,
	.path = "",
	.write = mail_write,
};
