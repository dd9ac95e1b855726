/* SPDX-License-Identifier: ISC */
/*
 * The proxy by which other servers are asked (OUTGOING_PROXY); one for the whole process, and
 * never one of the environment, where a visitor's "Proxy:" header becomes HTTP_PROXY (httpoxy).
 */
#ifndef ORDERSNAP_BASE_PROXY_H
#define ORDERSNAP_BASE_PROXY_H

/* The address of the proxy, "http://host:port", copied; NULL: everybody is asked directly. */
void proxy_choose(const char *address);

/* What was chosen, borrowed; "" where nothing was. */
const char *proxy_chosen(void);

/* Hosts that are asked directly, by commas: this machine, and the addresses at which a machine
 * of AWS gets its credentials. */
extern const char *const proxy_direct_hosts;

#endif
