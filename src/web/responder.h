/* SPDX-License-Identifier: ISC */
/*
 * The process: one request at a time, as FastCGI responder where standard
 * input is a listening socket (spawn-fcgi, systemd, mod_fcgid, lighttpd), as
 * plain CGI where it is not.  The only place that knows libfcgi.
 */
#ifndef ORDERSNAP_WEB_RESPONDER_H
#define ORDERSNAP_WEB_RESPONDER_H

#include "web/endpoint.h"

/* Whether standard input is a listening socket. */
bool responder_is_fastcgi(void);

/*
 * Serves until SIGTERM or SIGINT (FastCGI; a request that runs is finished
 * first) or one request (CGI).  Returns the exit status.
 * SIGPIPE and SIGXFSZ have to be ignored: a peer that has gone, or a file that may
 * not grow, is an error of that write.
 */
int responder_run(const struct endpoint *endpoint);

/* Answers the one request of a CGI process with an error, when the program
 * could not start. */
void responder_cgi_error(const struct err *e);

#endif
