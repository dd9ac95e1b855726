/* SPDX-License-Identifier: ISC */
/*
 * The file system that the store's file is on.  SQLite needs locks that hold, and memory that
 * all processes of a machine share; a file system that another machine or another program
 * serves gives neither reliably.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "check/check_part.h"

#define FUSE 0x65735546

/* statfs(2), linux/magic.h. */
static const struct {
	unsigned type;
	const char *name;
} served[] = {
	{0x6969, "NFS"},	{0x517B, "SMB"},	{0xFF534D42, "CIFS"},
	{0xFE534D42, "SMB"},	{0x00C36400, "Ceph"},	{0x5346414F, "AFS"},
	{0x6B414653, "AFS"},	{0x0BD00BD0, "Lustre"},	{0x47504653, "GPFS"},
	{0x19830326, "BeeGFS"},	{0x73757245, "Coda"},	{0x01021997, "9p"},
	{0x786F4256, "vboxsf"},	{FUSE, "FUSE"},
};

/* What is said of the mount whose device that is, by proc(5)'s lines:
 *
 *     36 35 0:98 / /srv rw,noatime master:1 - virtiofs shop rw
 *
 * Its type in the kernel's words goes into `type`, if there is such a line. */
static void find_type(dev_t device, char *type, size_t size)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char line[4096], name[64];
	unsigned major_number, minor_number;

	while (mounts && fgets(line, sizeof line, mounts)) {
		const char *dash = strstr(line, " - ");

		/* NOLINTNEXTLINE(cert-err34-c): the kernel's own numbers */
		if (dash && sscanf(line, "%*u %*u %u:%u", &major_number, &minor_number) == 2 &&
		    makedev(major_number, minor_number) == device &&
		    sscanf(dash, " - %63s", name) == 1)
			snprintf(type, size, "%s", name);
	}
	if (mounts)
		fclose(mounts);
}

/* virtiofs says of itself that it is FUSE, and so does each of FUSE's own
 * ("fuse.sshfs"): the mount knows better. */
static void say_served(struct check *c, const char *path, unsigned type, const char *name)
{
	char mount[64] = "";
	struct stat st;
	bool own;

	if (type == FUSE && stat(path, &st) == 0)
		find_type(st.st_dev, mount, sizeof mount);
	own = str_starts(mount, "fuse");
	check_not(c, CHECK_FAILED, "disk", "move it to a local disk: SQLite's locks don't hold on a "
		  "file system that another machine or program serves", "%s is on %s%s%s", path,
		  strcmp(mount, "virtiofs") == 0 ? mount : name, own ? ", " : "", own ? mount : "");
}

void check_file_system(struct check *c, const char *path)
{
	struct statfs fs;
	size_t i;

	if (statfs(path, &fs))
		return;
	for (i = 0; i < sizeof served / sizeof *served; i++)
		if ((unsigned)fs.f_type == served[i].type)
			say_served(c, path, served[i].type, served[i].name);
}
