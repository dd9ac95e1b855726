# SPDX-License-Identifier: ISC
# What a command of ./dev needs of Debian and of npm, installed if it is missing.  ./dev sources this.
# shellcheck shell=bash

to_build=(autoconf automake gcc libc6-dev libcurl4-openssl-dev libfcgi-dev libjson-c-dev libjwt-dev
	libsqlite3-dev libssl-dev make pkgconf python3)
to_serve=(curl nginx spawn-fcgi)
to_test=(apache2-bin awscli caddy chromium clang clang-tidy cppcheck default-jre-headless fonts-liberation git
	libc6-dbg libapache2-mod-fcgid libapache2-mod-qos libclang-rt-dev libcmocka-dev lighttpd llvm logrotate mandoc
	openssl prometheus python3-botocore shellcheck spin strace systemd valgrind xz-utils zsh)
[ "$(uname -m)" != x86_64 ] || to_test+=(libc6-dev-i386) # check_bits

have_package() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

have_lists() {
	compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null
}

apt_get() { # in the foreground: sudo may ask for a password, and dpkg is not to be interrupted
	as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
		apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" >>"$logs/apt.log" 2>&1
}

# Debian starts a server when it is installed; ours are started by us.
keep_services_down() {
	[ -e /usr/sbin/policy-rc.d ] && return
	policy=ours
	printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null
	as_root chmod 755 /usr/sbin/policy-rc.d
}

let_services_up() {
	[ -n "$policy" ] && as_root rm -f /usr/sbin/policy-rc.d
	policy=
}

install_packages() { # PACKAGE...
	local package missing=()
	command -v dpkg-query >/dev/null || {
		echo "This is not Debian; on its own it has to have: $*"
		return
	}
	for package in "$@"; do
		have_package "$package" || missing+=("$package")
	done
	[ ${#missing[@]} -eq 0 ] && return
	echo "Installing ${missing[*]}"
	[ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
		fail "these packages are missing, and there is neither root nor sudo: ${missing[*]}"
	: >"$logs/apt.log"
	[ "$(id -u)" -eq 0 ] || sudo -v
	keep_services_down
	have_lists || apt_get update || true
	apt_get install --no-install-recommends "${missing[@]}" || {
		apt_get update || true
		apt_get install --no-install-recommends "${missing[@]}" || {
			tail -n 20 "$logs/apt.log" >&2
			fail "apt-get could not install: ${missing[*]}"
		}
	}
	let_services_up
	# ... nor at the next boot.
	for package in nginx prometheus; do
		if [[ " ${missing[*]} " == *" $package "* ]] && [ -d /run/systemd/system ]; then
			as_root systemctl --quiet disable "$package.service" 2>/dev/null || true
		fi
	done
}

# A node that is there already, in whatever way, stays.
install_node() {
	local packages=()
	command -v node >/dev/null || packages+=(nodejs)
	command -v npm >/dev/null || packages+=(npm)
	[ ${#packages[@]} -eq 0 ] || install_packages "${packages[@]}"
}

# The npm package that a folder's package.json pins, unless it is there.
install_npm() { # FOLDER PACKAGE HOW
	local wanted has
	cd "$src/tests/$1" || return
	wanted=$(sed -n "s/.*\"$2\": \"\(.*\)\".*/\1/p" package.json)
	has=$(sed -n 's/^ *"version": "\(.*\)",*$/\1/p' "node_modules/$2/package.json" 2>/dev/null || true)
	[ "$has" = "$wanted" ] || "${@:3}" "$2" "$wanted"
}

with_dependencies() { # PACKAGE VERSION
	npm install --no-package-lock --no-audit --no-fund --ignore-scripts
}

# The package's own files are all that is wanted: three hundred megabytes less.
without_dependencies() { # PACKAGE VERSION
	local tarball
	tarball=$(npm pack --silent "$1@$2") || return
	rm -rf "node_modules/$1"
	mkdir -p "node_modules/$1"
	tar -xzf "$tarball" --strip-components=1 -C "node_modules/$1" && rm "$tarball"
}

install_dynamodb() {
	need npm-dynamodb install_npm dynamodb amplify-dynamodb-simulator without_dependencies
	export DYNAMODB_LOCAL="$src/tests/dynamodb/node_modules/amplify-dynamodb-simulator/emulator"
}

install_peer() {
	cd "$src/tests/bench/node" || return
	[ -d node_modules/fastify ] || npm install --no-package-lock --no-audit --no-fund --ignore-scripts
}
