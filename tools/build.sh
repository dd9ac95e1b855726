# SPDX-License-Identifier: ISC
# Building into a folder of build/.  ./dev sources this.
# shellcheck shell=bash

# A source folder that was configured in place can't be built elsewhere too:
# then a copy of the sources is.
prepare_sources() {
	src=$top
	if [ -e "$top/config.status" ]; then
		src=$build/src
		mkdir -p "$src"
		echo "The sources were configured in place; building from a copy of them in build/src"
		need copy copy_sources
	fi
	if [ ! -e "$src/configure" ] || [ "$src/configure.ac" -nt "$src/configure" ] ||
		[ "$src/Makefile.am" -nt "$src/Makefile.in" ]; then
		need autoreconf autoreconf -fi "$src"
	fi
}

# Each source's name, ended by a NUL; git is not needed for it.
sources_of() { # FOLDER
	ORDERSNAP_SRC=$1 PYTHONDONTWRITEBYTECODE=1 python3 "$top/tests/guard/tree.py" | LC_ALL=C sort -z
}

copy_sources() {
	# what an earlier copy has and the sources no longer have
	LC_ALL=C comm -z -23 <(sources_of "$src") <(sources_of "$top") | (cd "$src" && xargs -0r rm -f) &&
		sources_of "$top" | tar -C "$top" --null -T - -cf - | tar -C "$src" -xf -
}

# Configures build/NAME unless it is, from the same place and in the same way.
configure_in() { # NAME OPTION...
	local folder=$build/$1 mark
	shift
	mark="$src $*"
	if [ ! -e "$folder/Makefile" ] || [ "$(cat "$folder/.mark" 2>/dev/null)" != "$mark" ]; then
		rm -rf "$folder"
		mkdir -p "$folder"
		# by a relative path: configure takes no absolute one with a space in it
		(cd "$folder" && "$(realpath --relative-to=. "$src")/configure" -q "$@") || return
		printf '%s' "$mark" >"$folder/.mark"
	fi
}

build_in() { # NAME OPTION...
	configure_in "$@" && make -C "$build/$1" -j"$jobs" all
}

build_demo() {
	prepare_sources
	echo "Building"
	need build build_in demo
}
