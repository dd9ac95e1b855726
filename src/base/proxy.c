/* SPDX-License-Identifier: ISC */
/*
 * The proxy by which other servers are asked.
 */
#include "base/proxy.h"

#include <stdlib.h>

#include "base/str.h"

/* This machine, of which libcurl before 7.86 knows no network but its first address; EC2's metadata, ECS's,
 * and EKS's Pod Identity. */
const char *const proxy_direct_hosts =
	"localhost,127.0.0.1,127.0.0.0/8,::1,169.254.169.254,fd00:ec2::254,169.254.170.2,169.254.170.23,"
	"fd00:ec2::23";

static char *chosen;

void proxy_choose(const char *address)
{
	free(chosen);
	chosen = str_dup(address);
}

const char *proxy_chosen(void)
{
	return chosen ? chosen : "";
}
