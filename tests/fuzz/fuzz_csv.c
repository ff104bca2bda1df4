#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collector/cli/csv.h"
#include "collector/cli/moment.h"
#include "collector/detect/detector.h"
#include "tests/fuzz/fuzz.h"

/* Any bytes as a table: every field as a time and, read as raw bits, as a
 * value for the detector. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char path[64];
	struct csv *csv = NULL;
	struct detector detector;
	struct flag flag;
	struct err err;
	int file = memfd_create("csv", 0);

	assert(write(file, bytes, n) == (ssize_t)n);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	assert(csv_open(&csv, path, &err) == 0);
	detector_init(&detector, 1, 0);
	while (csv_next(csv, &err) > 0) {
		int64_t at_ms = PACE_NO_TIME;

		assert(csv_n(csv) >= 1);
		for (size_t i = 0; i < csv_n(csv); i++) {
			double value = 0;
			const char *field = csv_field(csv, i);

			moment_parse(&at_ms, field);
			memcpy(&value, field, strnlen(field, sizeof(value)));
			if (detector_add(&flag, &detector, at_ms, value))
				assert(flag.onset <= flag.alarm);
		}
	}
	csv_close(csv);
	close(file);
	return 0;
}
