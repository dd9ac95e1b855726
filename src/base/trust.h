/* SPDX-License-Identifier: ISC */
/*
 * The certificate authorities that other servers are believed by, as OpenSSL keeps
 * them.  The one idea: a file of 140 certificates becomes three megabytes and takes
 * 20 milliseconds, so a process reads it once, and a master once for all its workers.
 */
#ifndef ORDERSNAP_BASE_TRUST_H
#define ORDERSNAP_BASE_TRUST_H

/* The version of OpenSSL that is here, such as "3.0.19": no other may use what we give it. */
const char *trust_version(void);

/* Reads the file, unless it was read and is still the same.  -1 where there is no certificate
 * in it, or none that can be read. */
int trust_load(const char *file);

/* Lets a new SSL_CTX have what was read last. */
void trust_use(void *ssl_ctx);

/* Makes what each TLS connection needs and nobody changes: before a fork, for all. */
void trust_prepare(void);

#endif
