# SPDX-License-Identifier: ISC
# The parts of ./dev test.  ./dev sources this.
# shellcheck shell=bash

flags=() # of make, beside those of configure

check_in() { # NAME SUITES OPTION...
	local name=$1 suites=$2 tests=()
	shift 2
	[ "$suites" = all ] || tests=(TESTS="$(suites_of "$suites")")
	configure_in "$name" "$@" || return
	find "$build/$name" -name '*.trs' -delete
	make -C "$build/$name" -j"$jobs" "${flags[@]}" all || return
	# one DynamoDB Local for all that share it
	PYTHONDONTWRITEBYTECODE=1 python3 "$src/tests/dynamodb/local.py" \
		make -C "$build/$name" -j"$at_once" -k check VERBOSE=1 "${flags[@]}" "${tests[@]}"
}

# The tests whose names begin with one of the words, as make knows them, in the order of the words.
suites_of() { # WORDS
	local word
	for word in $1; do
		(cd "$src" && printf '%s\n' tests/"$word"*.[cp]*)
	done | sed -n 's/\.c$//p; /\.py$/p' | grep '/test_' | awk '!seen[$0]++' | tr '\n' ' '
}

# The sanitizers are clang's, a second compiler for all, with counters of what is reached, for
# tests/coverage/coverage.py.  The counters are mapped into a file for each program: what is killed has counted
# too, and processes count side by side.
check_sanitizers() {
	local suites='http/test_wire cli/test_sync_window cli/test_notify cgi/test_checkout cgi/
		cli/test_sync_faults cli/test_transfer cli/test_adopt cli/test_c cli/test_erase cli/test_mark
		cli/test_o cli/test_r cli/test_sh http/test_smoke http/test_master dynamodb/test_credentials
		dynamodb/test_store unit/'
	local counters=$build/sanitizers/counters
	# make's alone: configure and a path with a space in it do not go together; a configure that make runs
	# once more has its own, or it would take these.  Compiling takes longer than what runs: not optimised.
	local flags=("CFLAGS=-O0 -gline-tables-only '-fprofile-instr-generate=$counters/%m%c.profraw'"
		'CPPFLAGS=-fcoverage-mapping -mllvm -runtime-counter-relocation')
	export ORDERSNAP_LEAKS_EVERY=${LEAKS_EVERY:-5}
	export ORDERSNAP_SERVERS='nginx apache-proxy_fcgi apache-fcgid apache-cgid'
	rm -rf "$counters"
	check_in sanitizers "$suites" --enable-werror --enable-sanitizers CC=clang CFLAGS='-O1 -g' CPPFLAGS=
}

# What these have reached, held against tests/coverage/floor with --floor.
check_coverage() { # [--floor | PATH...]
	ORDERSNAP_SRC="$src" PYTHONDONTWRITEBYTECODE=1 \
		python3 "$src/tests/coverage/coverage.py" "$build/sanitizers" "$@"
}

# Plain CGI is where each request is a whole life of a process, which takes half a second under valgrind:
# the events of every third API version.  What a unit test has in its one process is seen there.
check_valgrind() {
	local units=(buf cart charge checkout checkout_form config customer digest form json json_canonical
		lines log money notify order order_items outbox price quote record request response secrets
		session signature sigv4)
	export ORDERSNAP_SRC="$src" ORDERSNAP_BUILD="$build/gcc" PYTHONDONTWRITEBYTECODE=1
	export ORDERSNAP_WRAPPER="valgrind -q --error-exitcode=99 --leak-check=full
		--show-leak-kinds=definite,indirect,possible
		--errors-for-leak-kinds=definite,indirect,possible"
	# a test that can't share a process with valgrind has run in the other parts
	{
		cgi_suites shapes health &
		# what is read and was never written: no sanitizer of the other part sees that
		give_way 19
		programs fuzz/replay "${units[@]/#/unit/test_}"
		wait
	} | grep -v '# SKIP .*another tool'
}

programs() { # NAME...
	local name wrapper
	read -rd '' -a wrapper <<<"$ORDERSNAP_WRAPPER" || true
	for name in "$@"; do
		CMOCKA_MESSAGE_OUTPUT=TAP "${wrapper[@]}" "$build/gcc/tests/$name" ||
			echo "not ok - tests/$name ends with an error"
	done
}

cgi_suites() { # NAME...
	local name
	for name in "$@"; do
		python3 "$src/tests/cgi/test_$name.py" || echo "not ok - $name ends with an error"
	done
}

check_sim() {
	PYTHONDONTWRITEBYTECODE=1 python3 "$src/tests/sim/test_sim.py" &&
		PYTHONDONTWRITEBYTECODE=1 python3 "$src/tests/sim/test_sale.py"
}

# Parts that leave the processors to the part before them on the screen, one after the other where they stand
# in one word; replay() then gives what each said.
beside_each_other() { # NAMES...
	local names
	for names in "$@"; do
		one_after_the_other "$names" &
	done
	wait
}

give_way() { # NICE
	renice -n "$1" -p "$BASHPID" >/dev/null
}

one_after_the_other() { # NAMES
	local name status
	case $1 in
	valgrind) give_way 5 ;; # its requests have deadlines
	*) give_way 19 ;;
	esac
	for name in $1; do
		status=0
		("check_$name") >"$logs/$name.said" 2>&1 || status=$?
		echo "$status" >"$logs/$name.status"
	done
}

replay() { # NAME
	cat "$logs/$1.said"
	return "$(cat "$logs/$1.status")"
}

# Two browsers share the tests, for each of them mostly waits.  A browser is a dozen processes: beside them
# runs only what gives way.
check_browser() {
	local share status=0
	export ORDERSNAP_SRC="$src" ORDERSNAP_BUILD="$build/gcc" PYTHONDONTWRITEBYTECODE=1
	for share in 1 2; do
		(
			status=0
			ORDERSNAP_SHARE=$share/2 python3 "$src/tests/browser/test_shop.py" \
				>"$logs/browser.$share" 2>&1 || status=$?
			echo "$status" >"$logs/browser.$share.status"
		) &
	done
	wait
	for share in 1 2; do
		cat "$logs/browser.$share"
		[ "$(cat "$logs/browser.$share.status")" -eq 0 ] || status=1
	done
	return "$status"
}

check_sdk() {
	(cd "$src/tests/sim" && node test_sim.mjs)
}

# gcc's -fanalyzer follows each path through a source, clang-tidy knows habits (.clang-tidy); a
# finding is an error.
check_analyzers() {
	local here
	# without our hardening, whose macros hide what is called
	configure_in analyzers --enable-werror --disable-hardening CC=gcc CFLAGS='-O1 -fanalyzer' || return
	make -C "$build/analyzers" all || return
	here=$(realpath --relative-to="$src" "$build/analyzers")
	# shellcheck disable=SC2016 # text for another shell
	(cd "$src" && printf '%s\0' src/*/*.c cgi-bin/*.c | xargs -0 -P "$jobs" -n 8 bash -c \
		'here=$1 && shift && clang-tidy --quiet "$@" -- -std=gnu11 -include "$here/config.h" -Isrc \
			$(pkg-config --cflags fcgi libcurl json-c libcrypto sqlite3 libjwt)' bash "$here")
}

# A processor of 32 bits has other types for sizes and times: all sources are compiled for it, with our warnings.
# `./dev test --machine` runs what comes of it.
check_bits() {
	local multiarch
	[ "$(uname -m)" = x86_64 ] || { echo "ok - gcc compiles for 32 bits on x86_64 only" && return; }
	multiarch=$(gcc -print-multiarch) || return
	configure_in bits-build --enable-werror CC=gcc CFLAGS=-O1 || return
	# its libraries' headers are those of 64 bits
	make -C "$build/bits-build" -j"$jobs" libordersnap.a \
		CFLAGS="-O1 -m32 -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -isystem /usr/include/$multiarch"
}

# A newer one says of each large function, and counts it as a finding, that it does not look at every path.
check_cppcheck() {
	cppcheck -q --error-exitcode=1 --std=c11 --enable=warning,performance,portability \
		--inline-suppr --suppress=missingIncludeSystem \
		--suppress=normalCheckLevelMaxBranches -I "$src/src" "$src/src" "$src/cgi-bin"
}

check_man() {
	local pages=("$src"/man/*.[1-8])
	[ -e "${pages[0]}" ] || { echo "error: there are no pages in man/" && return 1; }
	mandoc -T lint -W warning "${pages[@]}"
}

check_shell() {
	cd "$top" && shellcheck -x dev &&
		shellcheck conf/dropin/selftest.cgi conf/dropin/pack.sh &&
		shellcheck .ci/run tests/fuzz/run tests/machine/*.sh conf/hooks/mail &&
		shellcheck -s bash completions/ordersnap.bash
}

# All parts have had TMPDIR.
check_left() {
	[ -z "$(ls -A "$TMPDIR")" ] || { find "$TMPDIR" -mindepth 1 -printf 'error: left behind: %p\n' && return 1; }
}

# What `make install` puts where, and that the installed files name those places.  Built as packagers may build
# it: gcc then looks through the whole program at once, and warns of what it can't see in one file.
check_install() {
	local to=$build/install/root share=/opt/ordersnap/share/ordersnap file
	rm -rf "$build/install"
	configure_in install-build --enable-werror --prefix=/opt/ordersnap CC=gcc CFLAGS='-O3 -flto=auto' || return
	make -C "$build/install-build" -j"$jobs" install DESTDIR="$to" || return
	for file in cart-quote checkout-create-session orders status stripe-webhook; do
		"$to/opt/ordersnap/libexec/ordersnap/$file.fcgi" --version || return
	done
	"$to/opt/ordersnap/bin/ordersnap" --version || return
	[ -e "$to$share/ordersnap.conf.example" ] || return
	[ -e "$to/opt/ordersnap/share/bash-completion/completions/ordersnap" ] || return
	[ -e "$to/opt/ordersnap/share/zsh/site-functions/_ordersnap" ] || return
	grep "^ExecStart=/opt/ordersnap/bin/ordersnap sync" "$to$share/systemd/ordersnap-sync.service" ||
		return
	grep "include *\"$share/nginx" "$to$share/nginx/ordersnap.conf" || return
	grep "^ScriptAlias.*\"/opt/ordersnap/libexec" "$to$share/apache/ordersnap-cgi.conf" || return
	grep "alias.url.*\"/opt/ordersnap/libexec" "$to$share/lighttpd/ordersnap-cgi.conf" || return
	grep "import $share/caddy" "$to$share/caddy/ordersnap.caddy" || return
	if grep -rI /usr/local "$to"; then # of the programs, one has it in the PATH of a hook
		echo "error: the installed files name /usr/local"
		return 1
	fi
	make -C "$build/install-build" uninstall DESTDIR="$to" || return
	[ -z "$(find "$to" -type f)" ] || { echo "error: uninstall leaves files" && find "$to" && return 1; }
}

# All tests are compiled from the tarball; those are run that read its files.
check_dist() {
	local suites='guard/ unit/test_ca_file unit/test_config unit/test_example unit/test_order cgi/test_shapes'
	export ORDERSNAP_NODE_MODULES="$src/tests/sim/node_modules"
	make -C "$build/gcc" -j"$jobs" distcheck TESTS="$(suites_of "$suites")" \
		DISTCHECK_CONFIGURE_FLAGS='--enable-werror --disable-hardening CFLAGS=-O0'
}
