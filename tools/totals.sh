# SPDX-License-Identifier: ISC
# A part of the tests: run with its output in a log, said in one line, and counted.  ./dev sources this.
# shellcheck shell=bash

passed=0 failed=0 skipped=0

# From lines "PASS", "FAIL" and "SKIP" to the totals; what gave none passed or
# failed as a whole.
count() { # NAME STATUS SECONDS
	local name=$1 status=$2 seconds=$3 p=0 f=0 s=0 verdict
	while read -r verdict; do
		case $verdict in
		PASS | XFAIL) p=$((p + 1)) ;;
		SKIP) s=$((s + 1)) ;;
		*) f=$((f + 1)) ;;
		esac
	done
	if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
		f=1
	elif [ $((p + f + s)) -eq 0 ]; then
		p=1
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	printf '%4d passed, %d failed' "$p" "$f"
	[ "$s" -eq 0 ] || printf ', %d skipped' "$s"
	printf ', %d s\n' "$seconds"
	[ "$f" -eq 0 ] || say_failures "$name"
	[ "$s" -eq 0 ] || grep -hE '^(ok .*# SKIP|1\.\.0|SKIP)' "$logs/$name.log" | sed 's/^/      /' || true
}

say_failures() { # NAME
	grep -hE '^(not ok|FAIL:|ERROR:|# [A-Za-z.]*(Error|Expired|Refused):)|error:|\*\*\*' "$logs/$1.log" |
		awk '/^FAIL:/ { any = 1 } !(any && /^not ok|^ERROR/) && !seen[$0]++' |
		head -n 20 | cut -c 1-400 | sed 's/^/      /' || true
	echo "      all of it: $logs/$1.log"
}

tap_verdicts() { # LOG
	awk '/^not ok/ { print "FAIL"; next }
	     /^ok .*# *[Ss][Kk][Ii][Pp]/ || /^1\.\.0/ { print "SKIP"; next }
	     /^ok/ { print "PASS" }' "$1"
}

trs_verdicts() { # FOLDER
	[ ! -d "$1" ] || find "$1" -name '*.trs' -exec sed -n 's/^:test-result: \([A-Z]*\).*/\1/p' {} +
}

# One line on the terminal; the rest in its log.
part() { # HOW NAME COMMAND...
	local how=$1 name=$2 status=0 since=$SECONDS
	shift 2
	printf '  %-24s' "$name"
	quietly "$logs/$name.log" "$@" || status=$?
	case $how in
	tap) count "$name" "$status" $((SECONDS - since)) < <(tap_verdicts "$logs/$name.log") ;;
	check) count "$name" "$status" $((SECONDS - since)) < <(trs_verdicts "$build/$name") ;;
	whole) count "$name" "$status" $((SECONDS - since)) </dev/null ;;
	esac
}
