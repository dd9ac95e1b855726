/* SPDX-License-Identifier: ISC */
/*
 * The secrets, wherever they are, and what a program can't do without: is it
 * there, and can it be what it should be?
 */
#include "check/check_secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/login.h"
#include "base/clock.h"

#define SSM_MS 5000    /* for one parameter */
#define SHOWN_MIN 12   /* characters; of a shorter secret four would tell too much */
#define WEAK 16        /* characters */
#define SHOWN_MAX 256  /* bytes for a list of masked secrets */

const char *check_origin(const struct check *c, const struct config_key *key, char *out)
{
	static const char *const names[] = {
		[CONFIG_UNSET] = "not set",
		[CONFIG_DEFAULT] = "default",
		[CONFIG_FILE] = "file",
		[CONFIG_ENVIRONMENT] = "environment",
		[CONFIG_OPTION] = "option",
	};
	const struct config_origin *origin = &c->app->config.origins[key - config_keys];

	if (origin->source == CONFIG_FILE)
		snprintf(out, CHECK_ORIGIN, "%s:%d", c->app->config.file, origin->line);
	else
		snprintf(out, CHECK_ORIGIN, "%s", names[origin->source]);
	return out;
}

const char *check_mask(struct span secret, char *out)
{
	size_t tail = secret.n >= SHOWN_MIN ? 4 : 0;

	/* Not a part of a character. */
	while (tail && (secret.p[secret.n - tail] & 0xC0) == 0x80)
		tail--;
	snprintf(out, CHECK_MASKED, "\xE2\x80\xA6%.*s", (int)tail,
		 tail ? secret.p + secret.n - tail : "");
	return out;
}

/* What is wrong with a secret. */
struct verdict {
	enum check_status status;
	const char *text, *advice;
};

/* Stripe's secrets say by their beginning what they are; one of the owner's own is to be
 * too long to be guessed. */
static struct verdict judge(enum secret which, struct span secret)
{
	static const struct verdict
		publishable = {CHECK_FAILED, "this is a publishable key, which may do nothing",
			"put the secret key there: Stripe's Dashboard, Developers, API keys"},
		no_key = {CHECK_FAILED, "this is no secret key: those begin with sk_ or rk_",
			"put the secret key there: Stripe's Dashboard, Developers, API keys"},
		no_signing_secret = {CHECK_FAILED,
			"this is no signing secret: those begin with whsec_...",
			"put the endpoint's signing secret there: Stripe's Dashboard, Developers, "
			"Webhooks"},
		weak = {CHECK_WARNING, "it is so short that it can be guessed",
			"make a new one with: openssl rand -hex 32"},
		well = {.status = CHECK_OK};

	if (which == SECRET_STRIPE && str_starts(secret.p, "pk_"))
		return publishable;
	if (which == SECRET_STRIPE)
		return str_starts(secret.p, "sk_") || str_starts(secret.p, "rk_") ? well : no_key;
	if (which == SECRET_WEBHOOK)
		return str_starts(secret.p, "whsec_") ? well : no_signing_secret;
	return secret.n < WEAK ? weak : well;
}

bool check_judges(const char *name)
{
	size_t i;

	for (i = 0; i < SECRETS; i++)
		if (strcmp(secret_settings[i].name, name) == 0)
			return true;
	return false;
}

/* Whether the setting has been named as wrong: then nothing else is said of it. */
static bool is_wrong(const struct check *c, const char *name)
{
	return c->app->config.origins[config_key_named(name) - config_keys].wrong;
}

/* The verdict on all of a list, the worst; and how it is shown. */
static struct verdict judge_all(enum secret which, const char *value, char *shown)
{
	struct verdict worst = {.status = CHECK_OK};
	struct span rest = span_of(value), one;
	char masked[CHECK_MASKED];
	size_t used = 0;

	shown[0] = '\0';
	while (span_next(&rest, secret_settings[which].several ? ',' : '\0', &one)) {
		char *secret = span_dup(span_trim(one));
		struct verdict verdict = judge(which, span_of(secret));

		if (verdict.status > worst.status)
			worst = verdict;
		if (used < SHOWN_MAX - CHECK_MASKED - 4)
			used += (size_t)snprintf(shown + used, SHOWN_MAX - used, "%s%s",
						 used ? ", " : "",
						 check_mask(span_of(secret), masked));
		free(secret);
	}
	return worst;
}

/* One secret: its verdict, how it is shown, and where it comes from. */
static void look_at_secret(struct check *c, enum secret which)
{
	const struct secret_setting *setting = &secret_settings[which];
	const struct config_key *key = config_key_named(setting->name);
	char shown[SHOWN_MAX], origin[CHECK_ORIGIN];
	const char *value = NULL;
	struct verdict verdict;
	struct err e;

	if (app_secret(c->app, which, check_deadline(c, SSM_MS), &value, &e)) {
		check_not(c, CHECK_FAILED, setting->parameter, "look at the parameter with "
			  "`aws ssm get-parameter --with-decryption`, and at the AWS settings", "%s", e.text);
		return;
	}
	if (!value)
		return;
	verdict = judge_all(which, value, shown);
	if (config_string(&c->app->config, key))
		check_origin(c, key, origin);
	else
		snprintf(origin, sizeof origin, "SSM parameter %s",
			 secret_parameter(&c->app->config, which));
	if (verdict.status == CHECK_OK)
		check_ok(c, setting->name, "%s (%s)", shown, origin);
	else
		check_not(c, verdict.status, setting->name, verdict.advice, "%s (%s): %s", shown, origin,
			  verdict.text);
	if (which == SECRET_STRIPE && verdict.status == CHECK_OK)
		c->key = value;
}

/* What a program can't do without, and which one.  config_check_key()'s text is "what is
 * wrong: what to do".  A setting that is missing may stand in a file that can't be read,
 * which has been said. */
static void look_at_need(struct check *c, const struct config_key *key)
{
	const char *program = "neither cart-quote nor checkout-create-session", *start = "starts";
	bool needed = key->needed_by != 0 && !c->app->config.file_unread;
	struct err e;
	char *advice;

	if (!config_check_key(&c->app->config, key, needed, &e))
		return;
	advice = strstr(e.text, ": ");
	if (advice) {
		*advice = '\0';
		advice += 2;
	}
	if (strstr(e.text, "both set")) {
		check_not(c, CHECK_FAILED, key->name, advice, "%s; the programs do not start",
			  e.text);
		return;
	}
	if (key->needed_by & (CONFIG_NEEDS_STORE | CONFIG_NEEDS_STRIPE))
		program = "no program but status";
	else if (key->needed_by & CONFIG_NEEDS_WEBHOOK)
		program = "stripe-webhook does not";
	if (key->needed_by & CONFIG_NEEDS_WEBHOOK)
		start = "start";
	check_not(c, CHECK_FAILED, key->name, advice, "%s; without it %s %s", e.text, program, start);
}

/* What the login's settings must be together; one that is wrong has been named.  What is wrong with a login
 * that is there stops both programs that use it, that there is none the one that requires it. */
static void look_at_login(struct check *c)
{
	const struct config *config = &c->app->config;
	struct err e;

	if (is_wrong(c, "JWT_SECRET") || is_wrong(c, "JWT_PUBLIC_KEY_FILE") ||
	    is_wrong(c, "JWT_SECRET_PARAMETER"))
		return;
	if (login_check(config, false, &e))
		check_not(c, CHECK_FAILED, "login", "neither checkout-create-session nor orders starts "
			  "before this is mended; see ordersnap.conf(5)", "%s", e.text);
	else if (login_check(config, config->checkout_require_auth, &e))
		check_not(c, CHECK_FAILED, "login", "checkout-create-session does not start before "
			  "this is mended; see ordersnap.conf(5)", "%s", e.text);
}

void check_secrets(struct check *c)
{
	const struct config *config = &c->app->config;
	const struct config_key *key;
	int which;

	for (which = 0; which < SECRETS; which++)
		look_at_secret(c, (enum secret)which);
	for (key = config_keys; key->name; key++)
		if (key->needed_by || key->or_else)
			look_at_need(c, key);

	look_at_login(c);
	if (!config->checkout_success_url && !is_wrong(c, "CHECKOUT_SUCCESS_URL") &&
	    !config->file_unread)
		check_not(c, CHECK_WARNING, "CHECKOUT_SUCCESS_URL", "set it to the page that a buyer "
			  "sees after paying", "it is not set: a checkout that does not bring its own "
			  "successUrl is refused");
}
