#!/bin/bash
# SPDX-License-Identifier: ISC
# What the README promises of a fresh machine, on four of them: two of each Debian below, in folders,
# in which nothing is but apt, sudo, and the settings of somebody's shop.  `./dev test --machine` runs
# it, as root.
#
#   run.sh SOURCES FOLDER     SOURCES: a list of files, each ended by a NUL, is read from standard
#                             input; FOLDER: where the machines stand while it runs
#
# Each command runs in mount and process namespaces of its own: what it mounts goes with it, and what
# it leaves running, or in /tmp, or at home, is seen.  The Debians run beside each other, so each is a
# second load to the other.  The network is this machine's, for Debian's packages.
# shellcheck disable=SC2016,SC2317 # text for another shell; functions that holds() calls
set -euo pipefail
# shellcheck source=tests/machine/holds.sh
. "${BASH_SOURCE[0]%/*}/holds.sh"

debians=(bookworm trixie)
sources=$1 folder=$2
rm -rf --one-file-system "$folder" # of a run that was killed
mkdir -p "$folder"
export LC_ALL=C.UTF-8
limit=2400 # seconds for one step
many="MAKEFLAGS=-j$(($(nproc) * 3))"
running=()

clean_up() {
	local process
	for process in "${running[@]}"; do
		kill -TERM -- "-$process" 2>/dev/null || true
	done
	wait
	rm -rf --one-file-system "$folder"
}
trap clean_up EXIT
trap 'exit 143' INT TERM HUP

# --- machines ---

# Debian with apt, and sudo and a user who may use it.
make_debian() { # NAME
	local root=$folder/$1 key value
	local options=()
	for key in Acquire::http::Proxy Acquire::https::Proxy; do
		value=
		eval "$(apt-config shell value "$key")"
		[ -z "$value" ] || options+=(--aptopt="$key \"$value\"")
	done
	mmdebstrap --quiet --mode=root --variant=apt --include=ca-certificates,passwd,sudo "${options[@]}" \
		"$1" "$root"
	printf 'APT::Get::Assume-Yes "true";\nAPT::Install-Recommends "false";\nquiet "1";\n' \
		>"$root/etc/apt/apt.conf.d/90ordersnap-tests"
	cp /etc/resolv.conf /etc/hosts "$root/etc/"
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	chroot "$root" useradd --create-home --shell /bin/bash owner
	echo 'owner ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/owner"
	cp -a "$root" "$root-root"
	mv "$root" "$root-owner"
}

home_of() { # MACHINE USER
	chroot "$folder/$1" getent passwd "$2" | cut -d: -f6
}

# The sources in somebody's home, in a folder with a space in its name.
give_sources() { # MACHINE USER
	local home to
	home=$(home_of "$1" "$2")
	to="$folder/$1$home/my ordersnap"
	mkdir -p "$to"
	tar -C "$sources" --null -T "$folder/list" -cf - | tar -C "$to" --no-same-owner -xf -
	chroot "$folder/$1" chown -R "$2:" "$home/my ordersnap"
}

# The settings and secrets of somebody's shop, which nobody but that shop may read.  Their last use is
# dated long ago: the kernel notes the next one, whatever relatime says.
give_shop() { # MACHINE USER
	local root=$folder/$1 aws
	aws=$root$(home_of "$1" "$2")/.aws
	mkdir -p "$root/etc/ordersnap" "$root/var/lib/ordersnap" "$aws"
	printf '%s\n' COMMERCE_DB=/var/lib/ordersnap/orders.db LOG_LEVEL=loud NONSENSE=1 \
		STRIPE_SECRET=sk_live_of_that_shop STRIPE_WEBHOOK_SECRET=whsec_of_that_shop \
		QUOTE_SIGNATURE_SECRET=quotes_of_that_shop AWS_REGION=mars-north-1 \
		>"$root/etc/ordersnap/ordersnap.conf"
	printf '[default]\naws_access_key_id = AKIAOFTHATSHOP\naws_secret_access_key = of-that-shop\n' \
		>"$aws/credentials"
	# root's shop has no table yet: one would be made
	[ "$2" = root ] || echo "the orders of that shop" >"$root/var/lib/ordersnap/orders.db"
	echo "is read now" >"$folder/$1.canary"
	find "$folder/$1.canary" "$root/etc/ordersnap" "$root/var/lib/ordersnap" "$aws" -type f \
		-exec touch -a -d 2001-01-01 {} +
	cat "$folder/$1.canary" >/dev/null
	[ "$(stat -c %X "$folder/$1.canary")" -gt "$(date -d 2002-01-01 +%s)" ] ||
		{ echo "This file system does not note when a file is read." && return 1; }
	state_of "$1" "$2" >"$folder/$1.state"
}

# All that can be seen of that shop without reading it.
state_of() { # MACHINE USER
	local root=$folder/$1 places
	places=("$root"{/etc,/var/lib}/ordersnap "$root$(home_of "$1" "$2")/.aws")
	find "${places[@]}" -type f -printf '%p read %A@ written %T@ %C@ %m %U:%G %s\n'
	find "${places[@]}" ! -type f -printf '%p written %T@ %C@ %m %U:%G\n'
}

untouched() { # MACHINE USER
	diff "$folder/$1.state" <(state_of "$1" "$2")
}

# Runs a command there in the sources, and then looks for what it left.  bash stays process 1 there, and
# takes in whoever has lost its parent.
inside() { # MACHINE USER COMMAND
	timeout --foreground -s KILL "$limit" unshare --mount --pid --ipc --fork --kill-child=KILL -- bash -c '
		set -e
		mount --make-rprivate /
		mount --bind "$1" "$1" # tests with mounts of their own want a root that is one
		mount -t proc proc "$1/proc"
		mkdir -p "$1/dev/pts" "$1/dev/shm"
		mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$1/dev/pts"
		ln -sf pts/ptmx "$1/dev/ptmx"
		mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
		[ -e "$1/dev/null" ] || exit 1
		outside() {
			(cd "$1" && find tmp var/tmp dev/shm -mindepth 1 &&
				find root home -maxdepth 2 ! -path "*/my ordersnap*") |
				sort
		}
		processes() { # all but process 1 and this copy of it
			local entry words
			for entry in "$1"/proc/[0-9]*; do
				[ "${entry##*/}" -ne 1 ] && [ "${entry##*/}" -ne "$BASHPID" ] || continue
				words=$(tr "\0" " " <"$entry/cmdline") && [ -z "$words" ] || echo "$words"
			done 2>/dev/null
		}
		before=$(outside "$1")
		chroot "$1" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			DEBIAN_FRONTEND=noninteractive \
			su "$2" -s /bin/bash -c "cd ~/\"my ordersnap\" && $3"
		for tenth in {1..100}; do # what was just ended may need a moment
			left=$(processes "$1")
			[ -n "$left" ] || break
			sleep 0.1
		done
		[ -z "$left" ] || { echo "error: processes are left:" "$left" && exit 1; }
		left=$(comm -3 <(echo "$before") <(outside "$1"))
		[ -z "$left" ] || { echo "error: files are left, or missing:" "$left" && exit 1; }
	' bash "$folder/$1" "$2" "$3" </dev/null
}

# --- what holds ---

# The README's lines to install, from apt-get update on, as one command.
install_lines() {
	sed -n '/^As root, in the folder of the sources/,/^The programs go to/p' "$sources/README.md" |
		sed -n 's/^    //p' |
		tr '\n' ';' | sed 's/\\;//g; s/;;*/ \&\& /g; s/#[^&]*//g; s/&& *$//'
}

# What is installed beside a shop that is set up leaves its settings alone, and brings none.
install_image() { # MACHINE
	inside "$1" root 'make install && make install DESTDIR="$PWD/image"' || return
	[ -x "$folder/$1/root/my ordersnap/image/usr/local/bin/ordersnap" ] || return
	if ls -d "$folder/$1/root/my ordersnap/image/"{etc,var} 2>/dev/null; then
		echo "error: make install puts something in these"
		return 1
	fi
}

# From the machine of root to the owner's.
give_tarball() { # FROM TO
	inside "$1" root 'make dist-gzip' || return # there is no xz
	cp "$folder/$1/root/my ordersnap/"ordersnap-*.tar.gz \
		"$folder/$2$(home_of "$2" owner)/my ordersnap/ordersnap.tar.gz"
}

on_root_machine() { # DEBIAN
	local machine=$1-root
	give_sources "$machine" root
	holds "root: there is a shop on the machine" give_shop "$machine" root
	holds "root: ./dev demo --once, twice" inside "$machine" root './dev demo --once && ./dev demo --once'
	holds "root: the README's lines to install, with make check, without git" \
		inside "$machine" root "export $many; $(install_lines)"
	holds "root: the suites of the programs and of the command a second time" \
		inside "$machine" root "$many make check TESTS='$again'"
	holds "root: each web server that this Debian has" inside "$machine" root \
		"apt-get install apache2-bin caddy curl libapache2-mod-fcgid libapache2-mod-qos lighttpd spawn-fcgi &&
			make check TESTS='$servers'"
	holds "root: ./dev demo --once beside the sources that were configured in place" \
		inside "$machine" root './dev demo --once'
	holds "root: make install again, and with DESTDIR" install_image "$machine"
	holds "root: none of it reads or changes the machine's own shop" untouched "$machine" root
}

on_owner_machine() { # DEBIAN
	local machine=$1-owner lines from=tarball/ordersnap
	lines=$(install_lines)
	lines=${lines//apt-get/sudo apt-get}
	give_sources "$machine" owner
	holds "a user with sudo: there is a shop on the machine" give_shop "$machine" owner
	holds "a user with sudo: ./dev demo --once, twice" \
		inside "$machine" owner './dev demo --once && ./dev demo --once'
	holds "a user with sudo: the README's lines to build, with make check" \
		inside "$machine" owner "export $many; ${lines//make install/sudo make install}"
	holds "a tarball can be made" give_tarball "$1-root" "$machine"
	holds "a user: configure, make and make check of the tarball, with neither git nor autotools" \
		inside "$machine" owner "sudo apt-get remove autoconf automake && mkdir -p $from &&
			tar -C $from --strip-components=1 -xf ordersnap.tar.gz &&
			cd $from && ./configure && make && $many make check TESTS='$guards $units $again'"
	holds "a user: make check where git takes the folder for somebody else's" \
		inside "$machine" owner "sudo apt-get install autoconf automake git xz-utils && cd $from &&
			sudo git init -q && ! git status && ORDERSNAP_SRC= make check TESTS='$guards'"
	holds "a user: make distcheck" \
		inside "$machine" owner "cd $from && make distcheck TESTS='$guards'"
	holds "a user: none of it reads or changes the machine's own shop" untouched "$machine" owner
}

on_debian() { # DEBIAN
	holds "two machines can be made" make_debian "$1"
	if [ "$failed" -eq 0 ]; then
		on_root_machine "$1"
		on_owner_machine "$1"
	fi
	return "$failed"
}

cat >"$folder/list"
guards=$(cd "$sources" && echo tests/guard/test_*.py)
units=$(cd "$sources" && printf '%s ' tests/unit/test_*.c | sed 's/\.c / /g')
again=$(cd "$sources" && echo tests/cgi/test_*.py tests/cli/test_*.py) # what one run leaves, the next finds
servers="tests/http/test_orders.py tests/http/test_reload.py tests/http/test_slow.py tests/http/test_smoke.py"
status=0
set -m # each has a process group of its own, to be ended by
for debian in "${debians[@]}"; do
	on_debian "$debian" &
	running+=($!)
done
set +m
for process in "${running[@]}"; do
	wait "$process" || status=1
done
exit "$status"
