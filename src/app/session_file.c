/* SPDX-License-Identifier: ISC */
/*
 * Reading the owner's options for Checkout.
 */
#include "app/session_file.h"

#include "base/file.h"
#include "shop/session_options.h"

#define SETTING "CHECKOUT_SESSION_FILE"

int session_file_read(const struct config *config, struct json_object **options, struct err *e)
{
	const char *path = config->checkout_session_file;
	struct stat st = {0};
	struct buf text;
	int rc;

	*options = NULL;
	if (!path)
		return 0;
	buf_init(&text, SESSION_OPTIONS_MAX_BYTES);
	rc = file_read(path, &text, &st, e);
	/* Whoever can write it can send what buyers pay for postage elsewhere. */
	if (!rc && (st.st_mode & S_IWOTH))
		rc = err_set(e, ERR_CONFIG, "%s can be written by anybody: chmod o-w it", path);
	if (!rc)
		rc = session_options_read(path, (struct span){buf_text(&text), text.len}, options, e);
	buf_free(&text);
	return rc ? err_prefix(e, SETTING) : 0;
}

int app_session_options(struct app *app, struct json_object **options, struct err *e)
{
	if (!app->session_options && session_file_read(&app->config, &app->session_options, e))
		return -1;
	*options = app->session_options;
	return 0;
}
