# Puts back what a session had made of a seed, $1, after it was sown anew: its
# branches, and the work tree as it was. What cannot be put back is not tried again:
# it would undo what was made meanwhile.
mine="/work/.history/$1/interlock"
[ -f "$mine/back.bundle" ] || exit 0
fail() {
	rm -f "$mine/back.bundle"
	exit 1
}
command -v git >/dev/null || fail
cd "/work/$1" || fail
tip=refs/interlock/kept
git fetch -q --no-tags --no-write-fetch-head --update-head-ok "$mine/back.bundle" '+refs/*:refs/*' </dev/null &&
	git read-tree --reset -u "$tip" || fail
head=$(git log -1 --format=%s "$tip")
case $head in
refs/heads/*) # a branch without commits of its own is not in the bundle
	if git rev-parse -q --verify "$tip^" >/dev/null; then git update-ref "$head" "$tip^"; fi
	git symbolic-ref HEAD "$head" ;;
*) git update-ref --no-deref HEAD "$tip^" ;;
esac
git reset -q >/dev/null 2>&1 || git read-tree --empty
git update-ref -d "$tip"
rm -f "$mine/back.bundle"
echo back
