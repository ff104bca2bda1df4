#include "collector/detect/peaks.h"

#include "collector/detect/real.h"

#define MARK        3.0  /* nats; what exceeds it is a peak */
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

void
peaks_end(struct peaks *peaks, double cap)
{
	double highest = (double)peaks->highest;

	if (highest > MARK) {
		peaks->n++;
		peaks->excess +=
		    (float)((highest < cap ? highest : cap) - MARK);
	}
	peaks->highest = 0;
}

void
peaks_add(struct peaks *peaks, double nats, double cap)
{
	peaks->values++;
	if (nats > (double)peaks->highest)
		peaks->highest = (float)nats;
	if (nats < CALM)
		peaks_end(peaks, cap);
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
	return MARK + (rate * values > 1 ? mean * real_log(rate * values) : 0);
}
