# Puts apart what a session has made of its seeds: for each one that changed, a
# bundle of its commits and of one more that holds the work tree as it is. Neither
# HEAD nor the index moves. No two sessions or stacks make the same bundle. $1 is the session. A line for each: what it was sown as,
# the stack's name of that commit, the commit that holds all ("-" when nothing was
# changed), and how many bytes the bundle has.
command -v git >/dev/null || exit 0
cd /work || exit 1
export GIT_OPTIONAL_LOCKS=0 GIT_AUTHOR_DATE='1000000000 +0000' GIT_COMMITTER_DATE='1000000000 +0000'
export GIT_AUTHOR_NAME=Interlock GIT_AUTHOR_EMAIL=interlock@localhost GIT_COMMITTER_NAME=Interlock GIT_COMMITTER_EMAIL=interlock@localhost

keep() {
	export GIT_DIR="/work/.history/$1" GIT_WORK_TREE="/work/$1"
	mine="$GIT_DIR/interlock"
	base=$(git rev-parse -q --verify refs/interlock/base) || return 1
	rm -f "$mine/index" "$mine/index.lock"
	cp "$GIT_DIR/index" "$mine/index" 2>/dev/null || GIT_INDEX_FILE="$mine/index" git read-tree "$base" || return 1
	(cd "$1" && GIT_INDEX_FILE="$mine/index" git add -A . 2>/dev/null) || return 1
	tree=$(GIT_INDEX_FILE="$mine/index" git write-tree) || return 1
	refs=$(git for-each-ref --format='%(objectname) %(refname)' refs/heads refs/tags)
	if [ "$tree" = "$(git rev-parse "$base^{tree}")" ] && ! printf '%s\n' "$refs" | grep -qv "^$base "; then
		printf '%s\t%s\t-\t0\n' "$1" "$(cat "$mine/base")"
		return
	fi
	head=$(git rev-parse -q --verify HEAD)
	tip=$(printf '%s\n\n%s\nsession %s\nstack %s\n' "$(git symbolic-ref -q HEAD || echo none)" "$refs" "$2" "$1" | git commit-tree "$tree" ${head:+-p "$head"}) || return 1
	if [ "$tip" != "$(cat "$mine/kept" 2>/dev/null)" ] || [ ! -f "$mine/kept.bundle" ]; then
		git update-ref refs/interlock/kept "$tip" &&
			git -c pack.threads=1 bundle create -q "$mine/kept.bundle" refs/interlock/kept --branches --tags --not refs/interlock/base 2>/dev/null &&
			git update-ref -d refs/interlock/kept && echo "$tip" >"$mine/kept" || return 1
	fi
	printf '%s\t%s\t%s\t%s\n' "$1" "$(cat "$mine/base")" "$tip" "$(wc -c <"$mine/kept.bundle")"
}

for b in .history/*/interlock/base; do
	[ -f "$b" ] || continue
	name=${b#.history/}
	name=${name%%/*}
	[ -d "$name" ] && [ ! -L "$name" ] || continue
	(keep "$name" "$1") || printf '%s\t-\t-\t-1\n' "$name"
done
