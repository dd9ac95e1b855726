/* SPDX-License-Identifier: ISC */
/*
 * One operation of the Parameter Store.
 */
#include "aws/ssm.h"

#include <string.h>

int aws_ssm_get_parameter(struct aws_client *ssm, const char *name, int64_t deadline,
			  char **value, struct err *e)
{
	struct json_object *input = json_object_new_object(), *answer = NULL, *parameter = NULL;
	struct aws_failure failure;
	const char *text;
	int rc;

	json_set_string(input, "Name", name);
	json_set_bool(input, "WithDecryption", true);
	rc = aws_call(ssm, &(struct aws_request){"GetParameter", span_of(json_text(input)), deadline},
		      &answer, &failure, e);
	if (rc && strcmp(failure.type, "ParameterNotFound") == 0)
		err_set(e, ERR_UNAVAILABLE, "there is no SSM parameter %s in this region", name);
	else if (rc)
		err_prefix(e, "SSM parameter %s", name);
	json_get_object(answer, "Parameter", &parameter);
	if (!rc && json_get_string(parameter, "Value", &text) != JSON_FOUND)
		rc = err_set(e, ERR_UNAVAILABLE, "SSM's answer has no value for %s", name);
	if (rc && e->code == ERR_REFUSED)
		e->code = ERR_UNAVAILABLE;
	if (!rc)
		*value = str_dup(text);
	json_wipe_string(parameter, "Value");
	aws_failure_free(&failure);
	json_object_put(answer);
	json_object_put(input);
	return rc;
}
