#!/bin/sh
# Sets up one thing that Interlock's demo and tests need, and is quick when it
# is there already:
#
#   setup.sh engine    a Docker engine that answers
#   setup.sh tofu      OpenTofu for the sandbox; prints the path of the program
#   setup.sh provider  the demo's provider; prints the path of the program
#   setup.sh runner    the first process of a sandbox; prints the path of the program
#   setup.sh image     the sandbox image, and the runner; prints the image's name
#   setup.sh gvisor    a gVisor runtime, known to the engine; prints its name
#   setup.sh postgres  a throwaway PostgreSQL on loopback; prints its URL
#   setup.sh chromium  a browser for tests; prints its path
#   setup.sh gcc       a C compiler, which go test -race needs
#   setup.sh bolt      the npm package @slack/bolt, a peer for benchmarks; prints its folder
#   setup.sh schema    Microsoft's own schema of app manifests of Teams, for tests; prints its path
#
# What it does goes to standard error, a line each; what it found goes to
# standard output, on the last line. On failure the last line says what is
# missing and how to get it.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${INTERLOCK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/interlock}
tofu_version=1.12.6
provider_version=0.1.0

say() { echo "setup: $*" >&2; }
die() { echo "setup: $*" >&2; exit 1; }

# need PROGRAM HOW
need() { command -v "$1" >/dev/null 2>&1 || die "$1 is missing: $2"; }

debian_root() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

# install PACKAGE... by apt, which refreshes its lists only when it must.
install() {
	say "installing $*"
	export DEBIAN_FRONTEND=noninteractive
	log=$cache/apt.log
	mkdir -p "$cache"
	apt-get install -y --no-install-recommends "$@" >"$log" 2>&1 && return
	{ apt-get update && apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1 ||
		die "apt-get could not install $*: see $log"
}

sha() { if command -v sha256sum >/dev/null 2>&1; then sha256sum "$@"; else shasum -a 256 "$@"; fi; }

# digest FILE... is one short hash over contents, whatever the folder is called.
digest() { cat "$@" | sha | cut -c1-12; }

# arch is the engine's, which on a Mac is a Linux of its own.
arch() {
	a=$(docker version --format '{{.Server.Arch}}' 2>/dev/null) || a=$(go env GOARCH)
	echo "$a"
}

# build FOLDER PACKAGE OUT LDFLAGS makes a static program for the sandbox.
build() (
	need go "install Go 1.26 or newer from https://go.dev/dl"
	mkdir -p "$cache"
	cd "$1"
	CGO_ENABLED=0 GOOS=linux GOARCH=$(arch) GOFLAGS=-mod=readonly GOWORK=off \
		go build -trimpath -ldflags "-s -w $4" -o "$3.$$.new" "$2" >&2 || die "$2 could not be built: see above"
	mv "$3.$$.new" "$3"
)

part_engine() {
	docker info >/dev/null 2>&1 && return
	[ -z "${DOCKER_HOST:-}" ] || die "the Docker engine at $DOCKER_HOST does not answer: start it, or unset DOCKER_HOST"
	if ! debian_root; then
		die "no Docker engine answers: start Docker Desktop, or 'colima start', or install Docker (https://docs.docker.com/engine/install) and start it"
	fi
	{ command -v dockerd && command -v docker && command -v iptables; } >/dev/null 2>&1 || install docker.io iptables
	docker info >/dev/null 2>&1 && return
	mkdir -p "$cache"
	say "starting dockerd, log in $cache/dockerd.log"
	setsid nohup dockerd >"$cache/dockerd.log" 2>&1 </dev/null &
	n=0
	until docker info >/dev/null 2>&1; do
		n=$((n + 1))
		[ "$n" -le 60 ] || die "dockerd did not answer within 30 seconds: see $cache/dockerd.log"
		sleep 0.5
	done
}

# alone FILE COMMAND... makes a file once, also when two want it at the same time.
alone() (
	made=$1
	shift
	until mkdir "$made.lock" 2>/dev/null; do
		kill -0 "$(cat "$made.lock/pid" 2>/dev/null)" 2>/dev/null || { sleep 2; kill -0 "$(cat "$made.lock/pid" 2>/dev/null)" 2>/dev/null || rm -rf "$made.lock"; }
		sleep 0.5
	done
	trap 'rm -rf "$made.lock"' EXIT
	sh -c 'echo $PPID' >"$made.lock/pid"
	[ -x "$made" ] || "$@"
)

# build_tofu OUT builds OpenTofu without what a sandbox has no network for: the
# remote state backends and the cloud key providers, whose libraries are two
# thirds of the build. Nothing else is touched.
build_tofu() (
	tmp=$(mktemp -d)
	trap 'chmod -R u+w "$tmp" && rm -rf "$tmp"' EXIT
	src=$(cd "$here/tofu" && GOWORK=off go mod download -json github.com/opentofu/opentofu | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
	[ -n "$src" ] || die "OpenTofu $tofu_version could not be downloaded: check the network and GOPROXY"
	cp -R "$src" "$tmp/opentofu"
	chmod -R u+w "$tmp/opentofu"
	without "$tmp/opentofu/internal/backend/init/init.go" \
		-e '/backend(Azure|Consul|Cos|GCS|Kubernetes|OSS|Pg|S3)[ .]/d'
	without "$tmp/opentofu/internal/encryption/default_registry.go" \
		-e '/keyprovider\/(aws_kms|azure_vault|gcp_kms|openbao)"/d' \
		-e '/(aws_kms|azure_vault|gcp_kms|openbao)\.New\(\)/,/^.}/d'
	cp "$here/tofu/go.mod" "$here/tofu/go.sum" "$tmp/"
	go mod edit -replace "github.com/opentofu/opentofu=$tmp/opentofu" "$tmp/go.mod"
	build "$tmp" github.com/opentofu/opentofu/cmd/tofu "$1" "-X github.com/opentofu/opentofu/version.dev=no"
)

# without FILE SED-OPTIONS takes lines out of a file.
without() {
	edited=$1
	shift
	sed -E "$@" "$edited" >"$edited.new" && mv "$edited.new" "$edited"
}

part_tofu() {
	out=$cache/tofu-$tofu_version-$(digest "$here/tofu/go.mod" "$here/tofu/go.sum")-local-linux-$(arch)
	if [ ! -x "$out" ]; then
		say "building OpenTofu $tofu_version (once; some minutes)"
		need go "install Go 1.26 or newer from https://go.dev/dl"
		mkdir -p "$cache"
		alone "$out" build_tofu "$out"
	fi
	echo "$out"
}

part_provider() {
	src=$here/../testdata/demo/provider
	out=$cache/provider-firewall-$(digest "$src"/*.go "$src/go.mod" "$src/go.sum")-linux-$(arch)
	if [ ! -x "$out" ]; then
		say "building the demo's provider"
		build "$src" . "$out" ""
	fi
	echo "$out"
}

# add_busybox TARGET puts a static busybox there, with a list of its applets.
add_busybox() {
	has_static=$(dpkg-query -W -f '${db:Status-Status}' busybox-static 2>/dev/null || true)
	if debian_root && [ "$has_static" != installed ]; then
		install busybox-static
		has_static=installed
	fi
	if [ "$has_static" = installed ]; then
		cp "$(PATH=/bin:/usr/bin command -v busybox)" "$1"
		"$1" --list >"$1.list"
		return
	fi
	from=busybox:stable-musl
	docker image inspect "$from" >/dev/null 2>&1 || docker pull -q "$from" >&2 ||
		die "the image $from cannot be pulled: check the network, or load it with docker load"
	id=$(docker create --network none "$from" true)
	docker cp "$id:/bin/busybox" "$1" >&2
	docker rm "$id" >/dev/null
	docker run --rm --network none "$from" busybox --list >"$1.list"
}

# rootfs FOLDER TOFU PROVIDER lays out the image.
rootfs() {
	mirror=usr/local/share/tofu/providers/registry.opentofu.org/interlock/firewall/$provider_version/linux_$(arch)
	mkdir -p "$1/bin" "$1/etc" "$1/tmp" "$1/work" "$1/usr/local/bin" "$1/$mirror"
	add_busybox "$1/bin/busybox"
	while read -r applet; do
		[ "$applet" = busybox ] || ln -s busybox "$1/bin/$applet"
	done <"$1/bin/busybox.list"
	rm "$1/bin/busybox.list"
	ln -s ../bin "$1/usr/bin"
	cp "$2" "$1/usr/local/bin/tofu"
	cp "$3" "$1/$mirror/terraform-provider-firewall_v$provider_version"
	cp "$here/image/tofu.rc" "$here/image/passwd" "$here/image/group" "$1/etc/"
	chmod -R go-w "$1"
	chmod -R a+rX "$1"
	chmod 755 "$1/bin/busybox" "$1/usr/local/bin/tofu" "$1/$mirror"/*
	chmod 1777 "$1/tmp"
}

part_runner() {
	src=$here/../adapters/docker
	out=$cache/runner-$(digest "$src"/runner/*.go "$here"/../agent/frames/*.go "$here"/../agent/egress/relay/*.go "$here/../go.mod")-linux-$(arch)
	if [ ! -x "$out" ]; then
		say "building the sandbox's runner"
		build "$here/.." ./adapters/docker/runner "$out" ""
	fi
	ln -sfn "${out##*/}" "$cache/runner-linux-$(arch)"
	echo "$out"
}

# part_gvisor makes the engine know a runtime. On a machine where that is not ours
# to do, it says what is needed.
part_gvisor() {
	part_engine
	if docker info --format '{{range $k, $v := .Runtimes}}{{$k}} {{end}}' | grep -qw runsc; then
		echo runsc
		return
	fi
	debian_root || die "the engine has no runtime runsc: install gVisor and add it with the arguments --host-uds=open and --oci-seccomp (docs/sandbox.md)"
	[ ! -e /etc/docker/daemon.json ] || die "/etc/docker/daemon.json is there: add the runtime runsc to it by hand (docs/sandbox.md)"
	out=$cache/runsc-$(digest "$here/gvisor/go.mod" "$here/gvisor/go.sum")-linux-$(arch)
	if [ ! -x "$out" ]; then
		say "building gVisor (once; a minute or two)"
		alone "$out" build "$here/gvisor" gvisor.dev/gvisor/runsc "$out" ""
	fi
	mkdir -p /etc/docker
	printf '{"runtimes": {"runsc": {"path": "%s", "runtimeArgs": ["--network=none", "--host-uds=open", "--oci-seccomp"]}}}\n' "$out" >/etc/docker/daemon.json
	kill -HUP "$(cat /var/run/docker.pid)"
	n=0
	until docker info --format '{{range $k, $v := .Runtimes}}{{$k}} {{end}}' | grep -qw runsc; do
		n=$((n + 1))
		[ "$n" -le 20 ] || die "the engine does not take the runtime runsc"
		sleep 0.5
	done
	echo runsc
}

part_image() {
	part_engine
	part_runner >/dev/null
	t=$(part_tofu)
	p=$(part_provider)
	tag=interlock-sandbox:$(printf '%s\n' "$t" "$p" | sed 's|.*/||' | cat - "$here/setup.sh" "$here"/image/* | sha | cut -c1-12)
	if ! docker image inspect "$tag" >/dev/null 2>&1; then
		say "building the sandbox image $tag"
		tmp=$(mktemp -d)
		trap 'rm -rf "$tmp"' EXIT
		rootfs "$tmp" "$t" "$p"
		owner="--numeric-owner --owner=0 --group=0"
		tar --version 2>/dev/null | grep -q GNU || owner="--numeric-owner --uid 0 --gid 0"
		# shellcheck disable=SC2086 # the options are words
		tar -C "$tmp" $owner -c . | docker import \
			--change 'ENV PATH=/usr/local/bin:/bin HOME=/tmp TF_IN_AUTOMATION=1 CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE=/etc/tofu.rc' \
			--change 'WORKDIR /work' --change 'USER 65532:65532' - "$tag" >/dev/null || die "docker import failed: see above"
	fi
	docker tag "$tag" interlock-sandbox:demo
	echo "$tag"
}

# postgres runs a server whose data may go at any time; it trusts loopback.
part_postgres() {
	if [ -n "${INTERLOCK_TEST_POSTGRES:-}" ]; then
		echo "$INTERLOCK_TEST_POSTGRES"
		return
	fi
	port=54329
	bin=$(pg_bin)
	if [ -z "$bin" ] && debian_root; then
		mkdir -p /etc/postgresql-common/createcluster.d # none of Debian's own clusters
		echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/interlock.conf
		install postgresql
		bin=$(pg_bin)
	fi
	[ -n "$bin" ] || die "PostgreSQL is missing: install it, or set INTERLOCK_TEST_POSTGRES to the URL of a database that tests may empty"
	data=${TMPDIR:-/tmp}/interlock-postgres-$(id -u)
	if ! "$bin/pg_isready" -q -h 127.0.0.1 -p $port; then
		say "starting PostgreSQL on 127.0.0.1:$port, data in $data"
		mkdir -p "$data"
		[ "$(id -u)" != 0 ] || chown postgres "$data"
		[ -f "$data/db/PG_VERSION" ] || as_postgres "$bin/initdb -D $data/db -U interlock -A trust -E UTF8 --no-sync" >"$cache/postgres.log" 2>&1 ||
			die "initdb failed: see $cache/postgres.log"
		as_postgres "$bin/pg_ctl -D $data/db -l $data/log -w -t 30 -o '-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories= -c max_connections=200' start" >>"$cache/postgres.log" 2>&1 ||
			die "PostgreSQL did not start: see $data/log"
	fi
	db() { "$bin/psql" -qAt -h 127.0.0.1 -p $port -U interlock -d postgres -c "$1"; }
	[ "$(db "select 1 from pg_database where datname = 'interlock'")" = 1 ] || db 'create database interlock'
	echo "postgres://interlock@127.0.0.1:$port/interlock?sslmode=disable"
}

pg_bin() {
	for d in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -Vr) $(dirname "$(command -v initdb || echo /none/initdb)"); do
		if [ -x "$d/initdb" ] && [ -x "$d/pg_ctl" ]; then
			echo "$d"
			return
		fi
	done
}

# as_postgres COMMAND runs it as postgres, because the server refuses root.
as_postgres() {
	mkdir -p "$cache"
	if [ "$(id -u)" = 0 ]; then (cd / && su postgres -s /bin/sh -c "$1"); else sh -c "$1"; fi
}

part_gcc() {
	{ command -v gcc || command -v clang; } >/dev/null 2>&1 && return
	debian_root || die "no C compiler: install gcc (Debian: apt-get install gcc libc6-dev; macOS: xcode-select --install)"
	install gcc libc6-dev
}

part_chromium() {
	for name in chromium chromium-browser google-chrome; do
		command -v $name && return
	done
	debian_root || die "Chromium is missing: install it and put it on the PATH as chromium (https://www.chromium.org)"
	install chromium
	command -v chromium
}

# The peer that make bench compares Slack's way in with.
bolt_version=5.1.0

part_bolt() {
	dir=$cache/bolt-$bolt_version
	if [ ! -d "$dir/node_modules/@slack/bolt" ]; then
		command -v npm >/dev/null 2>&1 || { debian_root && install nodejs npm; }
		need npm "install Node.js from https://nodejs.org"
		say "fetching @slack/bolt"
		mkdir -p "$dir"
		npm install --prefix "$dir" --no-audit --no-fund --ignore-scripts "@slack/bolt@$bolt_version" >"$dir/npm.log" 2>&1 ||
			die "npm could not fetch @slack/bolt: see $dir/npm.log"
	fi
	echo "$dir"
}

# Microsoft publishes the schema in a package for npm; its code is not run.
manifest_version=1.1.2
manifest_schema=1.19

part_schema() {
	dir=$cache/app-manifest-$manifest_version
	file=$dir/v$manifest_schema.json
	if [ ! -f "$file" ]; then
		command -v npm >/dev/null 2>&1 || { debian_root && install nodejs npm; }
		need npm "install Node.js from https://nodejs.org"
		say "fetching the schema of Teams' app manifests"
		mkdir -p "$dir"
		(cd "$dir" && npm pack --silent "@microsoft/app-manifest@$manifest_version") >"$dir/npm.log" 2>&1 ||
			die "npm could not fetch @microsoft/app-manifest: see $dir/npm.log"
		tar -xzf "$dir/microsoft-app-manifest-$manifest_version.tgz" -O \
			"package/build/json-schemas/teams/v$manifest_schema/MicrosoftTeams.schema.json" >"$file.new"
		mv "$file.new" "$file"
	fi
	echo "$file"
}

case ${1:-} in
engine | tofu | provider | runner | image | gvisor | postgres | chromium | gcc | bolt | schema) "part_$1" ;;
*) die "use: setup.sh engine|tofu|provider|runner|image|gvisor|postgres|chromium|gcc|bolt|schema" ;;
esac
