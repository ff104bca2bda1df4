#include <stdlib.h>

#include "proto/base/mem.h"
#include "proto/base/text.h"
#include "proto/complaints.h"

void
complaints_add(struct complaints *complaints, const struct complaint *complaint)
{
	struct complaint *added = &complaints->all[complaints->n];

	if (complaints->n == COMPLAINTS_MAX) {
		complaints->n_more++;
		return;
	}
	*added = *complaint;
	added->text = mem_strdup(complaint->text);
	complaints->n++;
}

static int
by_place(const void *left, const void *right)
{
	const struct complaint *a = left, *b = right;

	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return (a->column > b->column) - (a->column < b->column);
}

char *
complaints_print(struct complaints *complaints, const char *before)
{
	struct text text = { 0 };

	qsort(complaints->all, complaints->n, sizeof(complaints->all[0]),
	    by_place);
	for (size_t i = 0; i < complaints->n; i++)
		text_addf(&text, "%s%s\n", before, complaints->all[i].text);
	if (complaints->n_more > 0)
		text_addf(&text, "%s%zu more\n", before, complaints->n_more);
	return text_take(&text);
}

void
complaints_fini(struct complaints *complaints)
{
	for (size_t i = 0; i < complaints->n; i++)
		free(complaints->all[i].text);
	*complaints = (struct complaints){ 0 };
}
