# One run of OpenTofu in a fresh container. $1 is what to do, $2 the stack's
# directory, $3 a file of variables for the plan, or nothing, $4 a workspace, or nothing. The code is below /work/src; every
# output becomes a file below /work/out, so that whoever comes later can collect it.
set -u
umask 022
verb=$1
dir=$2
vars=${3:-}
workspace=${4:-}
out=/work/out
child=
signals=0
mkdir -p "$out"
export TF_DATA_DIR=/work/data TF_IN_AUTOMATION=1 CHECKPOINT_DISABLE=1
unset TF_CLI_ARGS TF_CLI_ARGS_init TF_CLI_ARGS_plan TF_CLI_ARGS_apply TF_WORKSPACE TF_LOG
[ -z "$workspace" ] || export TF_WORKSPACE="$workspace"

# Providers come from the mounted mirror and from the image, and from nowhere else.
# OpenTofu takes no folder that is not there, so only those that are can be named.
if [ -d /providers ]; then
	export TF_CLI_CONFIG_FILE=/work/tofu.rc
	{
		echo 'provider_installation {'
		for mirror in /providers /usr/local/share/tofu/providers; do
			[ ! -d "$mirror" ] || echo "  filesystem_mirror { path = \"$mirror\" }"
		done
		echo '}'
	} >"$TF_CLI_CONFIG_FILE"
fi

# An interrupt comes to this shell: it must reach OpenTofu, which then saves its
# state and gives its lock back.
trap 'signals=$((signals + 1)); [ -z "$child" ] || kill -INT "$child" 2>/dev/null' INT TERM

step() {
	name=$1
	shift
	echo "$name" >"$out/step"
	"$@" >"$out/$name.out" 2>"$out/$name.err" </dev/null &
	child=$!
	while :; do
		seen=$signals
		wait "$child"
		code=$?
		[ "$seen" = "$signals" ] && break
	done
	child=
	echo "$code" >"$out/$name.code"
	[ "$code" = 0 ] || exit "$code"
	[ "$signals" = 0 ] || exit 130
}

cd "/work/src/$dir" || exit 1
case $verb in
validate)
	step init tofu init -backend=false -input=false -no-color
	step validate tofu validate -json -no-color
	;;
plan)
	step init tofu init -input=false -no-color
	step plan tofu plan -lock=false -input=false -no-color -out="$out/plan.bin" ${vars:+-var-file="$vars"}
	step show tofu show -json -no-color "$out/plan.bin"
	;;
apply)
	step init tofu init -input=false -no-color
	step apply tofu apply -input=false -no-color -lock-timeout=10s /work/in/plan.bin
	;;
*)
	exit 2
	;;
esac
