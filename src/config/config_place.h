/* SPDX-License-Identifier: ISC */
/*
 * Where the settings' file is looked for.  The one idea: the nearer to the program,
 * the more it is meant: beside the program, then at home, then of the machine.
 */
#ifndef ORDERSNAP_CONFIG_CONFIG_PLACE_H
#define ORDERSNAP_CONFIG_CONFIG_PLACE_H

#include <stddef.h>

#define CONFIG_PLACES 3
#define CONFIG_SYSTEM_FILE "/etc/ordersnap/ordersnap.conf"

/*
 * The places in their order, i from 0 to CONFIG_PLACES - 1:
 *
 *     ../conf/ordersnap.conf       as seen from the folder of the running program
 *     ~/ordersnap/ordersnap.conf   at home of the user who runs, as getpwuid() knows it:
 *                                  under suEXEC there is no HOME
 *     /etc/ordersnap/ordersnap.conf
 *
 * The path, to free(), whether or not there is a file; NULL where it can't be known.
 */
char *config_place(size_t i);

/* The file to read, to free(): what ORDERSNAP_CONF names, else the first place that has
 * one; NULL where there is none.  A file that can't be looked at counts as there: reading
 * it says why. */
char *config_find_file(void);

#endif
