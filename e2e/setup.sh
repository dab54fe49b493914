#!/usr/bin/env bash
# Checks what tests and demo need on this machine, and installs what Debian or Ubuntu packages can
# give. Does nothing, in a moment, where everything is there. It never starts a service.
set -euo pipefail

# Each line: what has to exist (a pattern), then the package that brings it.
needed='
/usr/bin/redis-server            redis-server
/usr/bin/redis-cli               redis-tools
/usr/bin/sqlite3                 sqlite3
/usr/lib/postgresql/*/bin/initdb postgresql
/usr/bin/curl                    curl
/usr/bin/openssl                 openssl
/usr/bin/node                    nodejs
/usr/bin/npm                     npm
/usr/bin/jq                      jq
/usr/bin/ab                      apache2-utils
/usr/bin/wrk                     wrk
/bin/netstat                     net-tools
/usr/bin/lsof                    lsof
/bin/ss                          iproute2
/bin/ip                          iproute2
/usr/bin/nsenter                 util-linux
/usr/bin/script                  bsdutils
/usr/bin/slowhttptest            slowhttptest
/usr/bin/prlimit                 util-linux
/usr/lib/*/faketime/libfaketime.so.1 libfaketime
/usr/sbin/nginx                  nginx
/usr/lib/nginx/modules/ngx_nchan_module.so libnginx-mod-nchan
/usr/sbin/apache2                apache2
/usr/bin/chromium                chromium
/usr/bin/promtool                prometheus
/usr/bin/lua5.1                  lua5.1
/usr/bin/pip3                    python3-pip
/usr/bin/cc                      gcc
/usr/lib/x86_64-linux-gnu/libc.a libc6-dev
'
# The local cluster needs these too; a cluster from kind or of one's own does not.
needed_locally='
/usr/bin/containerd              containerd
/usr/bin/ctr                     containerd
/usr/sbin/runc                   runc
/usr/lib/cni/bridge              containernetworking-plugins
/usr/sbin/iptables               iptables
/usr/sbin/nft                    nftables
/sbin/sysctl                     procps
/usr/bin/setsid                  util-linux
/bin/hostname                    hostname
'
go_version=1.26
rust_target=x86_64-unknown-linux-gnu

fail() {
	printf 'setup: %s\n' "$*" >&2
	exit 1
}

missing_packages() {
	local path package
	while read -r path package; do
		[ -z "$path" ] || compgen -G "$path" >/dev/null || command -v "${path##*/}" >/dev/null || echo "$package"
	done | sort -u
}

# Packages of servers start them; nothing here wants a Redis or a containerd of the machine's own.
install() {
	command -v apt-get >/dev/null || fail "install these with your package manager: $*"
	[ "$(id -u)" = 0 ] || fail "run as root, or install these: $*"
	local policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod +x "$policy"
		trap 'rm -f /usr/sbin/policy-rc.d' EXIT
	fi
	printf 'setup: installing %s\n' "$*" >&2
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq || printf 'setup: the package lists could not be refreshed\n' >&2
	apt-get install -qq --yes --no-install-recommends "$@" >/dev/null || fail "apt-get could not install: $*"
}

check_go() {
	local has
	command -v go >/dev/null || fail "Go $go_version or newer is missing: https://go.dev/dl"
	has=$(GOTOOLCHAIN=local go env GOVERSION) && has=${has#go}
	[ "$(printf '%s\n' "$go_version" "$has" | sort -V | head -n 1)" = "$go_version" ] ||
		fail "Go $has is too old: $go_version or newer is needed (https://go.dev/dl)"
}

check_rust() {
	command -v cargo >/dev/null || fail "Rust is missing: https://rustup.rs"
	[ ! -d "$(rustc --print sysroot)/lib/rustlib/$rust_target" ] || return 0
	command -v rustup >/dev/null || fail "Rust has no standard library for $rust_target"
	rustup target add "$rust_target" >&2 || fail "rustup could not add the target $rust_target"
}

# Makes the directory of builds, which checkouts share, this one's: cargo takes what another checkout built
# for its own if it is newer than the sources here.
claim_target() {
	local note=${CARGO_TARGET_DIR:-}/checkout profile
	[ -d "${CARGO_TARGET_DIR:-}" ] && [ "$(cat "$note" 2>/dev/null)" != "$PWD" ] || return 0
	for profile in dev release; do
		cargo clean --quiet --profile "$profile" --package relay --package relay-contract --package relay-operator \
			--package relay-bench --package e2e
	done
	printf '%s\n' "$PWD" >"$note"
}

wanted=$needed
if [ "${PROVIDER:-local}" = local ]; then
	wanted+=$needed_locally
	check_go
fi
packages=$(missing_packages <<<"$wanted")
# shellcheck disable=SC2086 # one word per package
[ -z "$packages" ] || install $packages
check_rust
[ "$(uname -sm)" = "Linux x86_64" ] || fail "images are built for Linux on x86_64, and this is $(uname -sm)"
claim_target
