#include "collector/cli/chart.h"

#include <math.h>
#include <string.h>

#define LINES  10 /* of the plot */
#define MARGIN 12 /* columns of the scale to the left */

static const struct stretch nothing = { .least = HUGE_VAL, .most = -HUGE_VAL };

void
chart_init(struct chart *chart)
{
	chart->length = 1;
	chart->n = 0;
	for (int i = 0; i < CHART_STRETCHES; i++)
		chart->stretches[i] = nothing;
}

static struct stretch
joined(const struct stretch *a, const struct stretch *b)
{
	return (struct stretch){ .least = fmin(a->least, b->least),
		.most = fmax(a->most, b->most),
		.up = a->up || b->up,
		.down = a->down || b->down };
}

void
chart_add(struct chart *chart, double value)
{
	struct stretch *stretches = chart->stretches;
	struct stretch *stretch;

	if (chart->n / chart->length == CHART_STRETCHES) {
		for (int i = 0; i < CHART_STRETCHES / 2; i++)
			stretches[i] =
			    joined(&stretches[2 * i], &stretches[2 * i + 1]);
		for (int i = CHART_STRETCHES / 2; i < CHART_STRETCHES; i++)
			stretches[i] = nothing;
		chart->length *= 2;
	}
	stretch = &stretches[chart->n++ / chart->length];
	if (!isfinite(value))
		return;
	stretch->least = fmin(stretch->least, value);
	stretch->most = fmax(stretch->most, value);
}

void
chart_mark(struct chart *chart, uint64_t i, bool up)
{
	if (up)
		chart->stretches[i / chart->length].up = true;
	else
		chart->stretches[i / chart->length].down = true;
}

/* The stretches that fall into one column of the plot. */
static struct stretch
column_of(const struct chart *chart, size_t column, size_t columns)
{
	size_t n = (chart->n + chart->length - 1) / chart->length;
	size_t from = column * n / columns, to = (column + 1) * n / columns;
	struct stretch all = nothing;

	for (size_t i = from; i < to || i == from; i++)
		all = joined(&all, &chart->stretches[i]);
	return all;
}

static void
draw_line(const struct chart *chart, struct page *page, size_t columns,
    double low, double high)
{
	for (size_t i = 0; i < columns; i++) {
		struct stretch at = column_of(chart, i, columns);
		bool inside = at.least <= high && at.most >= low;

		page_put(page, INK_PLAIN, "%s",
		    !inside                 ? " "
			: page->look.glyphs ? "\u2588"
					    : "#");
	}
	page_newline(page);
}

static void
draw_marks(const struct chart *chart, struct page *page, size_t columns)
{
	page_put(page, INK_PLAIN, "%*s", MARGIN, "");
	for (size_t i = 0; i < columns; i++) {
		struct stretch at = column_of(chart, i, columns);

		page_put(page, at.up ? INK_BAD : INK_GOOD, "%s",
		    at.up && at.down ? "x"
			: at.up      ? "^"
			: at.down    ? "v"
				     : " ");
	}
	page_newline(page);
}

void
chart_draw(const struct chart *chart, struct page *page)
{
	struct stretch all = nothing;
	size_t n = (chart->n + chart->length - 1) / chart->length;
	size_t columns = page->look.width - MARGIN - 1;
	double step;

	for (size_t i = 0; i < n; i++)
		all = joined(&all, &chart->stretches[i]);
	if (all.least > all.most) {
		page_put(page, INK_DIM, "no values");
		page_newline(page);
		return;
	}
	if (columns > n)
		columns = n;
	step = (all.most - all.least) / LINES;
	for (int i = LINES; i > 0; i--) {
		double low = all.least + step * (i - 1);

		page_put(page, INK_DIM, "%*.5g ", MARGIN - 1,
		    i == LINES ? all.most : low);
		/* The topmost line holds the greatest value itself. */
		draw_line(chart, page, columns, low,
		    i == LINES ? HUGE_VAL : low + step);
	}
	draw_marks(chart, page, columns);
}
