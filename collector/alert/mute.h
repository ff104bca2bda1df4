/*
 * mute.h - when people are not to be told: silences and maintenance.
 *
 * A silence is said by somebody and kept in the store; maintenance is written
 * in the configuration.  Both hold for what they name, until they end.  Pure.
 */
#ifndef COLLECTOR_ALERT_MUTE_H
#define COLLECTOR_ALERT_MUTE_H

#include "collector/alert/alert.h"
#include "collector/config/config.h"

#define SILENCES_MAX 1000

struct silence {
	uint64_t id;
	char *environment, *service; /* "" for all */
	int64_t from_ms, until_ms;
	char *by, *why;
	bool is_dirty; /* differs from what is kept */
};

struct silences {
	struct silence *list;
	size_t n;
};

/* Takes what silence points to; false when there are too many, and it is
 * freed. */
bool silences_add(struct silences *silences, struct silence *silence);

/* Frees the one at i. */
void silences_remove(struct silences *silences, size_t i);
void silences_fini(struct silences *silences);
void silence_fini(struct silence *silence);

/* Until when each maintenance of the configuration lasts, of the one that is
 * under way; 0: there is none.  Good until the minute ends; owned by the
 * caller, NULL without configuration. */
int64_t *mute_windows(const struct alerts_config *config, int64_t now_ms);

/* Everything that mutes. */
struct mutes {
	const struct silences *silences;
	const struct alerts_config *config; /* NULL: no maintenance */
	const int64_t *windows;             /* of mute_windows() */
};

/* Until when nobody is to be told of this alert, as it stands now; 0: people
 * are told.  out_why is what says so: "silence 3", "maintenance nightly". */
#define MUTE_WHY_BYTES 96
int64_t mute_until(char out_why[MUTE_WHY_BYTES], const struct alert *alert,
    const struct mutes *mutes, int64_t now_ms);

#endif
