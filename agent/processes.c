#include <dirent.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/processes.h"
#include "proto/base/file.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define CMDLINE_MAX_BYTES (256 * 1024)
#define PIDFILE_MAX_BYTES 64
#define STAT_MAX_BYTES    4096
#define TABLE_MAX_BYTES   (16 * 1024 * 1024)
#define PID_DIGITS        9

/* --- processes ------------------------------------------------------------ */

static char *
proc_path(pid_t pid, const char *name)
{
	return mem_printf("/proc/%d/%s", (int)pid, name);
}

int
process_read(char **out, size_t *out_n, pid_t pid, const char *name, size_t max,
    struct err *err)
{
	char *path = proc_path(pid, name);
	int rc = file_read(out, out_n, path, max, err);

	free(path);
	return rc;
}

/* What /proc/PID/stat says: the state's letter and when it was started, in
 * ticks since the system was.  The name before them may hold anything. */
int
process_stat(pid_t pid, char *out_state, unsigned long long *out_started,
    struct err *err)
{
	char *stat = NULL, *at;
	size_t n;
	int rc = -1;

	if (process_read(&stat, &n, pid, "stat", STAT_MAX_BYTES, err) < 0)
		return -1;
	at = strrchr(stat, ')');
	if (at != NULL &&
	    sscanf(at + 1,
		" %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d "
		"%*d %*d %*d %*d %llu",
		out_state, out_started) == 2)
		rc = 0;
	else
		err_set(
		    err, ERR_INVALID, "/proc/%d/stat makes no sense", (int)pid);
	free(stat);
	return rc;
}

/* The name of the program, owned by the caller. */
char *
process_name(pid_t pid)
{
	char *name = NULL;
	size_t n;

	if (process_read(&name, &n, pid, "comm", STAT_MAX_BYTES, NULL) < 0)
		return mem_strdup("?");
	while (n > 0 && name[n - 1] == '\n')
		name[--n] = '\0';
	text_sanitise(name, n);
	return name;
}

static int
pid_parse(pid_t *out, const char *text)
{
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > PID_DIGITS || text[strspn(text, "0123456789 \t\r\n")])
		return -1;
	*out = (pid_t)strtol(text, NULL, 10);
	return *out > 0 ? 0 : -1;
}

static int
pid_of_file(pid_t *out, const char *path, struct err *err)
{
	char *text = NULL;
	size_t n;
	int rc;

	if (file_read(&text, &n, path, PIDFILE_MAX_BYTES, err) < 0)
		return -1;
	rc = pid_parse(out, text);
	free(text);
	if (rc < 0)
		return err_set(
		    err, ERR_INVALID, "%s: holds no process id", path);
	return 0;
}

/* Does the command line of pid, its arguments parted by spaces, match? */
static bool
command_matches(pid_t pid, const char *pattern)
{
	char *line = NULL;
	size_t n;
	bool matches;

	if (process_read(&line, &n, pid, "cmdline", CMDLINE_MAX_BYTES, NULL) <
	    0)
		return false;
	while (n > 0 && line[n - 1] == '\0')
		n--;
	for (size_t i = 0; i < n; i++)
		if (line[i] == '\0')
			line[i] = ' ';
	matches = n > 0 && text_matches(pattern, line);
	free(line);
	return matches;
}

/* Is it in the control group of this unit of systemd? */
static bool
is_of_unit(pid_t pid, const char *unit)
{
	bool is_whole = strchr(unit, '.') != NULL;
	char *groups = NULL, *wanted;
	const char *at;
	size_t n, n_wanted;
	bool found = false;

	if (process_read(&groups, &n, pid, "cgroup", STAT_MAX_BYTES, NULL) < 0)
		return false;
	wanted = mem_printf("/%s%s", unit, is_whole ? "" : ".service");
	n_wanted = strlen(wanted);
	for (at = groups; !found && (at = strstr(at, wanted)) != NULL; at++)
		found = at[n_wanted] == '\n' || at[n_wanted] == '/' ||
		    at[n_wanted] == '\0';
	free(wanted);
	free(groups);
	return found;
}

/* The inodes of the sockets that listen on a port, as "socket:[1][2]...". */
static void
list_listeners(struct text *out, const char *table, unsigned port)
{
	char *bytes = NULL, *line, *rest;
	unsigned local, state;
	unsigned long inode;
	size_t n;

	if (file_read(&bytes, &n, table, TABLE_MAX_BYTES, NULL) < 0)
		return;
	rest = bytes;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (sscanf(line,
			" %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s "
			"%*s %*d %*d %lu",
			&local, &state, &inode) == 3 &&
		    local == port && state == TCP_LISTEN)
			text_addf(out, "[%lu]", inode);
	free(bytes);
}

/* Does it hold one of these sockets? */
static bool
holds_socket(pid_t pid, const char *inodes)
{
	char *path = proc_path(pid, "fd"), *name, target[64];
	DIR *folder = opendir(path);
	struct dirent *entry;
	bool found = false;
	ssize_t n;

	free(path);
	while (folder != NULL && !found && (entry = readdir(folder)) != NULL) {
		name = mem_printf("/proc/%d/fd/%s", (int)pid, entry->d_name);
		n = readlink(name, target, sizeof(target) - 1);
		free(name);
		target[n > 0 ? n : 0] = '\0';
		found = strncmp(target, "socket:[", 8) == 0 &&
		    strstr(inodes, target + 7) != NULL;
	}
	if (folder != NULL)
		closedir(folder);
	return found;
}

/* Does it match what the source names?  inodes are for the port. */
static bool
matches(pid_t pid, const struct variables_config *source, const char *inodes)
{
	if (source->command != NULL)
		return command_matches(pid, source->command);
	if (source->unit != NULL)
		return is_of_unit(pid, source->unit);
	return holds_socket(pid, inodes);
}

/* The oldest process that matches: a server, not the workers it started. */
static pid_t
oldest(const struct variables_config *source, const char *inodes)
{
	unsigned long long started, first = 0;
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t pid, found = 0;
	char state;

	while (proc != NULL && (entry = readdir(proc)) != NULL) {
		if (pid_parse(&pid, entry->d_name) < 0 || pid == getpid() ||
		    !matches(pid, source, inodes) ||
		    process_stat(pid, &state, &started, NULL) < 0 ||
		    state == 'Z')
			continue;
		if (found != 0 &&
		    (started > first || (started == first && pid > found)))
			continue;
		found = pid;
		first = started;
	}
	if (proc != NULL)
		closedir(proc);
	return found;
}

static int
find_by_port(pid_t *out, const struct variables_config *source, struct err *err)
{
	struct text inodes = { 0 };

	list_listeners(&inodes, "/proc/net/tcp", source->port);
	list_listeners(&inodes, "/proc/net/tcp6", source->port);
	*out = inodes.n > 0 ? oldest(source, inodes.bytes) : 0;
	if (inodes.n == 0)
		err_set(err, ERR_NOT_FOUND, "nothing listens on port %u",
		    source->port);
	else if (*out == 0)
		err_set(err, ERR_DENIED,
		    "who listens on port %u is not ours to see: run the agent "
		    "as the same user, or with CAP_SYS_PTRACE",
		    source->port);
	text_fini(&inodes);
	return *out != 0 ? 0 : -1;
}

int
process_find(pid_t *out, const struct variables_config *source, struct err *err)
{
	if (source->pidfile != NULL)
		return pid_of_file(out, source->pidfile, err);
	if (source->port != 0)
		return find_by_port(out, source, err);
	*out = oldest(source, NULL);
	if (*out != 0)
		return 0;
	if (source->unit != NULL)
		return err_set(err, ERR_NOT_FOUND,
		    "no process is in the control group of unit %s",
		    source->unit);
	return err_set(err, ERR_NOT_FOUND,
	    "no process has a command line like %s", source->command);
}

int
process_started(int64_t *out_ms, pid_t pid, struct err *err)
{
	unsigned long long ticks, boot_s;
	char state, *bytes = NULL, *at;
	long hertz = sysconf(_SC_CLK_TCK);
	size_t n;
	int rc = 0;

	if (process_stat(pid, &state, &ticks, err) < 0 ||
	    file_read(&bytes, &n, "/proc/stat", TABLE_MAX_BYTES, err) < 0)
		return -1;
	at = strstr(bytes, "\nbtime ");
	if (at == NULL || sscanf(at + 7, "%llu", &boot_s) != 1)
		rc = err_set(err, ERR_INVALID, "/proc/stat has no btime");
	else
		*out_ms = (int64_t)(boot_s * 1000 +
		    ticks * 1000 / (unsigned long long)hertz);
	free(bytes);
	return rc;
}
