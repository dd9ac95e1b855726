#!/bin/sh
# SPDX-License-Identifier: ISC
# Packs what an account takes where one can only upload: `make dropin` has linked the programs into
# FOLDER/cgi-bin, for libraries in a folder lib beside them, and calls this.
#
#   pack.sh SOURCES FOLDER VERSION
#
# Which libraries: all that the programs load, and what those load: glibc's, too, with its loader.  The
# programs then run on whatever the host has, which on shared servers is often old; only its
# kernel has to be new enough for our glibc, which the self-test says.
set -eu

sources=$1 folder=$2 version=$3
cgi=$folder/cgi-bin lib=$folder/cgi-bin/lib
export LC_ALL=C

fail() {
	echo "make dropin: $1" >&2
	exit 1
}

# "libcurl.so.4 /usr/lib/.../libcurl.so.4", each once; the loader says them all, itself as lib/ld.so.
libraries() {
	for program in "$cgi"/*.fcgi "$cgi/ordersnap"; do
		ldd "$program"
	done | sed -n 's/^[[:space:]]*\([^ ]*\) => \(.*\) (0x.*/\1 \2/p; s|^.*not found$|&|p' | sort -u
}

# The licence of the package that a library is of, and which version was taken.
note_package() { # NAME PATH
	command -v dpkg-query >/dev/null || return 0
	package=$(dpkg-query -S "*/$(basename "$(readlink -f "$2")")" 2>/dev/null |
		sed -n 's/: .*//; s/,.*//; 1p')
	[ -n "$package" ] || return 0
	echo "$1 $(dpkg-query -W -f '${Package} ${Version}' "$package")" >>"$folder/licenses/libraries.txt"
	cp "/usr/share/doc/${package%%:*}/copyright" "$folder/licenses/${package%%:*}.txt" 2>/dev/null || :
}

number() { # NAME: what the loader's own header says
	readelf -hW "$lib/ld.so" | sed -n "s/^ *$1: *\([0-9]*\).*/\1/p"
}

# The loader has to be executable for Linux, and one that is run by its own name runs whatever file its first
# argument names: a web server that takes all of cgi-bin for programs, and has no regard to .htaccess, would
# take the argument from a visitor.  So this loader names a loader itself, one that can't be.  Linux asks for that
# where a file is run, and not where it loads another.  The note with the build id becomes that header.
close_loader() {
	note=$(readelf -lW "$lib/ld.so" | awk '/^  Type/ { n = 0; next } $1 == "NOTE" { print n; exit } { n++ }')
	[ -n "$note" ] || fail "the loader of glibc has no note that can be spared"
	type=$(($(number 'Start of program headers') + note * $(number 'Size of program headers')))
	! readelf -hW "$lib/ld.so" | grep -q 'big endian' || type=$((type + 3))
	printf '\003' | dd of="$lib/ld.so" bs=1 seek="$type" conv=notrunc 2>/dev/null # NOTE is 4, INTERP 3
	readelf -lW "$lib/ld.so" | grep -q '^  INTERP' || fail "the loader of glibc could not be changed"
}

mkdir -p "$lib" "$folder/public_html" "$folder/ordersnap" "$folder/licenses"
libraries >"$folder/found"
! grep 'not found' "$folder/found" >&2 || fail "these libraries are not on this machine"
while read -r name path; do
	name=${name##*/}
	cp -L "$path" "$lib/$name"
	chmod 644 "$lib/$name"
	note_package "$name" "$path"
	# Glibc loads these when it looks up a name or an account: compat where the host's nsswitch.conf says so, as
	# up to Debian 9 and Ubuntu 18.04, and the others if it is older than 2.34.
	for more in libnss_compat.so.2 libnss_dns.so.2 libnss_files.so.2; do
		if [ "$name" = libc.so.6 ] && [ -e "${path%/*}/$more" ]; then
			cp -L "${path%/*}/$more" "$lib/$more"
			chmod 644 "$lib/$more"
		fi
	done
done <"$folder/found"
rm "$folder/found"
[ -e "$lib/ld.so" ] || fail "the loader of glibc is not known"
chmod 755 "$lib/ld.so"
close_loader
strip "$cgi"/*.fcgi "$cgi/ordersnap"

# The oldest Linux that this glibc runs on.
kernel=$(readelf -n "$lib/libc.so.6" | sed -n 's/.*OS: Linux, ABI: \([0-9.]*\).*/\1/p')
[ -n "$kernel" ] || fail "which Linux glibc needs is not known"

cp "$sources/COPYING" "$folder/licenses/ordersnap.txt"
cp "$sources/www/ordersnap.js" "$folder/public_html/"
cp "$sources/conf/apache/htaccess" "$folder/public_html/.htaccess"
# The self-test is plain CGI also where the programs are not.
sed -e 's/!\\\.fcgi(/!\\.f?cgi(/' "$sources/conf/apache/htaccess-cgi-bin" >"$cgi/.htaccess"
printf '\n# The self-test.\nAddHandler cgi-script .cgi\n' >>"$cgi/.htaccess"
grep -q 'f?cgi' "$cgi/.htaccess" || fail "conf/apache/htaccess-cgi-bin lets no self-test through"
echo 'Require all denied' >"$lib/.htaccess"
sed 's|^COMMERCE_DB=.*|COMMERCE_DB=/FOLDER_OF_THIS_FILE/orders.db|' \
	"$sources/conf/ordersnap.conf.example" >"$folder/ordersnap/ordersnap.conf"
cp "$folder/ordersnap/ordersnap.conf" "$lib/ordersnap.conf.example"
cp "$sources/conf/dropin/selftest.cgi" "$cgi/"
chmod 700 "$folder/ordersnap"
chmod 600 "$folder/ordersnap/ordersnap.conf"
chmod 755 "$cgi"/*.fcgi "$cgi/ordersnap" "$cgi/selftest.cgi"
sed "s/@VERSION@/$version/g; s/@KERNEL@/$kernel/g; s/@MACHINE@/$(uname -m)/g" \
	"$sources/conf/dropin/README.txt" >"$folder/README.txt"

{
	echo "version $version"
	echo "machine $(uname -m)"
	echo "kernel $kernel"
	cd "$cgi"
	for file in *.fcgi ordersnap lib/*.so* lib/ordersnap.conf.example; do
		echo "file $(cksum <"$file") $file"
	done
} >"$lib/MANIFEST"
