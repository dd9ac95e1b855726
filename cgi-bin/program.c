/* SPDX-License-Identifier: ISC */
/*
 * Starting a program.
 */
#include "program.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "app/document_root.h"
#include "base/file.h"
#include "base/log.h"
#include "base/log_syslog.h"
#include "base/mem.h"
#include "base/output.h"
#include "base/str.h"
#include "web/master.h"
#include "web/responder.h"

#define CHECK_SETTINGS "--check-settings"
#define PATH_BYTES 4096

static int say_version(const struct program *program)
{
	output_printf(stdout, "%s (ordersnap) %s\n", program->name, PACKAGE_VERSION);
	return 0;
}

static int say_help(const struct program *program, FILE *to, int status)
{
	output_printf(to, "%s.fcgi: %s\n\n"
		      "A CGI and FastCGI program: a web server or spawn-fcgi runs it, not a shell.\n"
		      "It is set up in ordersnap.conf(5).  See %s.fcgi(8).\n\n"
		      "  --check-settings  whether the program would start: 0, or 1 and why not\n"
		      "  --help            this text\n"
		      "  --version         the version\n", program->name, program->summary, program->name);
	return status;
}

/* Opens the app with what the program needs; app_close() it in both cases. */
static int open_app(const struct program *program, struct app *app, struct err *e)
{
	if (app_open(app, program->needs, e))
		return -1;
	return program->check ? program->check(app, e) : 0;
}

/* --check-settings: what a start would say. */
static int check_settings(const struct program *program)
{
	struct app app;
	struct err e;
	int rc = open_app(program, &app, &e);

	if (rc)
		output_printf(stderr, "%s: %s\n", program->name, e.text);
	app_close(&app);
	return rc ? 1 : 0;
}

/* By hand: not as FastCGI and not as CGI (whose arguments are the client's). */
static int run_by_hand(const struct program *program, int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return say_version(program);
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return say_help(program, stdout, 0);
	if (argc == 2 && strcmp(argv[1], CHECK_SETTINGS) == 0)
		return check_settings(program);
	return say_help(program, stderr, 2);
}

static void tell_system_log(const struct program *program, const struct err *e)
{
	char *line = str_printf("%s: %s", program->name, e->text);

	log_syslog_send(LOG_ERR, line, strlen(line));
	free(line);
}

/* spawn-fcgi sends its children's standard error to /dev/null, so the system
 * log hears of it too, unless it is the journal that has heard. */
static int fail_start(const struct program *program, const struct err *e)
{
	if (log_stderr_is_journal()) {
		output_printf(stderr, "<%d>%s: %s\n", LOG_ERR, program->name, e->text);
	} else {
		output_printf(stderr, "%s: %s\n", program->name, e->text);
		tell_system_log(program, e);
	}
	if (!responder_is_fastcgi())
		responder_cgi_error(e);
	return 1;
}

/* A settings file below the document root could be fetched by anybody. */
static int admit(void *context, const struct request *request, struct err *e)
{
	return document_root_check(context, request_variable(request, "DOCUMENT_ROOT"), e);
}

static void rest(void *context)
{
	app_rest(context);
}

/* Serves requests until there are no more. */
static int serve(const struct program *program, struct app *app)
{
	const struct endpoint endpoint = {
		.program = program->name,
		.routes = program->routes,
		.cors = app->config.cors_allow_origin,
		.token_header = app->config.auth_header,
		.request_ms = APP_REQUEST_MS,
		.admit = admit,
		.rest = app->config.commerce_table ? NULL : rest, /* a file may be replaced, a table not */
		.context = app,
	};

	return responder_run(&endpoint);
}

/* The program's own file, to be executed anew by its name: what stands there
 * then may be a newer one. */
static const char *own_path(char *room, const char *otherwise)
{
	ssize_t n = readlink("/proc/self/exe", room, PATH_BYTES - 1);

	if (n <= 0)
		return otherwise;
	room[n] = '\0';
	return room;
}

/* Serves alone, or as one of WORKERS processes.  A CGI process is one anyway. */
static int serve_alone_or_not(const struct program *program, struct app *app, const char *argv0)
{
	char room[PATH_BYTES];
	size_t workers = 0;
	struct err e;

	if (responder_is_fastcgi() && master_workers(getenv("WORKERS"), &workers, &e))
		return fail_start(program, &e);
	if (workers)
		app_prepare_fork(app);
	if (workers &&
	    master_run(workers, own_path(room, argv0), CHECK_SETTINGS) == MASTER_STOPPED)
		return 0;
	return serve(program, app);
}

int program_main(const struct program *program, int argc, char **argv)
{
	struct app app;
	struct err e;
	int status;

	file_hold_standard();
	mem_tune();
	mem_leave_no_core();
	if (!responder_is_fastcgi() && !getenv("REQUEST_METHOD"))
		return run_by_hand(program, argc, argv);
	/* A peer or a log's reader that has gone, or a file that may not grow, is an error of that write
	 * and ends no program: also not a master, with which all its workers end. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (responder_is_fastcgi())
		master_hold_reload();
	log_program(program->name);
	if (open_app(program, &app, &e))
		status = fail_start(program, &e);
	else
		status = serve_alone_or_not(program, &app, argv[0]);
	app_close(&app);
	return status;
}
