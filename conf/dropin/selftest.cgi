#!/bin/sh
# SPDX-License-Identifier: ISC
# ordersnap's self-test, for a host without a shell: a CGI program that its owner calls once and
# deletes.  It says whether this machine can run the programs, mends what an upload gets wrong, makes
# what `ordersnap init` makes, and shows what `ordersnap check` finds.  It needs nothing but sh and
# what every Linux has, for it has to speak where the programs can't.
#
# Who can call it: anybody, for an hour from its upload on, and nobody once something was sold for
# money.  It prints no secret.

umask 077
PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL
started=$(pwd -P)
cd "$(dirname "$0")" || exit 1
printf 'Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n\r\n'
exec 2>&1

self=selftest.cgi
here=$(pwd -P)
user=$(id -un)
home=$( (getent passwd "$(id -u)" || grep "^[^:]*:[^:]*:$(id -u):" /etc/passwd) 2>/dev/null | head -n 1 |
	cut -d: -f6)
failed=0

say() { # VERDICT SUBJECT TEXT
	printf '%-7s %-9s %s\n' "$1" "$2" "$3"
	[ "$1" != FAILED ] || failed=1
}

advise() { # TEXT
	printf '%-7s %-9s > %s\n' '' '' "$1"
}

end() {
	echo
	if [ "$failed" = 0 ]; then
		echo "$1"
	else
		echo "Mend what FAILED, and call this page again."
	fi
	echo "Delete $self when you are done: by FTP, or by calling $self?delete"
	exit 0
}

refuse() {
	echo "$1"
	exit 0
}

# A program as a person would run it: without what CGI says, which would make it serve.
by_hand() {
	env -i PATH="$PATH" LC_ALL=C.UTF-8 "$@" </dev/null 2>&1
}

stated() { # NAME: a line of the manifest
	sed -n "s/^$1 //p" lib/MANIFEST
}

older() { # 3.10.0-1160.el7.x86_64 3.2.0: whether the first is, by its first two numbers
	set -- "$1" "$2" "${1#*.}" "${2#*.}"
	set -- "${1%%.*}" "${2%%.*}" "${3%%[!0-9]*}" "${4%%[!0-9]*}"
	[ "$1" -lt "$2" ] || { [ "$1" -eq "$2" ] && [ "$3" -lt "$4" ]; }
}

# --- who may call it ------------------------------------------------------------------------------

# The time of the last upload or chmod, which nobody can choose.
age=$(($(date +%s) - $(stat -c %Z "$self" 2>/dev/null || echo 0)))
[ "$age" -lt 3600 ] || refuse "This self-test was uploaded more than an hour ago, and says nothing any more.
Delete it; or, to use it, upload it again or set its permissions anew (755)."

sold() {
	[ -x ordersnap ] && by_hand ./ordersnap orders --json --limit 0 \
		--since "$(date -u -d "@$(($(date +%s) - 7776000))" +%Y-%m-%d)" | grep -q '"livemode": *true'
}
if sold; then
	refuse "This shop has sold something: the self-test says nothing any more.  Delete it."
fi

if [ "$QUERY_STRING" = delete ]; then
	rm -f "$self" && refuse "$self is deleted."
	refuse "$self can't be deleted from here: delete it by FTP."
fi

# --- the machine ----------------------------------------------------------------------------------

echo "ordersnap's self-test"
echo
owner=$(stat -c %U "$self")
if [ "$owner" = "$user" ]; then
	say ok user "programs run as $user, whose files these are"
else
	say FAILED user "programs run as $user, but these files are those of $owner"
	advise "Every customer of this host could read your shop's keys: ask the host for CGI programs"
	advise "that run as their owner (suEXEC), or take another host."
	end
fi

if [ ! -r lib/MANIFEST ]; then
	say FAILED files "the folder lib, with the programs' libraries, is missing beside $self"
	advise "Upload the folder cgi-bin whole, with its folder lib."
	end
fi

machine=$(uname -m) kernel=$(uname -r)
if [ "$(uname -s)" != Linux ] || [ "$machine" != "$(stated machine)" ]; then
	say FAILED machine "$(uname -s) on $machine, and the programs are for Linux on $(stated machine)"
	advise "Build the drop-in on a machine of that kind: see README.txt."
	end
elif older "$kernel" "$(stated kernel)"; then
	say FAILED machine "its Linux is too old: this is $kernel, the programs need $(stated kernel) or newer"
	advise "Build the drop-in on a system that is as old as this host's, or take a newer host: see"
	advise "README.txt."
	end
elif [ "$started" != "$here" ]; then
	say FAILED machine "the web server starts programs in the folder $started, not in their own"
	advise "They find their libraries in their own folder alone: ask the host for CGI programs that are"
	advise "started there, as RFC 3875 has it (section 7.2)."
	end
else
	say ok machine "Linux $kernel on $machine; the programs need $(stated kernel) or newer"
fi

# --- the upload -----------------------------------------------------------------------------------

# By checksums or, where cksum does not run, by sizes.
can_sum=$(cksum </dev/null 2>/dev/null)
is_whole() { # SUM SIZE FILE
	[ -r "$3" ] || return
	case $can_sum in
	"4294967295 0") [ "$(cksum <"$3")" = "$1 $2" ] ;;
	*) [ "$(wc -c <"$3")" -eq "$2" ] ;;
	esac
}

count=0 broken=''
while read -r sum size name; do
	count=$((count + 1))
	is_whole "$sum" "$size" "$name" || broken="$broken $name"
done <<FILES
$(stated file)
FILES
if [ -n "$broken" ]; then
	say FAILED files "missing, or not as they were packed:$broken"
	advise "Upload them again, in your FTP program's binary mode (FileZilla: Transfer, Transfer type,"
	advise "Binary)."
	end
fi
say ok files "$count files are whole"

# suEXEC runs nothing that others can write, and httpd does what an .htaccess says, whoever wrote it.
# Not this file: its hour would begin again.
chmod go-w "${DOCUMENT_ROOT:-/nonexistent}/.htaccess" 2>/dev/null
if chmod 755 ./*.fcgi ordersnap && chmod 644 lib/*.so* && chmod 755 lib/ld.so &&
	find . ! -type l ! -name "$self" -user "$(id -u)" -exec chmod go-w {} +; then
	say ok modes "the programs can be run (755), and nobody else can write here"
else
	say FAILED modes "the programs can't be given the permissions 755"
	advise "Set them in your FTP program or file manager: 755 for *.fcgi and ordersnap."
	end
fi

for program in ordersnap ./*.fcgi; do
	program=${program#./}
	said=$(by_hand "./$program" --version) && continue
	say FAILED programs "$program does not run: $said"
	case $said in
	*"shared librar"*) advise "Upload the folder lib again." ;;
	*"ermission denied"*) advise "This host runs no programs of its customers here." ;;
	*) advise "Ask the host whether CGI programs of your own may run." ;;
	esac
	end
done
say ok programs "they run, version $(stated version)"

# --- the settings ---------------------------------------------------------------------------------

places="$(cd .. && pwd -P)/conf/ordersnap.conf
$home/ordersnap/ordersnap.conf"
settings=$(echo "$places" | while read -r place; do
	[ -e "$place" ] && echo "$place" && break
done)
if [ -z "$settings" ] && [ -n "$home" ] && mkdir -p "$home/ordersnap" 2>/dev/null &&
	cp lib/ordersnap.conf.example "$home/ordersnap/ordersnap.conf"; then
	settings=$home/ordersnap/ordersnap.conf
	say made settings "$settings"
fi
if [ -z "$settings" ]; then
	say FAILED settings "there are none, and they can't be made in the home of $user, \"$home\""
	advise "Upload the folder ordersnap beside the document root, not into it."
	end
fi
chmod 600 "$settings" && chmod go-rwx "$(dirname "$settings")"
root=$(cd "${DOCUMENT_ROOT:-/nonexistent}" 2>/dev/null && pwd -P)
case $(cd "$(dirname "$settings")" && pwd -P)/ in
"${root:-/nonexistent}"/*)
	say FAILED settings "$settings is below the document root, $root: the web server may hand it out"
	advise "Move the folder to $home, beside $root."
	end
	;;
esac
say ok settings "$settings, mode $(stat -c %a "$settings")"

# What can be known here is filled in; a file that was written on Windows loses its carriage returns.
# The secret stands in no command line, where the host's other customers could read it.
folder=$(dirname "$settings")
secret=$(od -An -tx1 -N32 /dev/urandom | tr -d ' \n')
if [ ${#secret} -eq 64 ] && [ -w "$settings" ]; then
	sed -f - "$settings" >"$settings.new" <<EDITS &&
s/$(printf '\r')\$//
s/^QUOTE_SIGNATURE_SECRET=REPLACE_ME.*/QUOTE_SIGNATURE_SECRET=$secret/
s|^COMMERCE_DB=/FOLDER_OF_THIS_FILE/|COMMERCE_DB=$folder/|
EDITS
		if cmp -s "$settings" "$settings.new"; then
			rm -f "$settings.new"
		else
			mv "$settings.new" "$settings" &&
				say made settings "what could be filled in; a secret for the quotes where none was"
		fi
fi
open=$(grep -E '^[A-Z_]+=.*(REPLACE_ME|shop\.example)' "$settings" | cut -d= -f1 | tr '\n' ' ')
if [ -n "$open" ]; then
	say FAILED settings "not filled in yet: ${open% }"
	advise "Fill them in with the host's file manager, or by FTP: fetch the file, edit it, upload it."
	end
fi

# --- the store, and all the rest ------------------------------------------------------------------

if made=$(by_hand ./ordersnap init); then
	say ok store "$(echo "$made" | head -n 1)"
else
	say FAILED store "$made"
	end
fi

site=
host=$(echo "$HTTP_HOST" | tr -cd 'a-zA-Z0-9.:-')
if [ "$HTTPS" = on ] && grep -q "^CHECKOUT_[A-Z]*_URL=https://$host/" "$settings"; then
	site="--url https://$host"
fi
# shellcheck disable=SC2086 # two words, or none
found=$(by_hand ./ordersnap check --quiet $site)
case $? in
0) say ok check "all that \`ordersnap check $site\` looks at is well: settings, Stripe, clock, store" ;;
1) say warning check "\`ordersnap check $site\` warns:" && echo "$found" ;;
*) say FAILED check "\`ordersnap check $site\` says:" && echo "$found" ;;
esac

echo
echo "For the host's cron jobs (\"scheduled tasks\"), hourly, and each minute if you have an ORDER_HOOK:"
echo "    17 * * * *  cd $here && LOG_LEVEL=warning ./ordersnap sync --quiet"
echo "    * * * * *   cd $here && LOG_LEVEL=warning ./ordersnap notify --quiet"
end "The shop can sell."
