/* SPDX-License-Identifier: ISC */
/*
 * Resolving secrets.
 */
#include "app/secrets.h"

#include <string.h>

#include "aws/ssm.h"
#include "base/clock.h"
#include "base/example.h"
#include "base/log.h"
#include "base/mem.h"

/* Whether the secret, or one of several with commas between, is blank. */
static bool has_blank(const char *value)
{
	struct span rest = span_of(value), one;

	while (span_next(&rest, ',', &one))
		if (span_trim(one).n == 0)
			return true;
	return false;
}

/* Reads the secret from SSM.  One that is empty, or an example's, is none; what is read is never
 * shown in the log. */
static int fetch(struct secrets *s, enum secret which, int64_t deadline, struct err *e)
{
	const char *name = secret_parameter(s->config, which);
	char *value = NULL, *text;

	if (!s->ssm)
		s->ssm = aws_client_new(s->settings, &aws_ssm);
	s->read_at[which] = clock_monotonic_ms();
	if (aws_ssm_get_parameter(s->ssm, name, deadline, &value, e))
		return -1;
	text = value;
	value = span_dup(span_trim(span_of(text)));
	mem_forget(text);
	if (has_blank(value)) {
		mem_forget(value);
		return err_set(e, ERR_UNAVAILABLE, "%s: the SSM parameter %s has an empty secret",
			       secret_settings[which].parameter, name);
	}
	if (example_is_secret(value)) {
		mem_forget(value);
		return err_set(e, ERR_UNAVAILABLE, "%s: the SSM parameter %s still has an example's "
			       "value: put the shop's own secret there",
			       secret_settings[which].parameter, name);
	}
	log_hide_list(value);
	mem_forget(s->fetched[which]);
	s->fetched[which] = value;
	return 0;
}

int secrets_get(struct secrets *s, enum secret which, int64_t deadline, const char **value,
		struct err *e)
{
	*value = secret_value(s->config, which);
	if (*value || !secret_parameter(s->config, which))
		return 0;
	if (!s->fetched[which] && fetch(s, which, deadline, e))
		return -1;
	*value = s->fetched[which];
	return 0;
}

bool secrets_refresh(struct secrets *s, enum secret which, int64_t deadline)
{
	const char *name = secret_parameter(s->config, which);
	char *before = str_dup(s->fetched[which]);
	bool changed = false;
	struct err why;

	if (name && !secret_value(s->config, which) &&
	    clock_monotonic_ms() - s->read_at[which] >= SECRETS_REFRESH_MS) {
		if (fetch(s, which, deadline, &why))
			log_warning("Failed to read secret again", LOG_STR("parameter", name),
				    LOG_STR("error", why.text));
		else
			changed = !before || strcmp(before, s->fetched[which]) != 0;
	}
	mem_forget(before);
	return changed;
}

void secrets_free(struct secrets *s)
{
	size_t i;

	for (i = 0; i < SECRETS; i++)
		mem_forget(s->fetched[i]);
	aws_client_free(s->ssm);
	memset(s, 0, sizeof *s);
}
