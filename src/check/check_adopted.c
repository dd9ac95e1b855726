/* SPDX-License-Identifier: ISC */
/*
 * Whether orders of the AWS Lambda functions wait for `ordersnap adopt`.
 */
#include "base/clock.h"
#include "check/check_part.h"
#include "shop/adoption.h"
#include "shop/keys.h"

#define READ_MS 4000

bool check_adopted(struct check *c)
{
	const struct store_key key = {KEY_SYSTEM, KEY_ADOPTED};
	struct json_object *adopted;
	bool complete;
	struct err e;

	if (store_get_many(app_store(c->app), &key, 1, &adopted, check_deadline(c, READ_MS), &e)) {
		check_not(c, CHECK_FAILED, "adopted", "run this again", "not known: %s", e.text);
		return false;
	}
	complete = adoption_is_complete(adopted);
	if (complete)
		check_ok(c, "adopted", "no order of the Lambda functions waits for ordersnap adopt");
	else if (adopted)
		check_not(c, CHECK_WARNING, "adopted", "run ordersnap adopt again, when the Lambda "
			  "functions are off", "orders without a version have come since the table "
			  "was adopted");
	else
		check_not(c, CHECK_WARNING, "adopted", "run ordersnap adopt; it says what there is to do",
			  "orders that the Lambda functions wrote may be in the store, and nothing "
			  "names them");
	json_object_put(adopted);
	return complete;
}
