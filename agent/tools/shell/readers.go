package shell

import (
	"regexp"
	"slices"
	"strings"
)

// plainNames are the commands that have no option and no operand to write a
// file, run a program or change the system. A pattern or what another reader
// prints may be among their words.
var plainNames = strings.Fields(`
	: b2sum basename bzcat cal cat cksum cmp col column comm cut df dirname
	du echo egrep expand expr factor false fgrep fmt fold free grep groups
	head hexdump hostid id iostat join last locale logname ls lsattr lsblk lscpu lslocks
	lsmod lsns lspci lsusb md5sum mpstat
	namei nl nproc numfmt od paste pathchk pgrep pidof pr printenv ps pstree pwd readlink realpath
	rev seq sha1sum sha224sum sha256sum sha384sum sha512sum shasum sleep stat
	strings sum tac tail tr true tsort tty type uname unexpand uptime users vmstat w
	wc which who whoami xzcat zcat zipinfo`)

// readers are the commands that read only with some of their options. The
// tables hold what manuals of GNU, BSD and busybox agree on.
var readers = map[string]reader{
	"[":          condition,
	"test":       condition,
	"iconv":      with(grammar{flags: "cl", values: "ft", long: "list", longv: "from-code to-code"}),
	"shuf":       with(grammar{flags: "erz", values: "ni", long: "echo repeat zero-terminated", longv: "head-count input-range"}),
	"sort":       with(grammar{flags: "bdfghiMnrRVscCmuz", values: "kt", long: "ignore-leading-blanks dictionary-order ignore-case general-numeric-sort human-numeric-sort ignore-nonprinting month-sort numeric-sort random-sort reverse version-sort stable check merge unique zero-terminated debug files0-from parallel", longv: "key field-separator sort"}),
	"uniq":       with(grammar{flags: "cdDuiz", values: "fsw", long: "count repeated all-repeated unique ignore-case zero-terminated group", longv: "skip-fields skip-chars check-chars", most: 1}),
	"diff":       with(grammar{flags: "qsuyaerNbBwitTdcp", values: "UCIxX", long: "brief report-identical-files unified context side-by-side recursive new-file ignore-case ignore-all-space ignore-space-change ignore-blank-lines text color no-color strip-trailing-cr minimal suppress-common-lines", longv: "exclude width label ignore-matching-lines"}),
	"tree":       with(grammar{apart: true, flags: "adflipsughDFvtrxQNqS", values: "LPI", long: "noreport dirsfirst du prune gitignore", longv: "filelimit charset sort"}),
	"file":       with(grammar{flags: "bihLkNrs", long: "brief mime mime-type mime-encoding dereference keep-going"}),
	"base64":     with(grammar{flags: "dDi", values: "w", long: "decode ignore-garbage wrap", most: 1}),
	"base32":     with(grammar{flags: "di", values: "w", long: "decode ignore-garbage wrap", most: 1}),
	"date":       with(grammar{flags: "uRI", values: "dr", long: "utc universal rfc-email iso-8601 rfc-3339 date reference"}, formats),
	"hostname":   with(grammar{flags: "fiIsdA", long: "fqdn short ip-address all-ip-addresses domain", no: true}),
	"dmesg":      with(grammar{flags: "THkuwLxr", values: "lf", long: "ctime human follow kernel userspace decode level", no: true}),
	"sysctl":     with(grammar{flags: "aneNA", long: "all names values"}, noAssignment),
	"crontab":    with(grammar{flags: "l", values: "u", no: true}, needs("-l")),
	"xxd":        exact("-b -p -ps -i -u -e -E -a", "-c -cols -g -l -len -s -seek -o", 1),
	"printf":     format,
	"set":        setting,
	"jobs":       with(grammar{flags: "lpr", no: true}),
	"dirs":       with(grammar{flags: "lpv", no: true}),
	"times":      with(grammar{no: true}),
	"umask":      with(grammar{flags: "Sp", no: true}),
	"ulimit":     with(grammar{flags: "a", no: true}),
	"exit":       with(grammar{most: 1}),
	"history":    with(grammar{most: 1}),
	"lsof":       with(grammar{flags: "inPtUlRnVabOw", values: "pucdg"}),
	"ss":         with(grammar{flags: "ntulpaemoisH46xwrOZzbEd0", long: "numeric tcp udp listening processes all extended memory options info summary no-header ipv4 ipv6 unix raw resolve"}),
	"netstat":    with(grammar{flags: "ntulpaeorsigWcvx46", no: true}),
	"ip":         ip,
	"dig":        with(grammar{flags: "46", values: "tcpqx"}, noServer),
	"nslookup":   with(grammar{most: 1, least: 1}),
	"host":       with(grammar{flags: "46av", values: "tc", most: 1, least: 1}),
	"getent":     with(grammar{}),
	"findmnt":    with(grammar{flags: "lnDJrR", values: "tOo"}),
	"journalctl": with(grammar{flags: "fexakqrbN", values: "unpotSUgI", long: "no-pager follow pager-end catalog all dmesg quiet reverse boot list-boots no-hostname no-full no-tail utc disk-usage header fields system user merge", longv: "unit since until lines priority output identifier grep user-unit facility case-sensitive", number: true}),
	"systemctl": simple(grammar{flags: "laqr", values: "ntpo", long: "no-pager full all quiet no-legend plain value failed recursive reverse system user", longv: "lines type state property output"},
		"", "status", "show", "list-units", "list-unit-files", "list-timers", "list-sockets", "list-dependencies", "list-jobs", "is-active", "is-enabled", "is-failed", "is-system-running", "cat", "get-default"),
	"hostnamectl":      simple(grammar{}, "", "status"),
	"timedatectl":      simple(grammar{long: "no-pager"}, "", "status", "show", "list-timezones"),
	"loginctl":         simple(grammar{long: "no-pager"}, "", "list-sessions", "list-users"),
	"jq":               with(grammar{flags: "rcMCSneajs", long: "raw-output compact-output monochrome-output color-output sort-keys null-input exit-status ascii-output join-output slurp tab raw-input seq stream arg argjson args jsonargs", longv: "indent"}, queries),
	"awk":              with(grammar{values: "Fv", least: 1}, awk),
	"gawk":             with(grammar{values: "Fv", least: 1}, awk),
	"mawk":             with(grammar{values: "Fv", least: 1}, awk),
	"sed":              with(grammar{flags: "nErsuz", values: "e", long: "quiet silent regexp-extended separate unbuffered null-data posix debug sandbox", longv: "expression"}, sed),
	"tar":              archive,
	"unzip":            with(grammar{flags: "lvZ1tq", least: 1}, needs("-l", "-v", "-Z", "-t")),
	"rg":               with(grammar{flags: "nNilLcowvFxSsUPHIapuqh0", values: "egtTABCmMjdrE", long: "line-number no-line-number ignore-case files-with-matches files-without-match count only-matching word-regexp invert-match fixed-strings line-regexp smart-case case-sensitive multiline pcre2 with-filename no-filename heading no-heading files hidden no-ignore json stats column vimgrep no-config pretty text type-list trim null quiet", longv: "regexp glob iglob type type-not after-context before-context context max-count max-depth max-columns color colors sort sortr threads replace max-filesize encoding"}),
	"fd":               with(grammar{flags: "HIsipLgFau01q", values: "tedEScjo", long: "hidden no-ignore case-sensitive ignore-case full-path follow glob fixed-strings absolute-path print0", longv: "type extension max-depth min-depth exclude size changed-within changed-before color"}),
	"openssl":          certificates,
	"git":              git,
	"kubectl":          kubectl,
	"oc":               kubectl,
	"helm":             helm,
	"terraform":        terraform,
	"tofu":             terraform,
	"docker":           docker,
	"podman":           docker,
	"aws":              aws,
	"gcloud":           gcloud,
	"az":               azure,
	"gh":               github,
	"pip":              packages,
	"pip3":             packages,
	"apt":              simple(grammar{long: "installed upgradable all-versions"}, "list", "show", "search", "policy"),
	"apt-cache":        simple(grammar{}, "policy", "show", "search", "depends", "rdepends", "madison"),
	"dpkg":             with(grammar{flags: "lLsS", long: "list listfiles status search"}, needs("-l", "-L", "-s", "-S", "--list", "--listfiles", "--status", "--search")),
	"rpm":              with(grammar{flags: "qailfRcdV", long: "query all info list"}, needs("-q", "--query")),
	"go":               simple(grammar{}, "version"),
	"top":              with(grammar{flags: "bcHiS", values: "npoud", no: true}, needs("-b")),
	"mount":            with(grammar{flags: "l", no: true}),
	"ifconfig":         with(grammar{flags: "a", most: 1}),
	"route":            with(grammar{flags: "n", no: true}),
	"arp":              with(grammar{flags: "an", no: true}),
	"iptables":         with(grammar{flags: "LSnv", values: "t", long: "line-numbers list list-rules numeric verbose", most: 1}, needs("-L", "-S", "--list", "--list-rules")),
	"ip6tables":        with(grammar{flags: "LSnv", values: "t", long: "line-numbers list list-rules numeric verbose", most: 1}, needs("-L", "-S", "--list", "--list-rules")),
	"fdisk":            with(grammar{flags: "l"}, needs("-l")),
	"gzip":             with(grammar{flags: "lv", long: "list verbose"}, needs("-l", "--list")),
	"bq":               simple(grammar{}, "ls", "show"),
	"gsutil":           simple(grammar{flags: "lhar"}, "ls", "du", "stat"),
	"yq":               with(grammar{flags: "rPCMNjne0", values: "poI", long: "null-input prettyPrint no-colors colors exit-status no-doc unwrapScalar", longv: "output-format input-format indent", least: 1}, yq),
	"python3":          version,
	"python":           version,
	"node":             version,
	"npm":              version,
	"make":             version,
	"ansible":          version,
	"packer":           version,
	"curl":             version,
	"vault":            version,
	"perl":             version,
	"ruby":             version,
	"psql":             version,
	"wget":             version,
	"pulumi":           version,
	"terragrunt":       version,
	"ansible-playbook": version,
	"docker-compose":   version,
	"java":             version,
	"rustc":            version,
	"cargo":            version,
}

// needs is for what reads only when it is told to.
func needs(names ...string) func(parsed) string {
	return func(p parsed) string {
		if p.has(names...) {
			return ""
		}
		return "it is not told to only list"
	}
}

func version(args []word) string {
	if len(args) == 1 && args[0].lit && (args[0].text == "--version" || args[0].text == "-V") {
		return ""
	}
	return "it runs programs or reaches the network"
}

func formats(p parsed) string {
	for _, o := range p.operands {
		if !strings.HasPrefix(o.text, "+") {
			return "it may set the clock"
		}
	}
	return ""
}

func noAssignment(p parsed) string {
	for _, o := range p.operands {
		if o.glob || strings.Contains(o.text, "=") {
			return "it may set a value"
		}
	}
	return ""
}

func noServer(p parsed) string {
	for _, o := range p.operands {
		if strings.HasPrefix(o.text, "@") {
			return "it asks a server of its own choice"
		}
	}
	return ""
}

// counts is a conversion of printf that sets the variable its word names.
var counts = regexp.MustCompile(`%[^a-zA-Z%]*[hlLjztq]*n`)

// format is printf, which can set a variable.
func format(args []word) string {
	if len(args) > 0 && (!args[0].lit || args[0].glob || strings.HasPrefix(args[0].text, "-") || counts.MatchString(args[0].text)) {
		return "its first word may set a variable"
	}
	return plain(args)
}

// condition is test: -v evaluates what stands in brackets.
func condition(args []word) string {
	for _, w := range args {
		if !w.lit || w.loose || w.text == "-v" || w.text == "-R" {
			return unclear
		}
	}
	return ""
}

var settings = regexp.MustCompile(`^([-+][eux]+|[-+][eux]*o|pipefail|errexit|nounset|xtrace)$`)

func setting(args []word) string {
	for _, w := range args {
		if !w.lit || !settings.MatchString(w.text) {
			return "it changes how the shell works"
		}
	}
	return ""
}

// packages is pip.
func packages(args []word) string {
	return program{all: grammar{flags: "qv"}, subs: map[string]grammar{
		"list": {flags: "o", long: "outdated not-required user local", longv: "format"}, "show": {flags: "f", long: "files"}, "freeze": {long: "all user local"}, "check": {},
	}}.read(args)
}

// ip writes long options with one dash, and only before the object.
func ip(args []word) string {
	for len(args) > 0 && args[0].lit && slices.Contains(fields("-4 -6 -s -o -d -j -r -h -p -c -br -brief -color -json -pretty"), args[0].text) {
		args = args[1:]
	}
	return program{subs: addresses()}.read(args)
}

// addresses are the objects of ip, in all the short forms of which it is certain
// that they are no other word.
func addresses() map[string]grammar {
	subs := map[string]grammar{"route get": {}, "r get": {}}
	for _, object := range fields("a addr address l link r route n neigh neighbor rule") {
		subs[object] = grammar{no: true}
		each(subs, grammar{}, object+" show", object+" list", object+" ls")
	}
	return subs
}

// certificates is openssl where it shows a certificate.
func certificates(args []word) string {
	switch {
	case len(args) == 1 && args[0].lit && args[0].text == "version":
		return ""
	case len(args) == 0 || !args[0].lit || args[0].text != "x509":
		return unknownSub
	}
	return exact("-noout -text -subject -issuer -dates -enddate -startdate -serial -fingerprint -sha256 -sha1 -purpose -email -hash -modulus -pubkey", "-in -checkend -ext -nameopt -inform", 0)(args[1:])
}

// tarList is the letters of a listing, written with or without a dash.
var tarList = regexp.MustCompile(`^-?[tvfzjJ]+$`)

// archive is tar when it lists. A name with a colon would be another machine's.
func archive(args []word) string {
	if len(args) < 2 || !args[0].lit || !tarList.MatchString(args[0].text) ||
		!strings.Contains(args[0].text, "t") || !strings.HasSuffix(args[0].text, "f") {
		return "only listing is known to only read"
	}
	p, why := grammar{flags: "v", long: "verbose"}.parse(args[1:])
	if why == "" && (len(p.operands) == 0 || strings.Contains(p.operands[0].text, ":")) {
		return "the archive is not a local file"
	}
	return why
}

// jqReach is what a jq program takes in beside its input.
var jqReach = regexp.MustCompile(`\benv\b|\$ENV|\$__|\binclude\b|\bimport\b|\binput_filename\b|\bget_search_list\b|\bmodulemeta\b|\bsplits?_env\b`)

func queries(p parsed) string {
	for _, o := range p.operands {
		if o.glob && o.text == p.operands[0].text {
			return unclear
		}
		if jqReach.MatchString(o.text) {
			return "its program reads the environment or another program"
		}
	}
	return ""
}

// yqReach is what a yq program needs to read elsewhere or to run another one.
var yqReach = regexp.MustCompile(`load|env|eval|system|exec|input|split_doc|include|import|\$__`)

func yq(p parsed) string {
	for i, o := range p.operands {
		if i == 0 && (o.text == "e" || o.text == "eval" || o.text == "ea" || o.text == "eval-all") {
			continue
		}
		if o.glob && i < 2 || yqReach.MatchString(o.text) {
			return "its program may read elsewhere or run another one"
		}
	}
	return ""
}
