#include "collector/cli/members.h"
#include "collector/cli/show_document.h"

/* "83 %", or "-" where there is nothing to take a share of. */
static const char *
share(char out[16], const json_t *document, const char *key)
{
	const json_t *value = json_object_get(document, key);

	if (!json_is_number(value))
		return "-";
	snprintf(out, 16, "%.0f %%", 100 * json_number_value(value));
	return out;
}

static void
show_reliability(struct page *page, const json_t *document)
{
	static const struct column columns[] = {
		{ .title = "CONFIDENCE", .right = true },
		{ .title = "VERDICTS", .right = true },
		{ .title = "MEAN", .right = true },
		{ .title = "WERE RIGHT", .right = true },
		{ .title = "95 IN 100 BETWEEN", .right = true },
	};
	const json_t *bins = json_object_get(document, "reliability"), *bin;
	struct table *table =
	    table_new(columns, sizeof(columns) / sizeof(columns[0]));
	char text[2][16];
	size_t i;

	json_array_foreach(bins, i, bin)
	{
		table_add(table, INK_PLAIN, "%.1f to %.1f",
		    member_number(bin, "from"), member_number(bin, "to"));
		table_add(table, INK_PLAIN, "%llu",
		    (unsigned long long)member_count(bin, "verdicts"));
		table_add(
		    table, INK_PLAIN, "%s", share(text[0], bin, "confidence"));
		table_add(table, INK_PLAIN, "%s", share(text[0], bin, "right"));
		if (member_count(bin, "verdicts") == 0)
			table_add(table, INK_PLAIN, "-");
		else
			table_add(table, INK_PLAIN, "%s to %s",
			    share(text[0], bin, "right_from"),
			    share(text[1], bin, "right_to"));
	}
	table_print(table, page);
}

static void
show_wrong(struct page *page, const json_t *row)
{
	page_put(page, INK_BAD, "#%llu",
	    (unsigned long long)member_count(row, "incident"));
	page_put(page, INK_PLAIN, " %s %.19s: said %s %.2f %s, was %s %s",
	    member_text(row, "environment"), member_text(row, "onset"),
	    member_text(row, "class"), member_number(row, "confidence"),
	    member_text(row, "subject"), member_text(row, "was"),
	    member_text(row, "was_subject"));
	page_newline(page);
}

/* What the numbers below do not, or not all, stand on. */
static void
show_left(struct page *page, const json_t *document)
{
	static const struct {
		const char *key, *words;
	} lefts[] = {
		{ "as_told",
		    "as told when they were labelled: the results "
		    "are no longer kept" },
		{ "evidence_gone",
		    "not judged: neither results nor what was "
		    "told are kept" },
		{ "left_out",
		    "older ones not judged: --last or an "
		    "environment asks for fewer" },
	};

	for (size_t i = 0; i < sizeof(lefts) / sizeof(lefts[0]); i++) {
		uint64_t n = member_count(document, lefts[i].key);

		if (n == 0)
			continue;
		page_put(page, INK_UNSURE, "%llu %s", (unsigned long long)n,
		    lefts[i].words);
		page_newline(page);
	}
}

void
show_self_check(struct page *page, const json_t *document)
{
	const json_t *wrong = json_object_get(document, "false_confident"),
		     *row;
	char text[3][16];
	size_t i;

	page_put(page, INK_TITLE,
	    "%llu of %llu incidents were judged by people",
	    (unsigned long long)member_count(document, "labelled"),
	    (unsigned long long)member_count(document, "incidents"));
	page_newline(page);
	if (member_count(document, "labelled") == 0) {
		page_put(page, INK_DIM,
		    "vedette incident close INCIDENT --verdict CLASS says "
		    "what one was");
		page_newline(page);
		return;
	}
	show_left(page, document);
	if (!json_is_number(json_object_get(document, "right")))
		return; /* of none the evidence is there */
	page_put(page, INK_PLAIN,
	    "class right %s, subject too %s, undetermined %s",
	    share(text[0], document, "right"),
	    share(text[1], document, "subject_right"),
	    share(text[2], document, "undetermined"));
	page_newline(page);
	page_put(page, INK_PLAIN,
	    "Brier %.3f, of the priors alone %.3f: skill %.2f",
	    member_number(document, "brier"),
	    member_number(document, "brier_prior"),
	    member_number(document, "skill"));
	page_newline(page);
	page_newline(page);
	show_reliability(page, document);
	page_newline(page);
	page_put(page, json_array_size(wrong) > 0 ? INK_TITLE : INK_GOOD,
	    json_array_size(wrong) > 0 ? "CONFIDENT AND WRONG"
				       : "none was confident and wrong");
	page_newline(page);
	json_array_foreach(wrong, i, row) show_wrong(page, row);
}
