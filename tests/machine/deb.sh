#!/bin/bash
# SPDX-License-Identifier: ISC
# The Debian package, on a Debian 12 and a Debian 13 in folders: built by ./dev deb, installed under a
# systemd that runs there, set up as README.Debian says, a sale, an upgrade under load, removed, purged,
# installed again.  `./dev test --machine` runs it, as root.
#
#   deb.sh SOURCES FOLDER    as run.sh: the list of files is on standard input
#
# The systemd has namespaces and a control group of its own; what it started ends with it.
# shellcheck disable=SC2016,SC2317 # text for another shell; functions that holds() calls
set -euo pipefail
# shellcheck source=tests/machine/holds.sh
. "${BASH_SOURCE[0]%/*}/holds.sh"

sources=$1 folder=$2
read -ra debians <<<"${ORDERSNAP_DEBIANS:-bookworm trixie}"
limit=2400 # seconds for one step
group=/sys/fs/cgroup/unified
[ -e "$group/cgroup.procs" ] || group=/sys/fs/cgroup
group=$group/ordersnap-test-$$
init=
rm -rf --one-file-system "$folder" # of a run that was killed
mkdir -p "$folder"
export LC_ALL=C.UTF-8

shut_down() {
	[ -z "$init" ] || kill -KILL "$init" 2>/dev/null || true
	[ -z "$init" ] || wait "$init" 2>/dev/null || true
	init=
	for _ in {1..100}; do # its processes may need a moment
		[ -d "$group" ] || break
		find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
	done
}

clean_up() {
	shut_down
	rm -rf --one-file-system "$folder"
}
trap clean_up EXIT
trap 'exit 143' INT TERM HUP

# --- machines ---

make_machine() { # DEBIAN NAME PACKAGES
	local key value options=() root=$folder/$2
	for key in Acquire::http::Proxy Acquire::https::Proxy; do
		value=
		eval "$(apt-config shell value "$key")"
		[ -z "$value" ] || options+=(--aptopt="$key \"$value\"")
	done
	mmdebstrap --quiet --mode=root --variant=apt --include="$3" "${options[@]}" "$1" "$root"
	printf 'APT::Get::Assume-Yes "true";\nAPT::Install-Recommends "false";\nquiet "1";\n' \
		>"$root/etc/apt/apt.conf.d/90ordersnap-tests"
	cp /etc/resolv.conf /etc/hosts "$root/etc/"
	mkdir "$root/srv/ordersnap"
	tar -C "$sources" --null -T "$folder/list" -cf - |
		tar -C "$root/srv/ordersnap" --no-same-owner -xf -
}

# Runs a command there, with this machine's network and without a systemd.
inside() { # NAME COMMAND
	timeout --foreground -s KILL "$limit" unshare --mount --pid --ipc --fork --kill-child=KILL -- bash -c '
		set -e
		mount --make-rprivate /
		mount -t proc proc "$1/proc"
		mkdir -p "$1/dev/shm"
		mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
		chroot "$1" /usr/bin/env -i HOME=/tmp DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
			PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			bash -ec "cd /srv/ordersnap && $2"' bash "$folder/$1" "$2" </dev/null
}

# Starts the machine's own systemd, with a network of its own.
boot() { # NAME
	mkdir "$group"
	unshare --mount --pid --ipc --uts --net --fork --kill-child=KILL -- bash -c '
		set -e
		echo 0 >"$2/cgroup.procs"
		exec unshare --cgroup -- bash -c "
			set -e
			cd \"\$1\"
			mount --make-rprivate /
			hostname machine
			ip link set lo up
			mount --bind . \"\$1\" && cd \"\$1\"
			mount -t proc proc proc
			mount -t sysfs -o ro sysfs sys
			mount -t cgroup2 cgroup2 sys/fs/cgroup
			mount -t tmpfs -o mode=755 tmpfs run
			mount -t tmpfs -o mode=1777 tmpfs tmp
			exec chroot . /usr/bin/env -i container=lxc \
				PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
				/lib/systemd/systemd
		" bash "$1"' bash "$folder/$1" "$group" </dev/null >"$folder/$1.boot" 2>&1 &
	init=$!
	for _ in {1..600}; do
		case $(there 'systemctl is-system-running' 2>/dev/null || true) in
		running | degraded) return 0 ;;
		esac
		sleep 0.1
	done
	there 'systemctl list-jobs; systemctl --failed' || true
	cat "$folder/$1.boot"
	return 1
}

# Runs a command in the booted machine.
there() { # COMMAND
	local first
	first=$(pgrep -P "$init" | head -n 1) # its process 1
	[ -n "$first" ] || return 1
	timeout -s KILL "$limit" nsenter -t "$first" -m -p -n -i -u -C -r -w -- /usr/bin/env -i HOME=/tmp \
		DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		bash -ec "not() { if \"\$@\"; then return 1; fi; }
			cd /srv/ordersnap
			$1" </dev/null
}

# --- what holds ---

# The package as it is, and the same with a later version.
build_packages() {
	inside build 'apt-get update && ./dev deb && cat build/log/lintian.log
		cp build/deb/ordersnap_*.deb /srv/ && dpkg-deb -R /srv/ordersnap_*.deb later
		sed -i "s/^Version:.*/Version: 9.0.0/" later/DEBIAN/control
		dpkg-deb --root-owner-group -b later /srv/ordersnap_9.0.0.deb'
	mv "$folder"/build/srv/ordersnap_*.deb "$folder/shop/srv/"
}

fetch_dependencies() {
	inside shop 'apt-get update && apt-get install --download-only /srv/ordersnap_[0-8]*.deb'
}

install_package() {
	there 'apt-get install /srv/ordersnap_[0-8]*.deb
		test "$(stat -c "%U %G %a" /etc/ordersnap/ordersnap.conf)" = "root ordersnap 640"
		test "$(stat -c "%U %G %a" /var/lib/ordersnap)" = "ordersnap ordersnap 750"
		test "$(stat -c "%U %G %a" /run/ordersnap)" = "root root 755"
		grep -E "^QUOTE_SIGNATURE_SECRET=[0-9a-f]{64}$" /etc/ordersnap/ordersnap.conf
		grep "^STRIPE_SECRET=sk_test_REPLACE_ME" /etc/ordersnap/ordersnap.conf
		not systemctl is-enabled ordersnap.target
		test -z "$(systemctl --plain --no-legend list-units "ordersnap*")"
		test -e /usr/share/bash-completion/completions/ordersnap
		not runuser -u ordersnap -- ordersnap init'
}

# Of its steps those that need no address, and a simulator in Stripe's place.
set_up() {
	there 'echo "[{\"lookup_key\":\"N-RED\",\"name\":\"Necklace\",\"unit_amount\":3000,\"currency\":\"usd\"}]" \
			>/tmp/prices.json
		systemd-run --quiet --unit=stripe-sim --working-directory=/srv/ordersnap tests/stripe-sim \
			--seed /tmp/prices.json --webhook-url http://127.0.0.1:8080/stripe/webhook \
			--webhook-secret whsec_0123456789abcdef0123456789abcdef
		sed -i -e s/sk_test_REPLACE_ME/sk_test_sim/ \
			-e s/whsec_REPLACE_ME/whsec_0123456789abcdef0123456789abcdef/ \
			-e "s|^#STRIPE_API_BASE=.*|STRIPE_API_BASE=http://127.0.0.1:12111|" \
			-e "s|https://shop.example|http://127.0.0.1:8080|" /etc/ordersnap/ordersnap.conf
		runuser -u ordersnap -- ordersnap init
		systemctl enable --now ordersnap.target
		printf "server {\n listen 127.0.0.1:8080;\n include snippets/ordersnap.conf;\n}\n" \
			>/etc/nginx/conf.d/ordersnap.conf
		ln -s ../snippets/ordersnap-limits.conf /etc/nginx/conf.d/
		nginx -t && systemctl restart nginx'
}

sell() {
	there 'shop=http://127.0.0.1:8080 json="Content-Type: application/json"
		curl -sS --fail --retry 20 --retry-connrefused $shop/healthz
		curl -sS --fail -H "$json" -d "{\"items\":[{\"sku\":\"N-RED\",\"quantity\":1}]}" \
			$shop/cart/quote >/tmp/quote
		quote=$(sed "s/.*\"quoteSignature\":\"\([^\"]*\)\".*/\1/" /tmp/quote)
		curl -sS --fail -H "$json" -d "{\"quoteSignature\":\"$quote\",\"userId\":\"me\"}" \
			$shop/checkout/create-session >/tmp/session
		session=$(sed "s/.*\"sessionId\":\"\([^\"]*\)\".*/\1/" /tmp/session)
		curl -sS --fail -d "{\"session\":\"$session\",\"wait\":true}" http://127.0.0.1:12111/_sim/pay
		runuser -u ordersnap -- ordersnap orders | tee /tmp/orders
		grep "30.00 USD  completed" /tmp/orders
		systemctl start ordersnap-sync.service ordersnap-notify.service
		runuser -u ordersnap -- ordersnap check --quiet --url $shop || [ $? = 1 ]'
}

# A refused request is told at info, an order that can't be kept as an error.
log_levels() {
	there 'shop=http://127.0.0.1:8080
		curl -sS -d "{}" $shop/stripe/webhook
		mv /var/lib/ordersnap/orders.db /var/lib/ordersnap/away
		curl -sS $shop/checkout/session-status?session_id=cs_test_a
		mv /var/lib/ordersnap/away /var/lib/ordersnap/orders.db
		journalctl --sync
		journalctl -o json -u ordersnap@stripe-webhook.service | grep "\"PRIORITY\":\"6\"" |
			grep "Request refused"
		journalctl -o json -u "ordersnap@*.service" | grep "\"PRIORITY\":\"3\"" | grep "orders.db"
		not grep "Request refused" /var/log/nginx/error.log'
}

exposure() {
	there 'for unit in ordersnap@orders.service ordersnap-sync.service ordersnap-notify.service; do
			systemd-analyze security --no-pager --threshold=15 $unit | tail -n 1
		done'
}

# Many ends, and each is followed by a start.
ends_are_mended() {
	there 'for _ in {1..30}; do
			systemctl kill --signal=KILL ordersnap@status.service
			curl -sS --fail --retry 30 --retry-all-errors --retry-delay 1 \
				http://127.0.0.1:8080/healthz >/dev/null
		done
		systemctl is-active ordersnap@status.service ordersnap@status.socket'
}

upgrade() {
	there 'runuser -u ordersnap -- ordersnap orders >/tmp/before
		echo "# the owner was here" >>/etc/nginx/snippets/ordersnap-limits.conf
		sha256sum /etc/ordersnap/ordersnap.conf >/tmp/settings
		(while [ ! -e /tmp/enough ]; do
			curl -sS --fail http://127.0.0.1:8080/healthz >/dev/null && echo good || echo bad
		done >/tmp/answers) &
		apt-get install /srv/ordersnap_9*.deb
		sleep 2 # of the new version
		touch /tmp/enough && wait
		sort /tmp/answers | uniq -c
		not grep bad /tmp/answers
		test "$(grep -c good /tmp/answers)" -gt 20
		sha256sum --check /tmp/settings
		tail -n 1 /etc/nginx/snippets/ordersnap-limits.conf | grep "the owner was here"
		for program in status stripe-webhook; do
			main=$(systemctl show -P MainPID ordersnap@$program.service)
			test /proc/$main/exe -ef /usr/libexec/ordersnap/$program.fcgi
		done
		runuser -u ordersnap -- ordersnap orders | diff /tmp/before -'
}

rotate() {
	there 'install -o ordersnap -g ordersnap -m 640 /dev/null /var/log/ordersnap/web.log
		echo LOG_TARGET=/var/log/ordersnap/web.log >>/etc/ordersnap/ordersnap.conf
		systemctl reload "ordersnap@*.service"
		for i in {1..100}; do # until the new workers are there
			curl -sS -d "{}" http://127.0.0.1:8080/stripe/webhook >/dev/null
			test ! -s /var/log/ordersnap/web.log || break
		done
		logrotate --force /etc/logrotate.d/ordersnap
		test -s /var/log/ordersnap/web.log.1
		curl -sS -d "{}" http://127.0.0.1:8080/stripe/webhook
		grep "Request refused" /var/log/ordersnap/web.log'
}

remove() {
	there 'apt-get remove ordersnap
		test -s /var/lib/ordersnap/orders.db && test -s /etc/ordersnap/ordersnap.conf
		not pgrep -u ordersnap
		test -z "$(systemctl --plain --no-legend list-units "ordersnap*")"
		test ! -e /usr/bin/ordersnap'
}

purge() {
	there 'sha256sum /var/lib/ordersnap/orders.db >/tmp/orders.sum
		apt-get purge ordersnap | tee /tmp/said
		grep "orders stay in /var/lib/ordersnap" /tmp/said
		sha256sum --check /tmp/orders.sum
		test "$(stat -c "%U %G %a" /var/lib/ordersnap)" = "ordersnap ordersnap 750"
		test ! -e /etc/ordersnap && test ! -e /var/log/ordersnap
		test ! -e /etc/nginx/snippets/ordersnap.conf && test ! -e /etc/logrotate.d/ordersnap
		test -z "$(find /etc/systemd /usr/share /usr/libexec /usr/lib/systemd -name "ordersnap*")"'
}

install_again() {
	there 'apt-get install /srv/ordersnap_[0-8]*.deb
		sed -i -e s/sk_test_REPLACE_ME/sk_test_sim/ \
			-e s/whsec_REPLACE_ME/whsec_0123456789abcdef0123456789abcdef/ /etc/ordersnap/ordersnap.conf
		runuser -u ordersnap -- ordersnap orders | diff /tmp/before -'
}

cat >"$folder/list"
for debian in "${debians[@]}"; do
	holds "a machine to build on can be made" make_machine "$debian" build ca-certificates
	holds "one for a shop can be made" make_machine "$debian" shop \
		ca-certificates,curl,dbus,iproute2,logrotate,nginx,procps,python3,systemd-sysv
	holds "./dev deb builds the package, and lintian finds nothing" build_packages
	holds "what it depends on is there" fetch_dependencies
	boot shop || failed=1
	holds "installing starts nothing, and gives the shop a secret of its own" install_package
	holds "it is set up as README.Debian says" set_up
	holds "a sale, a sync, a notify and a check" sell
	holds "the journal has each line at its level" log_levels
	holds "no unit is more exposed than 1.5" exposure
	holds "a program that is killed thirty times is there again each time" ends_are_mended
	holds "an upgrade under load loses no request, and keeps settings and what the owner changed" upgrade
	holds "a log is rotated by logrotate, without a signal" rotate
	holds "removing ends all that runs, and keeps settings and orders" remove
	holds "a purge takes the settings, and leaves the orders" purge
	holds "installed again it has the orders" install_again
	shut_down
	rm -rf --one-file-system "$folder/build" "$folder/shop"
done
exit "$failed"
