/* SPDX-License-Identifier: ISC */
/*
 * AWS Systems Manager's Parameter Store: where secrets may live.
 */
#ifndef ORDERSNAP_AWS_SSM_H
#define ORDERSNAP_AWS_SSM_H

#include "aws/client.h"

/* The value of a parameter, decrypted, to free(). -1 with ERR_UNAVAILABLE.
 * https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html */
int aws_ssm_get_parameter(struct aws_client *ssm, const char *name, int64_t deadline,
			  char **value, struct err *e);

#endif
