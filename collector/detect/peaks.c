#include "collector/detect/peaks.h"

#include "collector/detect/real.h"

#define CALM        1.0  /* nats; below it an excursion has ended */
#define PRIOR_PEAKS 70   /* worth of what theory expects: */
#define PRIOR_RATE  0.02 /* peaks per value */
#define PRIOR_MEAN  1.0  /* nats of excess; also the least believed */
#define MEMORY      20000

void
peaks_init(struct peaks *peaks)
{
	*peaks = (struct peaks){ .n = 0 };
}

double
peaks_floor(const struct peaks *peaks)
{
	return (double)peaks->highest > PEAKS_MARK ? CALM : PEAKS_MARK;
}

void
peaks_end(struct peaks *peaks, double values)
{
	double highest = (double)peaks->highest, cap;

	if (highest > PEAKS_MARK) {
		cap = real_log(values);
		peaks->n++;
		peaks->excess +=
		    (float)((highest < cap ? highest : cap) - PEAKS_MARK);
	}
	peaks->highest = 0;
}

void
peaks_add(struct peaks *peaks, double nats, double values)
{
	peaks->values++;
	if (nats > PEAKS_MARK && nats > (double)peaks->highest)
		peaks->highest = (float)nats;
	if (nats < CALM)
		peaks_end(peaks, values);
	if (peaks->values <= MEMORY)
		return;
	peaks->values /= 2;
	peaks->n /= 2;
	peaks->excess /= 2;
}

double
peaks_limit(const struct peaks *peaks, double values)
{
	double n = (double)peaks->n + PRIOR_PEAKS;
	double mean = ((double)peaks->excess + PRIOR_PEAKS * PRIOR_MEAN) / n;
	double rate = n / ((double)peaks->values + PRIOR_PEAKS / PRIOR_RATE);

	if (mean < PRIOR_MEAN)
		mean = PRIOR_MEAN;
	return PEAKS_MARK +
	    (rate * values > 1 ? mean * real_log(rate * values) : 0);
}
