#!/bin/bash
# SPDX-License-Identifier: ISC
# What the README promises of a fresh machine, on two of them: a Debian 12 of its own in a folder, in
# which nothing is but apt and sudo.  `./dev test --machine` runs it, as root.
#
#   run.sh SOURCES FOLDER     SOURCES: a list of files, each ended by a NUL, is read from standard
#                             input; FOLDER: where the machines stand while it runs
#
# Each machine is a mount and a process namespace: what is mounted or started there goes with it.
# The network is this machine's, for Debian's packages.
# shellcheck disable=SC2016,SC2317 # text for another shell; functions that holds() calls
set -euo pipefail

sources=$1 folder=$2
mkdir -p "$folder"
export LC_ALL=C.UTF-8
limit=2400 # seconds for one step
number=0 failed=0

clean_up() {
	rm -rf --one-file-system "$folder"
}
trap clean_up EXIT
trap 'exit 143' INT TERM HUP

# Debian with apt, sudo and a user who may use it, and a shop's settings that no test may read.
make_machine() { # NAME
	local root=$folder/$1 key value
	local options=()
	for key in Acquire::http::Proxy Acquire::https::Proxy; do
		value=
		eval "$(apt-config shell value "$key")"
		[ -z "$value" ] || options+=(--aptopt="$key \"$value\"")
	done
	mmdebstrap --quiet --mode=root --variant=apt --include=ca-certificates,sudo "${options[@]}" \
		bookworm "$root"
	printf 'APT::Get::Assume-Yes "true";\nAPT::Install-Recommends "false";\nquiet "1";\n' \
		>"$root/etc/apt/apt.conf.d/90ordersnap-tests"
	cp /etc/resolv.conf /etc/hosts "$root/etc/"
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	chroot "$root" useradd --create-home --shell /bin/bash owner
	echo 'owner ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/owner"
	mkdir -p "$root/etc/ordersnap" "$root/var/lib/ordersnap"
	printf 'COMMERCE_DB=/var/lib/ordersnap/orders.db\nLOG_LEVEL=loud\nNONSENSE=1\n' \
		>"$root/etc/ordersnap/ordersnap.conf"
}

# The sources in somebody's home, in a folder with a space in its name.
give_sources() { # NAME USER
	local home to
	home=$(chroot "$folder/$1" getent passwd "$2" | cut -d: -f6)
	to="$folder/$1$home/my ordersnap"
	mkdir -p "$to"
	tar -C "$sources" --null -T "$folder/list" -cf - | tar -C "$to" --no-same-owner -xf -
	chroot "$folder/$1" chown -R "$2:" "$home/my ordersnap"
}

# Runs a command there in the sources; nothing of it is left.
inside() { # NAME USER COMMAND
	timeout "$limit" unshare --mount --pid --ipc --fork --kill-child=KILL -- bash -c '
		set -e
		mount --make-rprivate /
		mount -t proc proc "$1/proc"
		mkdir -p "$1/dev/pts" "$1/dev/shm"
		mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$1/dev/pts"
		ln -sf pts/ptmx "$1/dev/ptmx"
		mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
		[ -e "$1/dev/null" ] || exit 1
		chroot "$1" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			DEBIAN_FRONTEND=noninteractive \
			su "$2" -s /bin/bash -c "cd ~/\"my ordersnap\" && $3"
	' bash "$folder/$1" "$2" "$3" </dev/null
}

holds() { # SENTENCE COMMAND...
	local sentence=$1 since=$SECONDS
	shift
	number=$((number + 1))
	(set -e && "$@") >"$folder/log" 2>&1 & # in a condition, errors would end nothing
	if wait $!; then
		echo "ok $number - $sentence ($((SECONDS - since)) s)"
	else
		sed 's/^/# /' "$folder/log" | tail -n 60
		echo "not ok $number - $sentence"
		failed=1
	fi
}

# The README's lines between "On Debian 12:" and the next paragraph, without what starts as root.
install_lines() {
	sed -n '/^On Debian 12:/,/^`make check` says/p' "$sources/README.md" | sed -n 's/^    //p'
}

untouched() { # NAME
	[ -z "$(ls -A "$folder/$1/var/lib/ordersnap")" ]
}

cat >"$folder/list"
echo "1..9"
holds "a Debian 12 can be made for root" make_machine one
holds "a Debian 12 can be made for a user with sudo" make_machine two
give_sources one root
give_sources two owner
lines=$(install_lines | tr '\n' ';' | sed 's/\\;//g; s/;;*/ \&\& /g; s/#[^&]*//g; s/&& *$//')
with_sudo=${lines//apt-get install/sudo apt-get install}
with_sudo=${with_sudo//make install/sudo make install}
holds "root: ./dev demo --once" inside one root './dev demo --once'
holds "root: the README's lines to install, with make check, without git" \
	inside one root "apt-get update && $lines"
holds "root: ./dev demo --once beside the sources that were configured in place" \
	inside one root './dev demo --once'
holds "root: none of it touches the machine's own shop" untouched one
holds "a user with sudo: ./dev demo --once, twice" \
	inside two owner './dev demo --once && ./dev demo --once'
holds "a user with sudo: the README's lines to build, with make check" \
	inside two owner "sudo apt-get update && $with_sudo"
holds "a user with sudo: none of it touches the machine's own shop" untouched two
exit "$failed"
