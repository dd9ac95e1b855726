#!/bin/bash
# SPDX-License-Identifier: ISC
# 32 bits: a Debian 12 for i386 in a folder, in which the sources are built without a warning and their
# unit tests pass, and files beyond 2 GiB and times after 2038 are what they are on 64 bits.  Runs where
# the processor is one of these; `./dev test --machine` runs it, as root.
#
#   bits.sh SOURCES FOLDER    as run.sh: the list of files is on standard input
#
# shellcheck disable=SC2016,SC2317 # text for another shell; functions that holds() calls
set -euo pipefail
# shellcheck source=tests/machine/holds.sh
. "${BASH_SOURCE[0]%/*}/holds.sh"

sources=$1 folder=$2 debian=i386
root=$folder/root
limit=2400 # seconds for one step
rm -rf --one-file-system "$folder" # of a run that was killed
mkdir -p "$folder"
export LC_ALL=C.UTF-8

trap 'rm -rf --one-file-system "$folder"' EXIT
trap 'exit 143' INT TERM HUP

# From Debian's main archive alone: that of the security updates is rarely whole for i386.
make_machine() {
	local key value options=() archive packages
	archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' |
		head -n 1)
	for key in Acquire::http::Proxy Acquire::https::Proxy; do
		value=
		eval "$(apt-config shell value "$key")"
		[ -z "$value" ] || options+=(--aptopt="$key \"$value\"")
	done
	packages=$(sed -n '/^to_build=(/,/)/p' "$sources/tools/packages.sh" | tr -d '()\n' |
		sed 's/^to_build=//; s/[ \t][ \t]*/,/g')
	mmdebstrap --quiet --mode=root --variant=apt --architectures=i386 "${options[@]}" \
		--include="$packages,libcmocka-dev,ca-certificates" bookworm "$root" ${archive:+"$archive"}
	mkdir "$root/srv/ordersnap"
	tar -C "$sources" --null -T "$folder/list" -cf - |
		tar -C "$root/srv/ordersnap" --no-same-owner -xf -
}

# Runs a command there, as a 32-bit machine would, without a network.
inside() { # COMMAND
	timeout --foreground -s KILL "$limit" unshare --net --mount --pid --ipc --fork --kill-child=KILL -- \
		setarch i686 bash -c '
		set -e
		mount --make-rprivate /
		ip link set lo up
		mount -t proc proc "$1/proc"
		mkdir -p "$1/dev/shm"
		mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
		chroot "$1" /usr/bin/env -i HOME=/tmp LC_ALL=C.UTF-8 ORDERSNAP_SRC=/srv/ordersnap \
			ORDERSNAP_BUILD=/srv/ordersnap PYTHONDONTWRITEBYTECODE=1 \
			PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			bash -ec "cd /srv/ordersnap && $2"' bash "$root" "$1" </dev/null
}

cat >"$folder/list"
case $(uname -m) in
x86_64 | i?86) ;;
*) echo "ok - 32 bits # SKIP this processor is none of i386" && exit ;;
esac
holds "a machine can be made" make_machine
holds "it builds without a warning, with 64 bits for files and times" inside \
	'autoreconf -i && ./configure --enable-werror && make -s -j2 &&
		grep "define _FILE_OFFSET_BITS 64" config.h && grep "define _TIME_BITS 64" config.h'
holds "the unit tests pass" inside \
	'make check VERBOSE=1 TESTS="$(ls tests/unit/test_*.c | sed "s/\.c$//" | tr "\n" " ")"'
for suite in cli/test_32_bits cgi/test_order cgi/test_shapes cli/test_sync; do
	holds "tests/$suite.py passes" inside "python3 tests/$suite.py"
done
exit "$failed"
