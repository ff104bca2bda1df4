#include "tests/support/folder.h"
#include "tests/support/table.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/probes/host_read.h"

#define MOUNTS                                                   \
	"22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"         \
	"30 22 0:30 / /data rw shared:1 - nfs4 server:/x rw\n"   \
	"31 22 8:2 / /data/my\\040files rw - xfs /dev/sdb1 rw\n" \
	"32 22 0:31 / /run rw - tmpfs tmpfs rw\n"                \
	"33 32 0:32 / /run rw - overlay overlay rw\n"

static const struct mount {
	const char *name;
	const char *path, *type;
	bool is_mount;
} mounts[] = {
	{ "the root is mounted", "/", "ext4", true },
	{ "a folder is on what it is below", "/home/me", "ext4", false },
	{ "a mount of another host", "/data", "nfs4", true },
	{ "below a mount", "/data/x/y", "nfs4", false },
	{ "a name is no beginning of another", "/database", "ext4", false },
	{ "blanks in a name", "/data/my files", "xfs", true },
	{ "the last one mounted is on top", "/run", "overlay", true },
};

static void
test_mount(void **state)
{
	const struct mount *row = *state;
	char type[HOST_TYPE_BYTES];
	bool is_mount;

	host_mount_of(type, &is_mount, MOUNTS "junk\n- - -\n", row->path);
	assert_string_equal(type, row->type);
	assert_int_equal(is_mount, row->is_mount);
}

static const struct group {
	const char *name;
	const char *text, *controller, *path; /* NULL: none */
} groups[] = {
	{ "version 2", "0::/a/b\n", "", "/a/b" },
	{ "version 1", "9:cpu,cpuacct:/c\n4:memory:/m\n0::/u\n", "memory",
	    "/m" },
	{ "a controller among others", "9:cpu,cpuacct:/c\n", "cpuacct", "/c" },
	{ "a name is no beginning of another", "3:cpuset:/\n9:cpu:/c\n", "cpu",
	    "/c" },
	{ "a path may hold a colon", "0::/a:b\n", "", "/a:b" },
	{ "none", "9:cpu:/c\n", "memory", NULL },
	{ "lines that make no sense", "x\n::\n:\n", "", NULL },
};

static void
test_group(void **state)
{
	const struct group *row = *state;
	char *path = host_cgroup_of(row->text, row->controller);

	if (row->path == NULL)
		assert_null(path);
	else
		assert_string_equal(path, row->path);
	free(path);
}

/* --- trees as the kernel shows them --------------------------------------- */

struct file {
	const char *folder, *name, *text;
};

static const struct file common[] = {
	{ "", "meminfo",
	    "MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: "
	    "250 kB\n" },
	{ "", "loadavg", "0.50 1.50 2.50 1/99 7\n" },
	{ "", "stat", "cpu 1 2\ncpu0 1\ncpu1 1\nintr 5\n" },
	{ "", "vmstat", "nr_free 1\noom_kill 4\n" },
	{ "sys/fs", "file-nr", "300\t0\t1000\n" },
};

static const struct file version_2[] = {
	{ "self", "cgroup", "0::/app\n" },
	{ "cg/app", "cgroup.controllers", "memory pids cpu\n" },
	{ "cg/app", "memory.max", "1048576\n" },
	{ "cg/app", "memory.current", "786432\n" },
	{ "cg/app", "memory.stat", "anon 1\ninactive_file 262144\n" },
	{ "cg/app", "memory.events", "low 0\noom 3\noom_kill 2\n" },
	{ "cg/app", "pids.max", "max\n" },
	{ "cg/app", "pids.current", "7\n" },
	{ "cg/app", "cpu.max", "150000 100000\n" },
};

static const struct file version_1[] = {
	{ "self", "cgroup",
	    "4:memory:/outside\n3:cpu,cpuacct:/outside\n2:pids:/p\n" },
	/* A container sees its own group as the root. */
	{ "cg/memory", "memory.limit_in_bytes", "1048576\n" },
	{ "cg/memory", "memory.usage_in_bytes", "786432\n" },
	{ "cg/memory", "memory.stat", "total_inactive_file 262144\n" },
	{ "cg/memory", "memory.oom_control", "under_oom 0\noom_kill 2\n" },
	{ "cg/pids/p", "pids.max", "max\n" },
	{ "cg/pids/p", "pids.current", "7\n" },
	{ "cg/cpu", "cpu.cfs_quota_us", "150000\n" },
	{ "cg/cpu", "cpu.cfs_period_us", "100000\n" },
};

static const struct file unlimited[] = {
	{ "self", "cgroup", "4:memory:/\n3:cpu:/\n" },
	{ "cg/memory", "memory.limit_in_bytes", "9223372036854771712\n" },
	{ "cg/memory", "memory.usage_in_bytes", "786432\n" },
	{ "cg/cpu", "cpu.cfs_quota_us", "-1\n" },
	{ "cg/cpu", "cpu.cfs_period_us", "100000\n" },
};

static const struct tree {
	const char *name;
	const struct file *files;
	size_t n;
	bool is_limited;
} trees[] = {
	{ "control groups of version 2", version_2,
	    sizeof(version_2) / sizeof(version_2[0]), true },
	{ "control groups of version 1, seen from a container", version_1,
	    sizeof(version_1) / sizeof(version_1[0]), true },
	{ "control groups without limits", unlimited,
	    sizeof(unlimited) / sizeof(unlimited[0]), false },
};

static void
write_files(const struct folder *folder, const struct file *files, size_t n)
{
	char path[2 * FOLDER_PATH_BYTES], *slash, *at;
	FILE *file;

	for (size_t i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s/%s", folder->path,
		    files[i].folder, files[i].name);
		at = path + strlen(folder->path);
		while ((slash = strchr(at + 1, '/')) != NULL) {
			*slash = '\0';
			mkdir(path, 0700);
			*slash = '/';
			at = slash;
		}
		file = fopen(path, "w");
		assert_non_null(file);
		fputs(files[i].text, file);
		fclose(file);
	}
}

static void
test_tree(void **state)
{
	const struct tree *row = *state;
	char cgroup[2 * FOLDER_PATH_BYTES];
	struct host_state host;
	struct folder folder;
	struct err err = { 0 };
	int rc;

	folder_open(&folder);
	write_files(&folder, common, sizeof(common) / sizeof(common[0]));
	write_files(&folder, row->files, row->n);
	snprintf(cgroup, sizeof(cgroup), "%s/cg", folder.path);
	rc = host_read(&host, folder.path, cgroup, &err);
	folder_close(&folder);
	assert_int_equal(rc, 0);
	assert_float_equal(host.memory_available, 256000, 0.1);
	assert_float_equal(host.load[1], 1.5, 1e-9);
	assert_int_equal(host.cpus, 2);
	assert_float_equal(host.files_open, 300, 1e-9);
	assert_float_equal(host.oom_kills, 4, 1e-9);
	if (!row->is_limited) {
		assert_true(isnan(host.cgroup.memory_limit));
		assert_true(isnan(host.cgroup.cpus_limit));
		return;
	}
	assert_float_equal(host.cgroup.memory_limit, 1048576, 0.1);
	assert_float_equal(host.cgroup.memory_used, 524288, 0.1);
	assert_float_equal(host.cgroup.oom_kills, 2, 1e-9);
	assert_float_equal(host.cgroup.pids_used, 7, 1e-9);
	assert_true(isnan(host.cgroup.pids_limit));
	assert_float_equal(host.cgroup.cpus_limit, 1.5, 1e-9);
}

static void
test_a_kernel_that_makes_no_sense(void **state)
{
	static const struct file bad = { "", "meminfo", "MemTotal: 0 kB\n" };
	struct host_state host;
	struct folder folder;
	struct err err = { 0 };

	(void)state;
	folder_open(&folder);
	assert_int_equal(host_read(&host, folder.path, "/x", &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	write_files(&folder, &bad, 1);
	assert_int_equal(host_read(&host, folder.path, "/x", &err), -1);
	folder_close(&folder);
	assert_int_equal(err.code, ERR_INVALID);
	assert_non_null(strstr(err.text, "/meminfo makes no sense"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_kernel_that_makes_no_sense),
	};

	return TABLE_RUN(mounts, test_mount) + TABLE_RUN(groups, test_group) +
	    TABLE_RUN(trees, test_tree) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
