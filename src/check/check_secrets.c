/* SPDX-License-Identifier: ISC */
/*
 * The secrets, wherever they are, and what a program can't do without: is it
 * there, and can it be what it should be?
 */
#include "check/check_secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "web/auth.h"

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

static struct verdict judge_stripe(struct span secret)
{
	if (str_starts(secret.p, "pk_"))
		return (struct verdict){CHECK_FAILED, "this is a publishable key, which may do nothing",
			"put the secret key there: Stripe's Dashboard, Developers, API keys"};
	if (!str_starts(secret.p, "sk_") && !str_starts(secret.p, "rk_"))
		return (struct verdict){CHECK_FAILED, "this is no secret key: those begin with sk_ or rk_",
			"put the secret key there: Stripe's Dashboard, Developers, API keys"};
	return (struct verdict){.status = CHECK_OK};
}

static struct verdict judge_webhook(struct span secret)
{
	if (!str_starts(secret.p, "whsec_"))
		return (struct verdict){CHECK_FAILED, "this is no signing secret: those begin with whsec_...",
			"put the endpoint's signing secret there: Stripe's Dashboard, Developers, "
			"Webhooks"};
	return (struct verdict){.status = CHECK_OK};
}

static struct verdict judge_random(struct span secret)
{
	if (secret.n < WEAK)
		return (struct verdict){CHECK_WARNING, "it is so short that it can be guessed",
			"make a new one with: openssl rand -hex 32"};
	return (struct verdict){.status = CHECK_OK};
}

static struct verdict (*const judges[SECRETS])(struct span secret) = {
	[SECRET_STRIPE] = judge_stripe,
	[SECRET_WEBHOOK] = judge_webhook,
	[SECRET_QUOTE] = judge_random,
	[SECRET_JWT] = judge_random,
};

bool check_judges(const char *name)
{
	size_t i;

	for (i = 0; i < SECRETS; i++)
		if (strcmp(secret_settings[i].name, name) == 0)
			return true;
	return false;
}

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
		struct verdict verdict = judges[which](span_of(secret));

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

static void say_secret(struct check *c, enum secret which, const char *value)
{
	const struct secret_setting *setting = &secret_settings[which];
	const struct config_key *key = config_key_named(setting->name);
	bool in_ssm = !config_string(&c->app->config, key);
	char shown[SHOWN_MAX], origin[CHECK_ORIGIN];
	struct verdict verdict = judge_all(which, value, shown);

	if (in_ssm)
		snprintf(origin, sizeof origin, "SSM parameter %s",
			 secret_parameter(&c->app->config, which));
	else
		check_origin(c, key, origin);
	if (verdict.status == CHECK_OK)
		check_ok(c, setting->name, "%s (%s)", shown, origin);
	else
		check_not(c, verdict.status, setting->name, verdict.advice, "%s (%s): %s", shown, origin,
			  verdict.text);
	if (which == SECRET_STRIPE && verdict.status == CHECK_OK)
		c->key = value;
}

static void look_at_secret(struct check *c, enum secret which)
{
	const char *value = NULL;
	struct err e;

	if (app_secret(c->app, which, check_deadline(c, SSM_MS), &value, &e))
		check_not(c, CHECK_FAILED, secret_settings[which].parameter, "look at the parameter with "
			  "`aws ssm get-parameter --with-decryption`, and at the AWS settings", "%s", e.text);
	else if (value)
		say_secret(c, which, value);
}

static const char *needed_by(unsigned need)
{
	if (need & CONFIG_NEEDS_STORE)
		return "no program";
	if (need & CONFIG_NEEDS_STRIPE)
		return "neither cart-quote nor checkout-create-session nor stripe-webhook";
	return need & CONFIG_NEEDS_WEBHOOK ? "stripe-webhook does not"
					   : "neither cart-quote nor checkout-create-session";
}

/* config_check_key()'s text is "what is wrong: what to do".  What is missing may stand in a
 * file that can't be read, which has been said. */
static void look_at_need(struct check *c, const struct config_key *key)
{
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
	if (strstr(e.text, "both set"))
		check_not(c, CHECK_FAILED, key->name, advice, "%s; the programs do not start",
			  e.text);
	else
		check_not(c, CHECK_FAILED, key->name, advice, "%s; without it %s start%s", e.text,
			  needed_by(key->needed_by),
			  key->needed_by & CONFIG_NEEDS_WEBHOOK ? "" : "s");
}

static void look_at_login(struct check *c)
{
	const struct config *config = &c->app->config;
	const struct auth_settings auth = {
		.secret = config->jwt_secret ? config->jwt_secret : config->jwt_secret_parameter,
		.public_key_file = config->jwt_public_key_file,
		.header = config->auth_header,
	};
	struct err e;

	if (is_wrong(c, "JWT_SECRET") || is_wrong(c, "JWT_PUBLIC_KEY_FILE") ||
	    is_wrong(c, "JWT_SECRET_PARAMETER"))
		return;
	if (auth_check(&auth, config->checkout_require_auth, &e))
		check_not(c, CHECK_FAILED, "login", "checkout-create-session does not start before "
			  "this is mended; see ordersnap.conf(5)", "%s", e.text);
}

void check_secrets(struct check *c)
{
	const struct config_key *key;
	int which;

	for (which = 0; which < SECRETS; which++)
		look_at_secret(c, (enum secret)which);
	for (key = config_keys; key->name; key++)
		if (key->needed_by || key->or_else)
			look_at_need(c, key);
	look_at_login(c);
	if (!c->app->config.checkout_success_url && !is_wrong(c, "CHECKOUT_SUCCESS_URL") &&
	    !c->app->config.file_unread)
		check_not(c, CHECK_WARNING, "CHECKOUT_SUCCESS_URL", "set it to the page that a buyer "
			  "sees after paying", "it is not set: a checkout that does not bring its own "
			  "successUrl is refused");
}
