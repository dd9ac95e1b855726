/* SPDX-License-Identifier: ISC */
/*
 * Starting a program.
 */
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/log_syslog.h"
#include "base/str.h"
#include "web/responder.h"

static int say_version(const struct program *program)
{
	printf("%s (ordersnap) %s\n", program->name, PACKAGE_VERSION);
	return 0;
}

static int say_help(const struct program *program, FILE *to, int status)
{
	fprintf(to, "%s.fcgi: %s\n\n"
		"A CGI and FastCGI program: a web server or spawn-fcgi runs it, not a shell.\n"
		"It is set up in ordersnap.conf(5).  See %s.fcgi(8).\n\n"
		"  --help     this text\n"
		"  --version  the version\n", program->name, program->summary, program->name);
	return status;
}

/* By hand: not as FastCGI and not as CGI (whose arguments are the client's). */
static int run_by_hand(const struct program *program, int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return say_version(program);
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return say_help(program, stdout, 0);
	return say_help(program, stderr, 2);
}

static void tell_system_log(const struct program *program, const struct err *e)
{
	char *line = str_printf("%s: %s", program->name, e->text);

	log_syslog_send(LOG_ERR, line, strlen(line));
	free(line);
}

/* spawn-fcgi sends its children's standard error to /dev/null, so the system
 * log hears of it too. */
static int fail_start(const struct program *program, const struct err *e)
{
	fprintf(stderr, "%s: %s\n", program->name, e->text);
	tell_system_log(program, e);
	if (!responder_is_fastcgi())
		responder_cgi_error(e);
	return 1;
}

static int serve(const struct program *program, struct app *app)
{
	const struct endpoint endpoint = {
		.program = program->name,
		.routes = program->routes,
		.cors = app->config.cors_allow_origin,
		.token_header = app->config.auth_header,
		.request_ms = APP_REQUEST_MS,
		.context = app,
	};

	return responder_run(&endpoint);
}

int program_main(const struct program *program, int argc, char **argv)
{
	struct app app;
	struct err e;
	int status;

	if (!responder_is_fastcgi() && !getenv("REQUEST_METHOD"))
		return run_by_hand(program, argc, argv);
	if (app_open(&app, program->needs, &e) ||
	    (program->check && program->check(&app.config, &e)))
		status = fail_start(program, &e);
	else
		status = serve(program, &app);
	app_close(&app);
	return status;
}
