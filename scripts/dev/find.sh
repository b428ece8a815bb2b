# Sourced by the scripts: what is on this machine. Working directory: the top of the clone.

# The newest server from 15 to 18 that is installed, by major version; empty when there is none.
server_major() {
	config=$(find_pg_config)
	if [ -n "$config" ]; then
		"$config" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/'
		return
	fi
	for major in 18 17 16 15; do
		if [ -x /usr/lib/postgresql/$major/bin/postgres ]; then
			echo $major
			return
		fi
	done
}

# PG_CONFIG when it is set, else the newest Debian server that has its headers, else pg_config.
find_pg_config() {
	if [ -n "${PG_CONFIG:-}" ]; then
		echo "$PG_CONFIG"
		return
	fi
	for major in 18 17 16 15; do
		if [ -x /usr/lib/postgresql/$major/bin/postgres ] &&
			[ -e /usr/lib/postgresql/$major/lib/pgxs/src/makefiles/pgxs.mk ]; then
			echo /usr/lib/postgresql/$major/bin/pg_config
			return
		fi
	done
	[ -e /usr/lib/postgresql ] || command -v pg_config || :
}

node_is_new_enough() {
	version=$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\).*/\1/p')
	[ -n "$version" ] && [ "$version" -ge 18 ]
}

# Runs a command as the owner of the clone, who need not be the caller (sudo make test). HOME is a
# passing folder then: npm wants to write there, and not every owner has a home.
as_tree_owner() {
	owner=$(stat -c %u .)
	if [ "$(id -u)" != 0 ] || [ "$owner" = 0 ]; then
		"$@"
		return
	fi
	group=$(stat -c %g .)
	passing=$(mktemp -d)
	chown "$owner:$group" "$passing"
	code=0
	HOME=$passing setpriv --reuid "$owner" --regid "$group" --clear-groups "$@" || code=$?
	rm -rf "$passing"
	return $code
}
