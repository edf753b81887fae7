# One look of a scanner at code, in a fresh container without a network. $1 is the
# scanner, $2 the stack's directory, $3 a file of variables, or nothing. The code is
# below /work/src; the report becomes a file, and so does the exit code.
set -u
scanner=$1
dir=$2
vars=${3:-}
out=/work/out
mkdir -p "$out" /work/home
command -v "$scanner" >/dev/null 2>&1 || exit 127
cd "/work/src/$dir" || exit 1
export HOME=/work/home NO_COLOR=1
# Nothing is to be fetched. As variables these are taken by versions that know them,
# and do no harm to others.
export TRIVY_SKIP_CHECK_UPDATE=true TRIVY_SKIP_POLICY_UPDATE=true TRIVY_SKIP_DB_UPDATE=true TRIVY_OFFLINE_SCAN=true
export TRIVY_SKIP_VERSION_CHECK=true TRIVY_DISABLE_TELEMETRY=true TRIVY_CACHE_DIR=/work/home/trivy
export TFLINT_PLUGIN_DIR=/work/home/none # the code's own folder could hold a program
export CHECKOV_RUN_SCA_PACKAGE_SCAN=false LOG_LEVEL=ERROR
echo began >"$out/began"
case $scanner in
checkov)
	checkov --directory . --framework terraform --output json --compact --quiet --skip-download ${vars:+--var-file "$vars"}
	;;
trivy)
	trivy config --format json --quiet --exit-code 0 ${vars:+--tf-vars "$vars"} .
	;;
tflint)
	tflint --config /work/tflint.hcl --format json --no-color ${vars:+--var-file "$vars"}
	;;
*)
	exit 2
	;;
esac >"$out/report" 2>"$out/err" </dev/null
echo "$?" >"$out/code"
