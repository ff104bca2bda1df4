/*
 * chart.h - a series as a picture of text.
 *
 * Keeps the least and the greatest value of each stretch of the series, in
 * constant memory: when the stretches are used up, two become one.
 */
#ifndef COLLECTOR_CLI_CHART_H
#define COLLECTOR_CLI_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/cli/render.h"

#define CHART_STRETCHES 256

struct stretch {
	double least, most; /* least > most: no value */
	bool up, down;      /* a change was flagged here */
};

struct chart {
	struct stretch stretches[CHART_STRETCHES];
	uint64_t length; /* values of a stretch; a power of two */
	uint64_t n;      /* values added */
};

void chart_init(struct chart *chart);
void chart_add(struct chart *chart, double value); /* NaN: a gap */

/* Marks value number i, added already. */
void chart_mark(struct chart *chart, uint64_t i, bool up);

/* Draws it as wide as the page allows. */
void chart_draw(const struct chart *chart, struct page *page);

#endif
