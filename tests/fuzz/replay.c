/* SPDX-License-Identifier: ISC */
/*
 * Runs every file of the corpora through its target: what was found once is
 * not found again.  A test for each target; a promise that does not hold ends
 * the program.
 */
#include <dirent.h>
#include <string.h>

#include "../lib/environment.h"
#include "targets.h"

#define MAX_BYTES (1 << 20)

static const char *const names[] = {
#define NAME(name) #name,
	FUZZ_TARGETS(NAME)
};

/* Runs one file; the bytes are in memory of their own size, so that ASan sees
 * one that is read behind them. */
static void run_file(fuzz_target *run, const char *path)
{
	static char room[MAX_BYTES];
	FILE *f = fopen(path, "rb");
	uint8_t *data;
	size_t n;

	HOLDS(f);
	n = fread(room, 1, sizeof room, f);
	fclose(f);
	data = malloc(n ? n : 1);
	HOLDS(data);
	memcpy(data, room, n);
	run(data, n);
	free(data);
}

static int run_folder(fuzz_target *run, const char *folder)
{
	DIR *d = opendir(folder);
	const struct dirent *entry;
	char path[4096];
	int n = 0;

	while (d && (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		HOLDS(snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) < (int)sizeof path);
		run_file(run, path);
		n++;
	}
	if (d)
		closedir(d);
	return n;
}

int main(void)
{
	const char *source;
	size_t i, n = sizeof names / sizeof *names;
	char folder[4000];
	int failed = 0;

	environment_clean();
	fuzz_begin();
	source = getenv("ORDERSNAP_SRC");
	printf("1..%zu\n", n);
	for (i = 0; i < n; i++) {
		fuzz_target *run = fuzz_target_of(names[i]);
		int files;

		snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s", source ? source : ".",
			 names[i]);
		fflush(stdout);
		run((const uint8_t *)"", 0);
		files = run_folder(run, folder);
		printf("%s %zu - %s: %d files hold what is promised\n", files ? "ok" : "not ok", i + 1,
		       names[i], files);
		failed |= !files;
	}
	return failed;
}
