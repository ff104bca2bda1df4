#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/probes/host_read.h"
#include "proto/base/file.h"
#include "proto/base/mem.h"

#define FILE_MAX_BYTES (1024 * 1024) /* many processors, many lines */
#define KIB            1024.0
#define PATH_BYTES     1024

/* Version 1 says "no limit" by a number near the largest there is. */
#define NO_LIMIT 4611686018427387904.0

/* --- files ---------------------------------------------------------------- */

/* Owned by the caller; NULL with err when it cannot be read. */
static char *
read_file(const char *folder, const char *name, struct err *err)
{
	char *path = mem_printf("%s/%s", folder, name), *text = NULL;
	size_t n;

	if (file_read(&text, &n, path, FILE_MAX_BYTES, err) < 0)
		text = NULL;
	free(path);
	return text;
}

static double
number_of(const char *text)
{
	char *end;
	double number = strtod(text, &end);

	return end == text || !isfinite(number) || number < 0 ||
		number >= NO_LIMIT
	    ? NAN
	    : number;
}

/* A file that holds one number, or "max". */
static double
read_number(const char *folder, const char *name)
{
	char *text = read_file(folder, name, NULL);
	double number = text != NULL ? number_of(text) : NAN;

	free(text);
	return number;
}

double
host_field(const char *text, const char *key)
{
	size_t n_key = strlen(key);

	while (*text != '\0') {
		if (strncmp(text, key, n_key) == 0 &&
		    isspace((unsigned char)text[n_key]))
			return number_of(text + n_key);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return NAN;
}

static double
read_field(const char *folder, const char *name, const char *key)
{
	char *text = read_file(folder, name, NULL);
	double number = text != NULL ? host_field(text, key) : NAN;

	free(text);
	return number;
}

/* --- mounts --------------------------------------------------------------- */

/* Blanks in names are written "\040". */
static void
unescape(char *text)
{
	char *out = text;

	for (; *text != '\0'; text++) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' &&
		    text[2] >= '0' && text[2] <= '7' && text[3] >= '0' &&
		    text[3] <= '7') {
			*out++ = (char)((text[1] - '0') * 64 +
			    (text[2] - '0') * 8 + (text[3] - '0'));
			text += 3;
		} else {
			*out++ = *text;
		}
	}
	*out = '\0';
}

static bool
is_below(const char *path, const char *mount)
{
	size_t n = strlen(mount);

	return strcmp(mount, "/") == 0 ||
	    (strncmp(path, mount, n) == 0 &&
		(path[n] == '\0' || path[n] == '/'));
}

/* "36 35 98:0 /root /mount opts shared:1 - TYPE source opts" */
void
host_mount_of(char out[HOST_TYPE_BYTES], bool *out_is_mount,
    const char *mountinfo, const char *path)
{
	char mount[PATH_BYTES], type[HOST_TYPE_BYTES];
	size_t n, best = 0;
	const char *dash;
	char *line;

	out[0] = '\0';
	*out_is_mount = false;
	for (; *mountinfo != '\0'; mountinfo += n + (mountinfo[n] == '\n')) {
		n = strcspn(mountinfo, "\n");
		line = mem_strndup(mountinfo, n);
		dash = strstr(line, " - ");
		if (dash != NULL &&
		    sscanf(line, "%*s %*s %*s %*s %1023s", mount) == 1 &&
		    sscanf(dash, " - %31s", type) == 1) {
			unescape(mount);
			/* Of several at one place the last is on top. */
			if (is_below(path, mount) && strlen(mount) >= best) {
				best = strlen(mount);
				snprintf(out, HOST_TYPE_BYTES, "%s", type);
				*out_is_mount = strcmp(path, mount) == 0;
			}
		}
		free(line);
	}
}

/* --- the control group ---------------------------------------------------- */

static bool
is_listed(const char *list, size_t n, const char *word)
{
	size_t n_word = strlen(word), at = 0, n_item;

	for (; at <= n; at += n_item + 1) {
		n_item = strcspn(list + at, ",:");
		if (n_item == n_word && memcmp(list + at, word, n_word) == 0)
			return true;
	}
	return false;
}

/* "9:cpu,cpuacct:/a/b", and "0::/a/b" of version 2. */
char *
host_cgroup_of(const char *text, const char *controller)
{
	const char *list, *path;
	size_t n;

	for (; *text != '\0'; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		list = memchr(text, ':', n);
		path = list != NULL
		    ? memchr(list + 1, ':', n - (size_t)(list + 1 - text))
		    : NULL;
		if (path == NULL || path[1] != '/' ||
		    !is_listed(list + 1, (size_t)(path - list) - 1, controller))
			continue;
		return mem_strndup(path + 1, n - (size_t)(path + 1 - text));
	}
	return NULL;
}

/* The folder of our group of a controller: where /proc says, or, where a
 * container sees its own as the root, there.  Owned by the caller, NULL when
 * there is none that holds the file. */
static char *
group_folder(const char *root, const char *groups, const char *controller,
    const char *file)
{
	char *below = host_cgroup_of(groups, controller);
	const char *places[] = { below, "" };
	char *folder = NULL, *text;

	for (int i = 0; below != NULL && i < 2; i++) {
		folder = controller[0] != '\0'
		    ? mem_printf("%s/%s%s", root, controller, places[i])
		    : mem_printf("%s%s", root, places[i]);
		text = read_file(folder, file, NULL);
		if (text != NULL) {
			free(text);
			break;
		}
		free(folder);
		folder = NULL;
	}
	free(below);
	return folder;
}

/* One that is made anew at the same place is another one. */
static uint64_t
group_id(const char *folder)
{
	struct stat status;

	return stat(folder, &status) == 0 ? (uint64_t)status.st_ino : 0;
}

static void
read_version_2(struct host_state *out, const char *folder)
{
	char *text = read_file(folder, "cpu.max", NULL);
	double quota, period;

	out->cgroup.memory_limit = read_number(folder, "memory.max");
	out->cgroup.memory_used = read_number(folder, "memory.current") -
	    read_field(folder, "memory.stat", "inactive_file");
	out->cgroup.oom_kills = read_field(folder, "memory.events", "oom_kill");
	out->cgroup.id = group_id(folder);
	out->cgroup.pids_limit = read_number(folder, "pids.max");
	out->cgroup.pids_used = read_number(folder, "pids.current");
	if (text != NULL && sscanf(text, "%lf %lf", &quota, &period) == 2 &&
	    period > 0)
		out->cgroup.cpus_limit = quota / period;
	free(text);
}

static void
read_version_1(struct host_state *out, const char *root, const char *groups)
{
	char *folder;
	double quota, period;

	folder = group_folder(root, groups, "memory", "memory.limit_in_bytes");
	if (folder != NULL) {
		out->cgroup.memory_limit =
		    read_number(folder, "memory.limit_in_bytes");
		out->cgroup.memory_used =
		    read_number(folder, "memory.usage_in_bytes") -
		    read_field(folder, "memory.stat", "total_inactive_file");
		out->cgroup.oom_kills =
		    read_field(folder, "memory.oom_control", "oom_kill");
		out->cgroup.id = group_id(folder);
	}
	free(folder);
	folder = group_folder(root, groups, "pids", "pids.current");
	if (folder != NULL) {
		out->cgroup.pids_limit = read_number(folder, "pids.max");
		out->cgroup.pids_used = read_number(folder, "pids.current");
	}
	free(folder);
	folder = group_folder(root, groups, "cpu", "cpu.cfs_quota_us");
	if (folder != NULL) {
		quota = read_number(folder, "cpu.cfs_quota_us");
		period = read_number(folder, "cpu.cfs_period_us");
		if (period > 0) /* no quota is -1, hence NAN */
			out->cgroup.cpus_limit = quota / period;
	}
	free(folder);
}

static void
read_cgroup(struct host_state *out, const char *proc, const char *root)
{
	char *groups = read_file(proc, "self/cgroup", NULL), *folder;

	out->cgroup.memory_limit = out->cgroup.memory_used = NAN;
	out->cgroup.pids_limit = out->cgroup.pids_used = NAN;
	out->cgroup.oom_kills = out->cgroup.cpus_limit = NAN;
	if (groups == NULL)
		return;
	folder = group_folder(root, groups, "", "cgroup.controllers");
	if (folder != NULL)
		read_version_2(out, folder);
	else
		read_version_1(out, root, groups);
	free(folder);
	free(groups);
}

/* --- the host ------------------------------------------------------------- */

static void
read_boot(struct host_state *out, const char *proc)
{
	char *text = read_file(proc, "sys/kernel/random/boot_id", NULL);

	if (text != NULL)
		sscanf(text, "%39s", out->boot);
	free(text);
}

static int
read_memory(struct host_state *out, const char *proc, struct err *err)
{
	char *text = read_file(proc, "meminfo", err);

	if (text == NULL)
		return -1;
	out->memory_total = host_field(text, "MemTotal:") * KIB;
	out->memory_available = host_field(text, "MemAvailable:") * KIB;
	free(text);
	if (out->memory_total > 0 && out->memory_available >= 0)
		return 0;
	return err_set(err, ERR_INVALID, "%s/meminfo makes no sense", proc);
}

static int
read_load(struct host_state *out, const char *proc, struct err *err)
{
	char *text = read_file(proc, "loadavg", err), *stat;
	int n;

	if (text == NULL)
		return -1;
	n = sscanf(
	    text, "%lf %lf %lf", &out->load[0], &out->load[1], &out->load[2]);
	free(text);
	if (n != 3)
		return err_set(
		    err, ERR_INVALID, "%s/loadavg makes no sense", proc);
	stat = read_file(proc, "stat", err);
	if (stat == NULL)
		return -1;
	for (const char *at = stat; (at = strstr(at, "\ncpu")) != NULL; at++)
		out->cpus += isdigit((unsigned char)at[4]) != 0;
	free(stat);
	return 0;
}

static int
read_files(struct host_state *out, const char *proc, struct err *err)
{
	char *text = read_file(proc, "sys/fs/file-nr", err);
	int n;

	if (text == NULL)
		return -1;
	n = sscanf(text, "%lf %*s %lf", &out->files_open, &out->files_max);
	free(text);
	return n == 2 ? 0
		      : err_set(err, ERR_INVALID,
			    "%s/sys/fs/file-nr makes no sense", proc);
}

int
host_read(struct host_state *out, const char *proc, const char *cgroup,
    struct err *err)
{
	memset(out, 0, sizeof(*out));
	if (read_memory(out, proc, err) < 0 || read_load(out, proc, err) < 0 ||
	    read_files(out, proc, err) < 0)
		return -1;
	read_boot(out, proc);
	read_cgroup(out, proc, cgroup);
	/* Last, so that it holds all that the control group has counted. */
	out->oom_kills = read_field(proc, "vmstat", "oom_kill");
	return 0;
}
