/* SPDX-License-Identifier: ISC */
/*
 * Done, or refused, and for which action.
 */
#include "store/dynamodb_outcome.h"

#include <string.h>

/* What an answer to a write may have. */
static const char *const members[] = {"ConsumedCapacity", "ItemCollectionMetrics", "Attributes"};

#define MEMBERS (sizeof members / sizeof *members)

bool dynamodb_is_done(struct json_object *answer)
{
	struct json_walk member;
	size_t i;

	for (member = json_walk_of(answer); json_walk_next(&member);) {
		for (i = 0; i < MEMBERS && strcmp(member.key, members[i]) != 0; i++)
			;
		if (i == MEMBERS)
			return false;
	}
	return true;
}

int dynamodb_find_failed(const struct aws_failure *failure, size_t n, size_t *failed)
{
	struct json_object *reasons;
	size_t i;

	if (strcmp(failure->type, "TransactionCanceledException") != 0 ||
	    json_get_array(failure->answer, "CancellationReasons", &reasons) != JSON_FOUND)
		return -1;
	for (i = 0; i < n && i < json_object_array_length(reasons); i++) {
		const char *code = json_string_or_null(json_object_array_get_idx(reasons, i), "Code");

		if (code && strcmp(code, "ConditionalCheckFailed") == 0) {
			*failed = i;
			return 0;
		}
	}
	return -1;
}
