# SPDX-License-Identifier: ISC
# The Debian package: ./dev deb.  ./dev sources this.
# shellcheck shell=bash

to_package=(build-essential debhelper dpkg-dev libcmocka-dev lintian)

# From the files that git has, in a folder of its own; the results stand in build/deb.
build_deb() {
	local src=$build/deb/ordersnap
	rm -rf "$build/deb"
	mkdir -p "$src"
	sources_of "$top" | tar -C "$top" --null -T - -cf - | tar -C "$src" --no-same-owner -xf -
	(cd "$src" && dpkg-buildpackage -us -uc -j"$jobs")
}

# An override in debian/ has its reason beside it.
lint_deb() {
	lintian --allow-root --fail-on error,warning "$build"/deb/*.changes
}

deb() {
	install_packages "${to_build[@]}" "${to_package[@]}"
	echo "Building the package"
	need deb build_deb
	need lintian lint_deb
	printf '%s\n' "$build"/deb/*.deb
}
