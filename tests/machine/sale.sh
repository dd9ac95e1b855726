#!/bin/bash
# SPDX-License-Identifier: ISC
# What the README promises of an empty machine: its section Install, line by line, from apt-get update
# to the order of a test sale, in a Debian of its own in a folder.  `./dev test --machine` runs it, as
# root, beside run.sh, which has the checks of the build.
#
#   sale.sh SOURCES FOLDER DEBIAN    DEBIAN is bookworm or trixie; as with run.sh the list of files
#                                    is on standard input
#
# The lines for systemd are left out, for there is none in a folder, and so is `make check`.
# shellcheck disable=SC2016,SC2317 # text for another shell; functions that holds() calls
set -euo pipefail
# shellcheck source=tests/machine/holds.sh
. "${BASH_SOURCE[0]%/*}/holds.sh"

sources=$1 folder=$2 debian=$3
root=$folder/root
limit=1200 # seconds for one step
rm -rf --one-file-system "$folder" # of a run that was killed
mkdir -p "$folder"
export LC_ALL=C.UTF-8

trap 'rm -rf --one-file-system "$folder"' EXIT
trap 'exit 143' INT TERM HUP

make_machine() {
	local key value options=()
	for key in Acquire::http::Proxy Acquire::https::Proxy; do
		value=
		eval "$(apt-config shell value "$key")"
		[ -z "$value" ] || options+=(--aptopt="$key \"$value\"")
	done
	# passwd is on every Debian that was installed; of 13's it is no part of the least one
	mmdebstrap --quiet --mode=root --variant=apt --include=ca-certificates,passwd "${options[@]}" "$debian" "$root"
	printf 'APT::Get::Assume-Yes "true";\nquiet "1";\n' >"$root/etc/apt/apt.conf.d/90ordersnap-tests"
	cp /etc/resolv.conf /etc/hosts "$root/etc/"
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	mkdir "$root/srv/ordersnap"
	tar -C "$sources" --null -T "$folder/list" -cf - | tar -C "$root/srv/ordersnap" --no-same-owner -xf -
}

# The lines of code between two lines of a document, without those of a block that is for systemd.
lines_of() { # DOCUMENT FROM TO
	sed -n "/^$2/,/^$3/p" "$sources/$1" | awk '
		/^    / { block = block $0 "\n"; next }
		/^$/ { block = block "\n"; next }
		{ if (block !~ /systemctl/) printf "%s", block; block = "" }
		END { if (block !~ /systemctl/) printf "%s", block }'
}

# Runs the lines on standard input there, as root, in the sources; nothing of it runs on afterwards.
# A network of its own: what listens there is in nobody's way, and nobody's is in its.
inside() { # own-network|our-network
	local options=()
	[ "$1" = our-network ] || options=(--net)
	cat >"$root/srv/steps"
	timeout "$limit" unshare "${options[@]}" --mount --pid --ipc --fork --kill-child=KILL -- bash -c '
		set -e
		mount --make-rprivate /
		mount -t proc proc "$1/proc"
		mkdir -p "$1/dev/shm"
		mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
		chroot "$1" /usr/bin/env -i HOME=/srv DEBIAN_FRONTEND=noninteractive \
			PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			bash -c "cd ~/ordersnap && bash -ex ~/steps"' bash "$root" </dev/null
}

build_it() {
	{
		readme_lines "As root, in the folder of the sources" "The programs go to" | sed 's/ && make check//'
		readme_lines "### A test sale" "### With Stripe" | grep 'apt-get install'
	} | inside our-network
}

readme_lines() { # FROM TO
	lines_of README.md "$1" "$2"
}

# The sale, then a restart, after which the shop still answers, and all of the guide that is for a shop
# that has sold something.  `check` ends with 1 for its warning.
sell() {
	{
		readme_lines "### A test sale" "### With Stripe" | sed '/apt-get install/d
			s/ordersnap check --url .*/& || [ $? = 1 ]/'
		grep -o '^ *for pid in .*kill -HUP.*done' "$sources/README.md"
		echo 'curl --fail $shop/healthz'
		lines_of doc/deployment.md "## Verify" "Stripe delivers all of it again"
	} | { echo 'ip link set lo up' && cat; } | inside own-network >"$folder/sale" 2>&1 ||
		{ cat "$folder/sale" && false; }
}

# COUNT times, as `ordersnap check` and `ordersnap orders` say it.
says() { # COUNT WORDS
	[ "$(grep -c -e "$2" "$folder/sale")" = "$1" ] || { cat "$folder/sale" && false; }
}

cat >"$folder/list"
echo "1..7"
holds "an empty machine can be made" make_machine
holds "the README's lines build and install it there" build_it
holds "the README's lines sell something there, and SIGHUP restarts the programs" sell
holds "the sale's order is listed, once" says 1 '^BC-.* 30.00 USD  completed'
holds "ordersnap check fails nothing there, and warns of the sync that has not run" \
	says 2 '^warning: 0 failed, 1 warning, '
holds "the guide's commands run to its end, and healthz is well at each" says 6 '^{"status":"ok"'
holds "the guide's syncs find the order in place" says 4 '1 in order'
exit "$failed"
