/* SPDX-License-Identifier: ISC */
/*
 * The floor: the least that a FastCGI program can do with a webhook.  It reads
 * the body and answers 200.  What ordersnap costs above this is its own work.
 */
#include <fcgiapp.h>
#include <stdlib.h>

int main(void)
{
	static char body[1 << 20];
	FCGX_Request request;

	FCGX_Init();
	FCGX_InitRequest(&request, 0, 0);
	while (FCGX_Accept_r(&request) == 0) {
		const char *length = FCGX_GetParam("CONTENT_LENGTH", request.envp);
		long n = length ? strtol(length, NULL, 10) : 0;

		if (n > 0 && n <= (long)sizeof body)
			FCGX_GetStr(body, (int)n, request.in);
		FCGX_PutS("Status: 200 OK\r\nContent-Type: application/json\r\n\r\n{}\n", request.out);
		FCGX_Finish_r(&request);
	}
	return 0;
}
