/* SPDX-License-Identifier: ISC */
/*
 * The file of certificate authorities.
 */
#include "base/ca_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

#define BEGIN_BYTES 16384 /* comments may stand before the first certificate */
#define PEM_CERTIFICATE "CERTIFICATE-----" /* behind BEGIN, TRUSTED or X509; of a request stands more */

const char *const ca_file_usual[] = {
	"/etc/ssl/certs/ca-certificates.crt",		     /* Debian, Ubuntu, Gentoo, Arch */
	"/etc/pki/tls/certs/ca-bundle.crt",		     /* Fedora, RHEL and what is made of it */
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* the same */
	"/etc/ssl/ca-bundle.pem",			     /* SUSE */
	"/etc/ssl/cert.pem",				     /* Alpine, and links elsewhere */
	NULL,
};

static char *chosen;

int ca_file_check(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char begin[BEGIN_BYTES];
	struct stat st;
	ssize_t n = -1;

	if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		errno = EINVAL;
	else if (fd >= 0)
		n = read(fd, begin, sizeof begin);
	if (n < 0)
		err_set(e, ERR_CONFIG, "%s: %s", path, errno == EINVAL ? "it is no file" : strerror(errno));
	else if (!memmem(begin, (size_t)n, PEM_CERTIFICATE, strlen(PEM_CERTIFICATE)))
		n = err_set(e, ERR_CONFIG, "%s: there is no certificate in it (PEM)", path);
	if (fd >= 0)
		close(fd);
	return n < 0 ? -1 : 0;
}

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
