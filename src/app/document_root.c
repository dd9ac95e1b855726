/* SPDX-License-Identifier: ISC */
/*
 * What of the shop stands where the web server hands files out.
 */
#include "app/document_root.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"

/* Both as the file system has them: public_html is often a link.  A root of "/" says that
 * the server knows none. */
static bool is_below(const char *path, const char *root)
{
	char *file = path ? realpath(path, NULL) : NULL;
	char *folder = realpath(root, NULL);
	size_t n = folder ? strlen(folder) : 0;
	bool below = file && n > 1 && strncmp(file, folder, n) == 0 && file[n] == '/';

	free(folder);
	free(file);
	return below;
}

static int check_settings(const char *path, const char *root, struct err *e)
{
	struct stat st;

	if (!is_below(path, root))
		return 0;
	if (stat(path, &st) == 0 && (st.st_mode & S_IROTH))
		return err_set(e, ERR_CONFIG, "%s is below the document root, %s, and others can read it: "
			       "move it out of there, to ~/ordersnap/ordersnap.conf for one, and chmod 600 "
			       "it; then change the secrets that stand in it", path, root);
	log_warning("The settings are below the document root: move them out of there, to "
		    "~/ordersnap/ordersnap.conf for one",
		    LOG_STR("file", path), LOG_STR("documentRoot", root));
	return 0;
}

int document_root_check(struct app *app, const char *root, struct err *e)
{
	const struct config *c = &app->config;

	if (!root || (app->document_root && strcmp(app->document_root, root) == 0))
		return 0;
	if (check_settings(c->file, root, e))
		return -1;
	if (is_below(c->commerce_db, root))
		log_warning("The orders are below the document root: move them out of there, and "
			    "COMMERCE_DB with them",
			    LOG_STR("file", c->commerce_db), LOG_STR("documentRoot", root));
	free(app->document_root);
	app->document_root = str_dup(root);
	return 0;
}
