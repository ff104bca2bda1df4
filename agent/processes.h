/*
 * processes.h - finds a process of this host, and reads what /proc says of it.
 */
#ifndef AGENT_PROCESSES_H
#define AGENT_PROCESSES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/config.h"
#include "proto/base/err.h"

/* The process that source names by pidfile, command, unit or port: of several
 * the oldest.  ERR_NOT_FOUND: there is none; ERR_DENIED: not ours to see. */
int process_find(
    pid_t *out, const struct variables_config *source, struct err *err);

/* Reads /proc/PID/NAME, as file_read() does. */
int process_read(char **out, size_t *out_n, pid_t pid, const char *name,
    size_t max, struct err *err);

/* What /proc/PID/stat says: the state's letter and when it was started, in
 * ticks since the system was. */
int process_stat(pid_t pid, char *out_state, unsigned long long *out_started,
    struct err *err);

/* When it was started, by the wall clock; to about a second. */
int process_started(int64_t *out_ms, pid_t pid, struct err *err);

/* The name of its program, owned by the caller. */
char *process_name(pid_t pid);

#endif
