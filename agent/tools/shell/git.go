package shell

import (
	"regexp"
	"slices"
	"strings"
)

const (
	revOptions  = "oneline graph all stat numstat shortstat dirstat summary name-only name-status decorate no-decorate pretty format abbrev-commit no-abbrev-commit abbrev full-history patch no-patch cached staged color no-color word-diff word-diff-regex ignore-all-space ignore-space-change ignore-blank-lines ignore-space-at-eol follow first-parent merges no-merges reverse tags branches remotes relative-date no-ext-diff no-textconv no-renames find-renames find-copies check raw quiet exit-code left-right left-only right-only cherry-pick cherry-mark merge-base topo-order date-order author-date-order simplify-by-decoration minimal patience histogram full-index no-index source boundary parents children count root no-prefix relative patch-with-stat cc show-pulls walk-reflogs compact-summary no-notes no-mailmap show-notes-by-default ancestry-path"
	revOptionsV = "since until after before author committer grep date diff-filter max-count skip unified diff-algorithm min-parents max-parents inter-hunk-context color-moved stat-width glob exclude"
)

// gitGrammars are the sub-commands that only read with these options.
var gitGrammars = map[string]grammar{
	"log":           {flags: "pswbizqPEFmcugt", values: "nSGLUMC", long: revOptions, longv: revOptionsV, number: true},
	"show":          {flags: "pswbizqmcu", values: "nSGLUMC", long: revOptions, longv: revOptionsV, number: true},
	"diff":          {flags: "pswbizqRumc", values: "SGUMC", long: revOptions, longv: revOptionsV},
	"whatchanged":   {flags: "pswbizq", values: "n", long: revOptions, longv: revOptionsV, number: true},
	"diff-tree":     {flags: "prszmtc", long: revOptions, longv: revOptionsV},
	"rev-list":      {values: "n", long: revOptions, longv: revOptionsV, number: true},
	"shortlog":      {flags: "snec", long: revOptions + " summary numbered email", longv: revOptionsV + " group"},
	"status":        {flags: "sbvz", values: "u", long: "short branch porcelain long verbose untracked-files ignored show-stash ahead-behind no-ahead-behind renames no-renames column no-column"},
	"blame":         {flags: "ltsfnewcbp", values: "LCM", long: "root show-name show-number show-email porcelain line-porcelain color-lines color-by-age", longv: "since date abbrev"},
	"ls-files":      {flags: "cdmoisutvz", values: "xX", long: "cached deleted modified others ignored stage unmerged killed exclude-standard full-name error-unmatch directory eol abbrev", longv: "exclude"},
	"ls-tree":       {flags: "rdtlz", long: "name-only name-status object-only full-name full-tree long abbrev format"},
	"cat-file":      {flags: "tpse", long: "batch-check"},
	"rev-parse":     {flags: "q", long: "abbrev-ref short verify show-toplevel show-prefix show-cdup git-dir is-inside-work-tree is-bare-repository symbolic symbolic-full-name all branches tags remotes quiet absolute-git-dir git-common-dir show-superproject-working-tree"},
	"describe":      {long: "tags all long always dirty abbrev exact-match contains first-parent", longv: "match exclude candidates"},
	"merge-base":    {flags: "a", long: "all octopus is-ancestor fork-point independent"},
	"name-rev":      {long: "tags name-only always all"},
	"show-ref":      {flags: "qds", long: "head heads tags verify dereference hash quiet abbrev exists branches"},
	"for-each-ref":  {long: "format sort count points-at merged no-merged contains no-contains color ignore-case"},
	"count-objects": {flags: "vH", long: "verbose human-readable"},
	"check-ignore":  {flags: "vnqz", long: "verbose non-matching quiet no-index"},
	"grep":          {flags: "niIlLwvEFGPhHcoqrazWp", values: "eABCm", long: "line-number ignore-case files-with-matches name-only files-without-match word-regexp invert-match extended-regexp fixed-strings perl-regexp basic-regexp count only-matching quiet cached untracked no-index recursive heading break column color no-color full-name show-function function-context text and or not all-match", longv: "max-depth threads after-context before-context context max-count"},
	"cherry":        {flags: "v", long: "verbose abbrev"},
	"version":       {long: "build-options"},
	"range-diff":    {long: revOptions, longv: revOptionsV},
	"show-branch":   {flags: "ar", long: "all remotes current list topo-order date-order no-color color sha1-name no-name"},
}

var gitGlobal = []string{"--no-pager", "-P", "--no-optional-locks", "--literal-pathspecs", "--no-replace-objects"}

// signatures are checked by a program that the repository's settings name.
var signatures = regexp.MustCompile(`%[-+ ]?G|%\(signature`)

// git reads only in the folder it runs in: another folder, or a setting on the
// command line, can name programs that it runs.
func git(args []word) string {
	if slices.ContainsFunc(args, func(w word) bool { return signatures.MatchString(w.text) }) {
		return "its format runs a program that checks signatures"
	}
	for len(args) > 0 && args[0].lit && slices.Contains(gitGlobal, args[0].text) {
		args = args[1:]
	}
	if len(args) == 0 || !args[0].lit {
		return "this sub-command is not known to only read"
	}
	name, args := args[0].text, args[1:]
	if name == "--version" {
		name = "version"
	}
	if g, ok := gitGrammars[name]; ok {
		_, why := g.parse(args)
		return why
	}
	switch name {
	case "branch":
		return gitList(grammar{flags: "avrlqi", long: "all remotes list verbose show-current no-color color column no-column merged no-merged no-abbrev ignore-case abbrev", longv: "contains no-contains sort format points-at"}, args, "--list", "-l", "--merged", "--no-merged")
	case "tag":
		return gitList(grammar{flags: "lin", long: "list column no-column merged no-merged color ignore-case", longv: "contains no-contains sort format points-at", number: true}, args, "--list", "-l", "--merged", "--no-merged")
	case "remote":
		return gitWords(grammar{flags: "v", long: "verbose all push"}, args, "", "get-url")
	case "reflog":
		return gitWords(gitGrammars["log"], args, "", "show", "exists")
	case "stash":
		return gitWords(gitGrammars["diff"], args, "list", "show")
	case "worktree":
		return gitWords(grammar{flags: "vz", long: "porcelain verbose"}, args, "list")
	case "notes":
		return gitWords(grammar{}, args, "list", "show")
	case "config":
		return gitConfig(args)
	}
	return name + " is not known to only read"
}

// gitList takes operands only as patterns of a listing.
func gitList(g grammar, args []word, lists ...string) string {
	p, why := g.parse(args)
	if why == "" && len(p.operands) > 0 && !p.has(lists...) {
		return "it may make or move a name"
	}
	return why
}

// gitWords takes a sub-command of these as the first word; the empty one is
// none at all.
func gitWords(g grammar, args []word, words ...string) string {
	p, why := g.parse(args)
	switch {
	case why != "":
		return why
	case len(p.operands) == 0:
		if slices.Contains(words, "") {
			return ""
		}
	case args[0].text == p.at(0) && slices.Contains(words, p.at(0)):
		return ""
	}
	return "this sub-command is not known to only read"
}

func gitConfig(args []word) string {
	p, why := grammar{
		flags: "lz", long: "list global local system worktree show-origin show-scope name-only null includes",
		longv: "get get-all get-regexp get-urlmatch type",
	}.parse(args)
	switch {
	case why != "":
		return why
	case p.has("--list", "-l", "--get", "--get-all", "--get-regexp", "--get-urlmatch"):
		return ""
	case len(p.operands) == 1 && (strings.Contains(p.at(0), ".") || p.at(0) == "list"), len(p.operands) == 2 && p.at(0) == "get" && p.at(1) != "":
		return ""
	}
	return "it may set a value"
}
