#include <stdlib.h>
#include <string.h>

#include "collector/cli/markup.h"
#include "proto/base/mem.h"

static const char style[] =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem "
    "auto;padding:0 1rem;color:#1b1b1b;background:#fff}table{border-collapse:"
    "collapse;width:100%}td,th{border:1px solid #999;padding:.3rem .5rem;"
    "text-align:left;vertical-align:top}code{background:#eee;padding:.1rem "
    ".3rem}@media(prefers-color-scheme:dark){body{color:#eee;background:#111}"
    "code{background:#333}}";

/* --- escaping ------------------------------------------------------------------- */

/* What would begin markup in running text stands behind a backslash. */
static void
add_markdown(struct text *out, char c)
{
	if (strchr("\\`*_[]<>|#", c) != NULL)
		text_add(out, "\\");
	text_add_bytes(out, &c, 1);
}

static void
add(struct markup *markup, const char *text)
{
	char *clean = mem_strdup(text);

	text_sanitise(clean, strlen(clean));
	for (const char *c = clean; *c != '\0'; c++) {
		if (markup->format == MARKUP_HTML)
			text_add_html(&markup->page->text, *c);
		else if (markup->format == MARKUP_MARKDOWN)
			add_markdown(&markup->page->text, *c);
		else
			text_add_bytes(&markup->page->text, c, 1);
	}
	free(clean);
}

/* By format: plain text, Markdown, HTML. */
static void
put(struct markup *markup, const char *plain, const char *markdown,
    const char *html)
{
	const char *const by_format[] = { plain, markdown, html };

	text_add(&markup->page->text, by_format[markup->format]);
}

/* --- the parts ------------------------------------------------------------------- */

void
markup_begin(struct markup *markup, const char *title)
{
	put(markup, "", "# ",
	    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	    "<meta name=\"viewport\" content=\"width=device-width\"><style>");
	if (markup->format == MARKUP_HTML) {
		text_addf(&markup->page->text, "%s</style><title>", style);
		add(markup, title);
		text_add(&markup->page->text, "</title></head><body>\n<h1>");
	}
	add(markup, title);
	put(markup, "\n", "\n\n", "</h1>\n");
}

void
markup_heading(struct markup *markup, const char *text)
{
	put(markup, "\n", "\n## ", "<h2>");
	add(markup, text);
	put(markup, "\n", "\n\n", "</h2>\n");
}

void
markup_paragraph(struct markup *markup, const char *text)
{
	if (markup->format == MARKUP_TEXT) {
		page_put(markup->page, INK_PLAIN, "  ");
		page_wrap(markup->page, 2, 2, INK_PLAIN, text);
		return;
	}
	put(markup, "", "", "<p>");
	add(markup, text);
	put(markup, "", "\n\n", "</p>\n");
}

static void
cells(struct markup *markup, const char *const *texts, const char *html)
{
	put(markup, "", "|", "<tr>");
	for (size_t i = 0; i < markup->n_columns; i++) {
		if (markup->format == MARKUP_HTML)
			text_addf(&markup->page->text, "<%s>", html);
		put(markup, "", " ", "");
		add(markup, texts[i]);
		put(markup, "", " |", "");
		if (markup->format == MARKUP_HTML)
			text_addf(&markup->page->text, "</%s>", html);
	}
	put(markup, "", "\n", "</tr>\n");
}

/* One after the other, as far as they say something. */
static void
line(struct markup *markup, const char *const *texts)
{
	struct text text = { 0 };

	for (size_t i = 0; i < markup->n_columns; i++)
		if (texts[i][0] != '\0' && strcmp(texts[i], "-") != 0)
			text_addf(
			    &text, "%s%s", text.n > 0 ? "  " : "", texts[i]);
	page_put(markup->page, INK_PLAIN, "  ");
	page_wrap(markup->page, 2, 6, INK_PLAIN,
	    text.bytes != NULL ? text.bytes : "");
	text_fini(&text);
}

void
markup_table(struct markup *markup, const char *const *titles, size_t n_columns)
{
	markup->n_columns = n_columns;
	put(markup, "", "", "<table><thead>\n");
	if (markup->format != MARKUP_TEXT)
		cells(markup, titles, "th");
	put(markup, "", "|", "</thead><tbody>\n");
	for (size_t i = 0; i < n_columns; i++)
		put(markup, "", "---|", "");
	put(markup, "", "\n", "");
}

void
markup_row(struct markup *markup, const char *const *texts)
{
	if (markup->format == MARKUP_TEXT)
		line(markup, texts);
	else
		cells(markup, texts, "td");
}

void
markup_table_end(struct markup *markup)
{
	markup->n_columns = 0;
	put(markup, "", "\n", "</tbody></table>\n");
}

void
markup_command(struct markup *markup, const char *command)
{
	put(markup, "    $ ", "```\n", "<pre><code>");
	if (markup->format == MARKUP_MARKDOWN)
		text_add(&markup->page->text,
		    command); /* nothing is special inside */
	else
		add(markup, command);
	put(markup, "\n", "\n```\n\n", "</code></pre>\n");
}

void
markup_end(struct markup *markup)
{
	put(markup, "", "", "</body></html>\n");
}
