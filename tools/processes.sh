# SPDX-License-Identifier: ISC
# Commands that leave no process and no file behind, however ./dev ends.  ./dev sources this.
# shellcheck shell=bash

temporary= # the folder for temporary files, where we have made one
running=   # the process group of the part that runs
begun=     # the process group of what runs beside the parts
policy=    # set while our /usr/sbin/policy-rc.d is there

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# shellcheck disable=SC2317 # trap calls it
clean_up() {
	local status=$? tenths=0
	trap '' INT TERM HUP
	if [ -n "$running" ]; then
		kill -TERM -- "-$running" 2>/dev/null || true
		while kill -0 -- "-$running" 2>/dev/null && [ $((tenths += 1)) -le 200 ]; do
			sleep 0.1
		done
		kill -KILL -- "-$running" 2>/dev/null || true
	fi
	[ -z "$begun" ] || kill -TERM -- "-$begun" 2>/dev/null || true
	[ -z "$temporary" ] || rm -rf "$temporary"
	if [ -n "$policy" ]; then
		as_root rm -f /usr/sbin/policy-rc.d
	fi
	exit "$status"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
	printf 'dev: %s\n' "$*" >&2
	exit 1
}

# Runs a command with its output in a log, so that a signal reaches us at once
# and ends all that the command started.
quietly() { # LOG COMMAND...
	local log=$1 status=0
	shift
	set -m
	"$@" >"$log" 2>&1 </dev/null &
	running=$!
	set +m
	wait "$running" || status=$?
	running=
	return "$status"
}

# The same, for a step that all the rest needs.
need() { # NAME COMMAND...
	local log=$logs/$1.log
	shift
	quietly "$log" "$@" && return
	tail -n 40 "$log" >&2
	fail "this failed: $* (all of its output: $log)"
}

# A command beside all that follows, and the wait for its end.
begin() { # COMMAND...
	set -m
	"$@" >/dev/null 2>&1 </dev/null &
	begun=$!
	set +m
}

wait_for_begun() {
	wait "$begun" || true
	begun=
}
