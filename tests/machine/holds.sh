# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# How the scripts of this folder say what holds; they read this file with `.`, and have set $folder, for
# the log, and $debian, which each sentence begins with.  $failed is 1 once something did not hold.
# shellcheck disable=SC2034,SC2154 # the scripts have $folder and $debian, and look at $failed

failed=0

# The lines of a log that say what is wrong, and where none does, the last ones.
what_failed() { # LOG
	grep -nE '^(# )?(FAIL|ERROR|XPASS|not ok)\b|\berror:|^make.*\*\*\*' "$1" | tail -n 60 || true
	grep -qE '^(# )?(FAIL|ERROR|XPASS|not ok)\b|\berror:' "$1" || tail -n 60 "$1"
}

holds() { # SENTENCE COMMAND...
	local sentence="$debian, $1" since=$SECONDS log=$folder/$debian.log
	shift
	(set -e && "$@") >"$log" 2>&1 & # in a condition, errors would end nothing
	if wait $!; then
		echo "ok - $sentence ($((SECONDS - since)) s)"
	else
		what_failed "$log" | sed 's/^/# /'
		echo "not ok - $sentence ($((SECONDS - since)) s)"
		failed=1
	fi
}
