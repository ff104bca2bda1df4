#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "proto/child.h"
#include "agent/probes/host_read.h"
#include "agent/probes/kinds.h"
#include "proto/base/file.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define DISKS_MAX       16
#define STAT_MAX_BYTES  4096
#define MOUNTS_MAX      (1024 * 1024)
#define SIZE_TEXT_BYTES 24

/* File systems that answer from this host: asking them cannot block for long.
 * All others are asked by a program that can be killed. */
static const char *const local_types[] = { "ext2", "ext3", "ext4", "xfs",
	"btrfs", "zfs", "f2fs", "tmpfs", "ramfs", "overlay", "squashfs", "vfat",
	"iso9660", "devtmpfs", "erofs", "rootfs", NULL };

struct host {
	struct host_state state;
	struct text worst; /* what is past its limits, the first one first */
	enum outcome outcome;
	enum reason reason; /* of the first of them */
	size_t disk;        /* that is looked at */
	char type[HOST_TYPE_BYTES];
	bool is_mount;
};

/* --- limits --------------------------------------------------------------- */

/* Notes what a person should know. */
static void
note(struct host *host, enum outcome outcome, enum reason reason,
    const char *what)
{
	if (outcome == OUTCOME_OK)
		return;
	/* What is critical is told before what is only a warning. */
	if (outcome_worse(outcome, host->outcome) != host->outcome) {
		struct text first = { 0 };

		text_add(&first, what);
		if (host->worst.n > 0)
			text_addf(&first, "; %s", host->worst.bytes);
		text_fini(&host->worst);
		host->worst = first;
		host->outcome = outcome;
		host->reason = reason;
		return;
	}
	text_addf(&host->worst, "%s%s", host->worst.n > 0 ? "; " : "", what);
}

/* Notes a share that is used, in percent. */
static void
compare(struct host *host, double percent, const struct host_limits *limits,
    const char *what)
{
	enum outcome outcome = OUTCOME_OK;

	if (limits->critical > 0 && percent >= limits->critical)
		outcome = OUTCOME_CRITICAL;
	else if (limits->warning > 0 && percent >= limits->warning)
		outcome = OUTCOME_WARNING;
	note(host, outcome, REASON_THRESHOLD, what);
}

static const char *
size_text(char out[SIZE_TEXT_BYTES], double bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB",
		"PiB" };
	size_t i = 0;

	for (; bytes >= 1024 && i + 1 < sizeof(units) / sizeof(units[0]); i++)
		bytes /= 1024;
	snprintf(out, SIZE_TEXT_BYTES, i > 0 ? "%.1f %s" : "%.0f %s", bytes,
	    units[i]);
	return out;
}

static void
tell(struct probe *p, const char *what, const char *value)
{
	char *name = mem_printf("host/%s/%s", probe_config(p)->name, what);

	probe_fact(p, name, value, NULL, SOURCE_PROCESS);
	free(name);
}

/* As a fact; NAN is that there is none. */
static void
tell_number(struct probe *p, const char *what, double number)
{
	char text[32];

	snprintf(text, sizeof(text), "%.15g", number);
	tell(p, what, isnan(number) ? "none" : text);
}

/* --- memory, load, descriptors -------------------------------------------- */

static void
judge_memory(struct probe *p, struct host *host)
{
	const struct host_config *config = probe_config(p)->host;
	const struct host_state *state = &host->state;
	double used = state->memory_total - state->memory_available;
	double percent = 100 * used / state->memory_total;
	char left[SIZE_TEXT_BYTES], what[160];

	probe_number(p, "memory_used_percent", percent);
	probe_number(p, "memory_available_bytes", state->memory_available);
	snprintf(what, sizeof(what), "memory: %.1f %% used, %s left", percent,
	    size_text(left, state->memory_available));
	compare(host, percent, &config->memory, what);
	if (!(state->cgroup.memory_limit > 0) ||
	    isnan(state->cgroup.memory_used))
		return;
	percent = 100 * state->cgroup.memory_used / state->cgroup.memory_limit;
	probe_number(p, "cgroup_memory_used_percent", percent);
	snprintf(what, sizeof(what),
	    "memory of the control group: %.1f %% of %s used", percent,
	    size_text(left, state->cgroup.memory_limit));
	compare(host, percent, &config->memory, what);
}

static void
judge_load(struct probe *p, struct host *host)
{
	const struct host_config *config = probe_config(p)->host;
	const struct host_state *state = &host->state;
	double percent =
	    state->cpus > 0 ? 100 * state->load[1] / state->cpus : 0;
	char what[160];

	probe_number(p, "load1", state->load[0]);
	probe_number(p, "load5", state->load[1]);
	probe_number(p, "load15", state->load[2]);
	snprintf(what, sizeof(what),
	    "load: %.2f over 5 minutes, for %u processors", state->load[1],
	    state->cpus);
	compare(host, percent, &config->load, what);
}

static void
judge_counts(struct probe *p, struct host *host)
{
	const struct host_config *config = probe_config(p)->host;
	const struct host_state *state = &host->state;
	double percent = 100 * state->files_open / state->files_max;
	char what[160];

	probe_number(p, "descriptors_used", state->files_open);
	probe_number(p, "descriptors_used_percent", percent);
	snprintf(what, sizeof(what),
	    "descriptors: %.0f of %.0f in use on this host", state->files_open,
	    state->files_max);
	compare(host, percent, &config->descriptors, what);
	if (!isnan(state->oom_kills))
		probe_number(p, "oom_kills", state->oom_kills);
	if (!isnan(state->cgroup.oom_kills))
		probe_number(p, "cgroup_oom_kills", state->cgroup.oom_kills);
	if (!(state->cgroup.pids_limit > 0) || isnan(state->cgroup.pids_used))
		return;
	percent = 100 * state->cgroup.pids_used / state->cgroup.pids_limit;
	probe_number(p, "cgroup_pids_used_percent", percent);
	snprintf(what, sizeof(what),
	    "processes of the control group: %.0f of %.0f",
	    state->cgroup.pids_used, state->cgroup.pids_limit);
	compare(host, percent, &config->descriptors, what);
}

/* --- kills for want of memory --------------------------------------------- */

static const struct {
	const char *word;
	enum outcome outcome;
} severities[] = {
	{ "critical", OUTCOME_CRITICAL },
	{ "warning", OUTCOME_WARNING },
	{ "ignore", OUTCOME_OK },
};
#define N_SEVERITIES (sizeof(severities) / sizeof(severities[0]))

/* -1 for another word. */
static int
severity_of(enum outcome *out, const char *word)
{
	for (size_t i = 0; i < N_SEVERITIES; i++) {
		if (strcmp(severities[i].word, word) != 0)
			continue;
		*out = severities[i].outcome;
		return 0;
	}
	return -1;
}

static void
note_kills(struct host *host, const char *severity, int64_t n,
    const char *where, const char *span)
{
	enum outcome outcome = OUTCOME_OK;
	char what[160];

	if (n <= 0)
		return;
	severity_of(&outcome, severity);
	snprintf(what, sizeof(what),
	    "out of memory: the kernel killed %lld process%s %s, found %s ago",
	    (long long)n, n > 1 ? "es" : "", where, span);
	note(host, outcome, REASON_KILLED, what);
}

static int64_t
count_of(double number)
{
	return isnan(number) ? -1 : (int64_t)number;
}

/* What was killed since the last run, and a while ago.  Without a place to
 * keep counts, as in a check, nobody can tell. */
static void
judge_kills(struct probe *p, struct host *host)
{
	const struct host_config *config = probe_config(p)->host;
	const struct host_state *state = &host->state;
	struct host_kill_counts counts = { "", state->cgroup.id,
		count_of(state->oom_kills), count_of(state->cgroup.oom_kills) };
	char *path = probe_state_path(p), span[TEXT_SPAN_BYTES];
	int64_t told_ms = 0, now_ms = probe_now_ms(p);
	struct host_kills kills;
	struct err err;

	if (path == NULL)
		return;
	memcpy(counts.boot, state->boot, sizeof(counts.boot));
	text_duration(&told_ms, config->oom_kills.told_for, NULL);
	host_kills_read(&kills, path);
	if (host_kills_take(&kills, &counts, now_ms, told_ms) &&
	    host_kills_write(&kills, path, &err) < 0)
		/* A disk that is full must not hide what else is wrong. */
		note(host, OUTCOME_WARNING, REASON_INTERNAL, err.text);
	free(path);
	text_span(span, (now_ms - kills.found_ms) * 1000);
	note_kills(host, config->oom_kills.cgroup, kills.n_group,
	    "of the control group", span);
	note_kills(host, config->oom_kills.host, kills.n_host - kills.n_group,
	    kills.n_group > 0 ? "elsewhere on this host" : "on this host",
	    span);
}

static void
tell_text(struct probe *p, const char *what, const char *path)
{
	char *text = NULL, *whole;
	size_t n;

	whole = mem_printf("%s/%s", probe_config(p)->host->proc, path);
	if (file_read(&text, &n, whole, STAT_MAX_BYTES, NULL) == 0) {
		text[strcspn(text, "\n")] = '\0';
		tell(p, what, text);
	}
	free(text);
	free(whole);
}

static void
tell_host(struct probe *p, const struct host_state *state)
{
	tell_text(p, "kernel", "sys/kernel/osrelease");
	tell_text(p, "boot", "sys/kernel/random/boot_id");
	tell_number(p, "cpus", state->cpus);
	tell_number(p, "memory_bytes", state->memory_total);
	tell_number(p, "cgroup_cpus", state->cgroup.cpus_limit);
	tell_number(p, "cgroup_memory_bytes", state->cgroup.memory_limit);
	tell_number(p, "cgroup_pids", state->cgroup.pids_limit);
	/* A count that rises is a change on the time axis. */
	tell_number(p, "oom_kills", state->oom_kills);
	tell_number(p, "cgroup_oom_kills", state->cgroup.oom_kills);
}

static enum turn
read_step(struct probe *p, void *state)
{
	const struct host_config *config = probe_config(p)->host;
	struct host *host = state;
	struct err err;

	if (host_read(&host->state, config->proc, config->cgroup, &err) < 0)
		return probe_unknown(p,
		    err.code == ERR_DENIED ? REASON_DENIED : REASON_INTERNAL,
		    "%s", err.text);
	judge_memory(p, host);
	judge_load(p, host);
	judge_counts(p, host);
	judge_kills(p, host);
	tell_host(p, &host->state);
	return TURN_NEXT;
}

/* --- disks ---------------------------------------------------------------- */

static void
report_disk(struct probe *p, const char *what, const char *path, double number)
{
	char *name = mem_printf("%s:%s", what, path);

	probe_number(p, name, number);
	free(name);
}

static void
judge_disk(struct probe *p, struct host *host, const struct statvfs *vfs)
{
	const struct host_disk *disk =
	    &probe_config(p)->host->disks[host->disk];
	double used = (double)(vfs->f_blocks - vfs->f_bfree);
	double left = (double)vfs->f_bavail;
	double percent = used + left > 0 ? 100 * used / (used + left) : 100;
	char size[SIZE_TEXT_BYTES], *what;

	/* As df does: what only root may use counts as used. */
	report_disk(p, "disk_used_percent", disk->path, percent);
	report_disk(
	    p, "disk_left_bytes", disk->path, left * (double)vfs->f_frsize);
	what = mem_printf("disk %s: %.1f %% used, %s left", disk->path, percent,
	    size_text(size, left * (double)vfs->f_frsize));
	compare(host, percent, &disk->limits, what);
	free(what);
	if (vfs->f_files == 0)
		return; /* as many as there is room for */
	percent =
	    100 * (double)(vfs->f_files - vfs->f_ffree) / (double)vfs->f_files;
	report_disk(p, "inodes_used_percent", disk->path, percent);
	what = mem_printf("inodes of %s: %.1f %% used, %llu left", disk->path,
	    percent, (unsigned long long)vfs->f_ffree);
	compare(host, percent, &disk->limits, what);
	free(what);
}

static void
find_mount(struct host *host, const char *proc, const char *path)
{
	char *name = mem_printf("%s/self/mountinfo", proc), *text = NULL;
	size_t n;

	host->type[0] = '\0';
	host->is_mount = false;
	if (file_read(&text, &n, name, MOUNTS_MAX, NULL) == 0)
		host_mount_of(host->type, &host->is_mount, text, path);
	free(text);
	free(name);
}

static bool
is_local(const char *type)
{
	const char *const *at = local_types;

	while (*at != NULL && strcmp(*at, type) != 0)
		at++;
	return *at != NULL;
}

static enum turn
no_disk(struct probe *p, const char *path, const char *why)
{
	return probe_fail(p, REASON_MISSING, "disk %s: %s", path, why);
}

/* A file system of another host may never answer. */
static enum turn
ask_other(struct probe *p, const char *path)
{
	const char *const argv[] = { "stat", "-f", "-c", "%b %f %a %S %c %d",
		"--", path, NULL };
	const char *const environment[] = { "PATH=/usr/bin:/bin", "LC_ALL=C",
		NULL };
	const struct child_setup setup = { argv, environment, STAT_MAX_BYTES,
		NULL, 0 };

	return probe_spawn(p, &setup);
}

static enum turn
take_other(struct probe *p, struct host *host, const char *path)
{
	const struct child_end *end = probe_child_end(p);
	const char *said = end->said[CHILD_OUTPUT].bytes;
	unsigned long long v[6];
	struct statvfs vfs = { 0 };

	if (end->status != 0 || said == NULL ||
	    sscanf(said, "%llu %llu %llu %llu %llu %llu", &v[0], &v[1], &v[2],
		&v[3], &v[4], &v[5]) != 6) {
		said = end->said[CHILD_ERRORS].bytes;
		return no_disk(
		    p, path, said != NULL ? said : "stat says nothing of it");
	}
	vfs.f_blocks = v[0];
	vfs.f_bfree = v[1];
	vfs.f_bavail = v[2];
	vfs.f_frsize = v[3];
	vfs.f_files = v[4];
	vfs.f_ffree = v[5];
	judge_disk(p, host, &vfs);
	return TURN_NEXT;
}

static enum turn
look_at_disk(struct probe *p, struct host *host, const struct host_disk *disk)
{
	struct statvfs vfs;

	if (probe_child_end(p) != NULL)
		return take_other(p, host, disk->path);
	find_mount(host, probe_config(p)->host->proc, disk->path);
	if (disk->mount && !host->is_mount)
		return no_disk(p, disk->path,
		    "nothing is mounted there: what is written goes to "
		    "another disk");
	if (!is_local(host->type))
		return ask_other(p, disk->path);
	if (statvfs(disk->path, &vfs) == 0) {
		judge_disk(p, host, &vfs);
		return TURN_NEXT;
	}
	if (errno == EACCES)
		return probe_unknown(p, REASON_DENIED, "disk %s: %s",
		    disk->path, strerror(errno));
	return no_disk(p, disk->path, strerror(errno));
}

static enum turn
disks_step(struct probe *p, void *state)
{
	const struct host_config *config = probe_config(p)->host;
	struct host *host = state;
	enum turn turn;

	while (host->disk < config->n_disks) {
		turn = look_at_disk(p, host, &config->disks[host->disk]);
		if (turn != TURN_NEXT)
			return turn;
		host->disk++;
		probe_forget_child(p);
	}
	return TURN_NEXT;
}

static enum turn
judge_step(struct probe *p, void *state)
{
	const struct host *host = state;

	if (host->outcome == OUTCOME_CRITICAL)
		return probe_fail(p, host->reason, "%s", host->worst.bytes);
	if (host->outcome == OUTCOME_WARNING)
		return probe_warn(p, host->reason, "%s", host->worst.bytes);
	return TURN_NEXT;
}

static void
expire(struct probe *p, void *state)
{
	const struct host_config *config = probe_config(p)->host;
	const struct host *host = state;
	char span[TEXT_SPAN_BYTES];

	if (host->disk >= config->n_disks)
		return;
	text_span(span, (int64_t)probe_config(p)->timeout_ms * 1000);
	probe_fail(p, REASON_TIMEOUT,
	    "disk %s (%s): no answer within %s: does its server live?",
	    config->disks[host->disk].path, host->type, span);
}

static void
cleanup(void *state)
{
	struct host *host = state;

	text_fini(&host->worst);
}

/* --- the configuration ---------------------------------------------------- */

static int
check_limits(const struct conf *conf, const char *path,
    const struct host_limits *limits, uint32_t max, struct err *err)
{
	if (limits->warning > max || limits->critical > max)
		return conf_complain(
		    conf, err, path, "must be at most %u, in percent", max);
	if (limits->critical > 0 && limits->warning > limits->critical)
		return conf_complain(conf, err, path,
		    "warning must be below critical: it comes first");
	return 0;
}

static int
check_kills(const struct conf *conf, const char *path,
    const struct host_config *host, struct err *err)
{
	const char *const keys[] = { "cgroup", "host" };
	const char *words[] = { host->oom_kills.cgroup, host->oom_kills.host };
	enum outcome outcome;
	struct err inner;
	int64_t ms;
	char at[256];
	int rc = 0;

	for (size_t i = 0; i < 2; i++) {
		snprintf(at, sizeof(at), "%s.oom_kills.%s", path, keys[i]);
		if (severity_of(&outcome, words[i]) < 0)
			rc = conf_complain(conf, err, at,
			    "not a severity: write critical, warning or "
			    "ignore");
	}
	snprintf(at, sizeof(at), "%s.oom_kills.told_for", path);
	if (text_duration(&ms, host->oom_kills.told_for, &inner) < 0)
		rc = conf_complain(conf, err, at, "%s", inner.text);
	return rc;
}

static int
check(const struct conf *conf, const char *path,
    const struct probe_config *config, struct err *err)
{
	const struct host_config *host = config->host;
	char at[256];
	int rc = 0;

	snprintf(at, sizeof(at), "%s.memory", path);
	rc |= check_limits(conf, at, &host->memory, 100, err);
	snprintf(at, sizeof(at), "%s.descriptors", path);
	rc |= check_limits(conf, at, &host->descriptors, 100, err);
	snprintf(at, sizeof(at), "%s.load", path);
	rc |= check_limits(conf, at, &host->load, 100000, err);
	rc |= check_kills(conf, path, host, err);
	snprintf(at, sizeof(at), "%s.disks", path);
	if (host->n_disks > DISKS_MAX)
		rc = conf_complain(
		    conf, err, at, "at most %d disks a probe", DISKS_MAX);
	for (uint32_t i = 0; i < host->n_disks; i++) {
		snprintf(at, sizeof(at), "%s.disks[%u]", path, i);
		rc |= check_limits(conf, at, &host->disks[i].limits, 100, err);
		snprintf(at, sizeof(at), "%s.disks[%u].path", path, i);
		if (host->disks[i].path[0] != '/')
			rc = conf_complain(
			    conf, err, at, "must be an absolute path");
	}
	return rc;
}

static const struct probe_step steps[] = {
	{ "read", read_step },
	{ "disks", disks_step },
	{ "judge", judge_step },
	{ NULL, NULL },
};

const struct probe_kind host_kind = {
	.name = "host",
	.state_size = sizeof(struct host),
	.steps = steps,
	.expire = expire,
	.cleanup = cleanup,
	.check = check,
};
