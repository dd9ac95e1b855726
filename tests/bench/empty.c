/* SPDX-License-Identifier: ISC */
/*
 * The floor of plain CGI: reads the body, answers 400.  Linked with the libraries that
 * ordersnap's programs are linked with: a process a request has to load them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
	const char *length = getenv("CONTENT_LENGTH");
	long left = length ? strtol(length, NULL, 10) : 0;
	char body[65536];
	ssize_t n;

	while (left > 0 && (n = read(STDIN_FILENO, body, sizeof body)) > 0)
		left -= n;
	puts("Status: 400 Bad Request\nContent-Type: application/json\n\n{}");
	return 0;
}
