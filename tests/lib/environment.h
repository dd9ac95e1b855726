/* SPDX-License-Identifier: ISC */
/*
 * What the C tests let in of the world around them: where programs and
 * temporary files are, and how this run is made.  Settings of a shop on this
 * machine, AWS keys, proxies, the home folder, the time zone and the umask
 * stay outside.  tests/lib/environment.py does the same for Python.
 */
#ifndef ORDERSNAP_TESTS_ENVIRONMENT_H
#define ORDERSNAP_TESTS_ENVIRONMENT_H

/* Names no file that is there: who loads a configuration without having said
 * which is told so, and does not read /etc/ordersnap/ordersnap.conf. */
#define ENVIRONMENT_NO_CONF "/nonexistent/ordersnap-tests.conf"

/* To be called before anything else. */
void environment_clean(void);

#endif
