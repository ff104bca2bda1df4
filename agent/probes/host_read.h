/*
 * host_read.h - what the kernel says of a host: memory, load, descriptors, and
 * the control group that limits us.
 *
 * Files of /proc and /sys/fs/cgroup, which never block; both may be somewhere
 * else, as where a container sees those of its host.
 */
#ifndef AGENT_PROBES_HOST_READ_H
#define AGENT_PROBES_HOST_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/probes/host_kills.h"
#include "proto/base/err.h"

/* What is not known, or not limited, is NAN. */
struct host_state {
	double memory_total, memory_available; /* bytes */
	double load[3];                        /* of 1, 5, 15 minutes */
	unsigned cpus;
	double files_open, files_max;
	double oom_kills;           /* since the start of the host */
	char boot[HOST_BOOT_BYTES]; /* which start; "" when it is not known */
	struct {
		double memory_used, memory_limit; /* bytes, without caches
						     that can be dropped */
		double oom_kills;
		uint64_t id; /* of the one that counts them; 0: none */
		double pids_used, pids_limit;
		double cpus_limit;
	} cgroup; /* of this process */
};

/* ERR_IO, ERR_NOT_FOUND and ERR_INVALID say which file; without a control
 * group there is just no limit. */
int host_read(struct host_state *out, const char *proc, const char *cgroup,
    struct err *err);

/* The value behind key in lines of "KEY VALUE", such as "MemTotal:"; NAN when
 * there is none. */
double host_field(const char *text, const char *key);

/* The type of the file system that path is on by a mountinfo; *out_is_mount
 * is whether path itself is where it is mounted.  Written to out, "" when it
 * is not known. */
#define HOST_TYPE_BYTES 32
void host_mount_of(char out[HOST_TYPE_BYTES], bool *out_is_mount,
    const char *mountinfo, const char *path);

/* Where the control group of this process stands below the root of a
 * controller ("" for version 2), by /proc/self/cgroup; owned by the caller,
 * NULL when it is in none. */
char *host_cgroup_of(const char *text, const char *controller);

#endif
