/* SPDX-License-Identifier: ISC */
/*
 * Waiting and trying again.
 */
#include "service/patience.h"

#include "base/clock.h"
#include "base/log.h"

#define FIRST_PAUSE_MS 1000u

bool patience_again(struct patience *patience, const struct err *e)
{
	uint32_t pause = FIRST_PAUSE_MS << patience->tries;

	if (e->code != ERR_UNAVAILABLE && e->code != ERR_CONFLICT)
		return false;
	if (!patience->tries)
		patience->until = deadline_in(PATIENCE_MS);
	if (++patience->tries >= PATIENCE_TRIES || deadline_left(patience->until) <= 0)
		return false;
	log_warning("Trying again", LOG_STR("error", e->text), LOG_INT("pauseMs", pause));
	deadline_sleep(pause - clock_jitter(pause / 2), deadline_in(pause));
	return true;
}
