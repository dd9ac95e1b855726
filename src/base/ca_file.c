/* SPDX-License-Identifier: ISC */
/*
 * The file of certificate authorities.
 */
#include "base/ca_file.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"

const char *const ca_file_usual[] = {
	"/etc/ssl/certs/ca-certificates.crt",		     /* Debian, Ubuntu, Gentoo, Arch */
	"/etc/pki/tls/certs/ca-bundle.crt",		     /* Fedora, RHEL and what is made of it */
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* the same */
	"/etc/ssl/ca-bundle.pem",			     /* SUSE */
	"/etc/ssl/cert.pem",				     /* Alpine, and links elsewhere */
	NULL,
};

static char *chosen;

void ca_file_choose(const char *path)
{
	free(chosen);
	chosen = str_dup(path);
}

const char *ca_file(const char *built_in, const char *const *usual)
{
	if (chosen)
		return chosen;
	if (built_in && access(built_in, R_OK) == 0)
		return NULL;
	while (*usual && access(*usual, R_OK))
		usual++;
	return *usual;
}
