/*
 * check.h - checks that all parts of the configuration share.  For the files
 * of this folder only.
 *
 * Each returns 0, or -1 with complaints that name their places.  Checks go on
 * after one (rc |= ...), so that all are told at once.
 */
#ifndef COLLECTOR_CONFIG_CHECK_H
#define COLLECTOR_CONFIG_CHECK_H

#include "collector/config/config.h"
#include "proto/conf.h"
#include "proto/place.h"

/* What every check needs. */
struct check {
	const struct conf *conf;
	struct collector_config *config;
	const char *folder; /* of the file, with its slash; "" for ours */
	struct err *err;
	bool is_daemon; /* not only the rules by which history is judged */
};

int check_name(const struct check *check, const char *path, const char *name);
int check_label(const struct check *check, const char *path, const char *name);
int check_environment_name(
    const struct check *check, const char *path, const char *name);

/* Names of configured environments, and of configured services. */
int check_environments(
    const struct check *check, const char *path, const struct names *names);
int check_services(
    const struct check *check, const char *path, const struct names *names);

/* A duration between two bounds; usual when text is NULL. */
int check_span(const struct check *check, int64_t *out_ms, const char *path,
    const char *text, const char *usual, int64_t least_ms, int64_t most_ms);

/* The place is PATH.severity. */
int check_severity(const struct check *check, bool *out_is_warning,
    const char *path, const char *severity);

#endif
