package shell

import (
	"regexp"
	"slices"
	"strings"
)

// wrapper judges the commands that run another one, or steer the next ones.
func (j *judge) wrapper(name string, args []word) (why string, known bool) {
	switch name {
	case "cd":
		j.moved = true
		return with(grammar{flags: "LP", most: 1})(args), true
	case "pushd":
		j.moved = true
		return with(grammar{most: 1})(args), true
	case "popd":
		j.moved = true
		return with(grammar{no: true})(args), true
	case "sh", "bash", "ash", "dash", "zsh", "eval", "sudo", "doas", "setsid", "watch", "busybox":
		return j.hidden(name, args), true
	case "find":
		return j.find(args), true
	case "xargs":
		return j.xargs(args), true
	case "env":
		return j.env(args), true
	case "command":
		if len(args) > 0 && args[0].lit && (args[0].text == "-v" || args[0].text == "-V") {
			return plain(args[1:]), true
		}
		return j.wrapped(args, "", "", 0), true
	case "nice":
		return j.wrapped(args, "", "n", 0), true
	case "ionice":
		return j.wrapped(args, "t", "cn", 0), true
	case "nohup":
		return j.wrapped(args, "", "", 0), true
	case "time":
		return j.wrapped(args, "pv", "", 0), true
	case "stdbuf":
		return j.wrapped(args, "", "ioe", 0), true
	case "timeout":
		return j.wrapped(args, "v", "ks", 1), true
	}
	return "", false
}

// hidden is a read only as "sh -c" with a text that is one. What a shell with
// other options, or another user, is plainly told to run may be worse than that.
func (j *judge) hidden(name string, args []word) string {
	if len(args) == 2 && slices.Contains(fields("sh ash dash bash"), name) && args[0].lit && args[0].text == "-c" && args[1].lit && !args[1].glob {
		j.nested(args[1].text)
		return ""
	}
	if version(args) == "" {
		return ""
	}
	i := 0
	for i < len(args) && args[i].lit && strings.HasPrefix(args[i].text, "-") {
		i++
	}
	shells := slices.Contains(fields("sh bash ash dash zsh"), name)
	switch {
	case i == len(args) || !args[i].lit:
	case name == "eval", shells && i > 0 && strings.HasSuffix(args[i-1].text, "c"):
		j.nested(args[i].text)
	case !shells:
		j.command(args[i:])
	}
	return "it runs what it is given"
}

func (j *judge) nested(src string) {
	if j.depth++; j.depth <= deepest {
		j.script(src)
	} else {
		j.execute("it is nested too deep to judge")
	}
	j.depth--
}

// wrapped judges the command after a wrapper's own short options and operands.
func (j *judge) wrapped(args []word, flags, values string, operands int) string {
	for len(args) > 0 && args[0].lit && strings.HasPrefix(args[0].text, "-") {
		w := args[0].text
		switch {
		case w == "--":
		case len(w) == 2 && strings.Contains(flags, w[1:]):
		case len(w) > 2 && w[1] != '-' && strings.Contains(values, w[1:2]):
		case len(w) == 2 && strings.Contains(values, w[1:]) && len(args) > 1 && args[1].lit && !args[1].glob:
			args = args[1:]
		default:
			return "option " + w + " is not known to only read"
		}
		args = args[1:]
		if w == "--" {
			break
		}
	}
	for ; operands > 0; operands-- {
		if len(args) == 0 || !args[0].lit || args[0].glob {
			return unclear
		}
		args = args[1:]
	}
	if len(args) == 0 {
		return "it names no command"
	}
	j.command(args)
	return ""
}

func (j *judge) env(args []word) string {
	for len(args) > 0 && args[0].lit {
		w := args[0].text
		name, _, assigns := strings.Cut(w, "=")
		switch {
		case w == "-u" && len(args) > 1 && args[1].lit && !args[1].glob:
			args = args[1:]
		case w == "-i", w == "-0", w == "-":
		case assigns && slices.Contains(steady, name) && steadyValue.MatchString(w[len(name)+1:]):
		case assigns:
			return "a variable is set, which can change what a command does"
		case strings.HasPrefix(w, "-"):
			return "option " + w + " is not known to only read"
		default:
			j.command(args)
			return ""
		}
		args = args[1:]
	}
	if len(args) > 0 {
		return unclear
	}
	return "" // it prints the environment
}

var (
	xargsValue = regexp.MustCompile(`^-[nPIdLsa]$`)
	xargsGiven = regexp.MustCompile(`^-([nPLs][0-9]+|I.+|d.+|0r|r0)$`)
)

// xargs adds words that nobody has seen: only a plain command may get them.
func (j *judge) xargs(args []word) string {
	for len(args) > 0 && args[0].lit && strings.HasPrefix(args[0].text, "-") {
		w := args[0].text
		switch {
		case slices.Contains([]string{"-0", "-r", "-t", "-x", "--null", "--no-run-if-empty"}, w):
		case xargsValue.MatchString(w) && len(args) > 1 && args[1].lit && (!args[1].glob || args[1].text == "{}"):
			args = args[1:]
		case xargsGiven.MatchString(w) && !args[0].glob || w == "-I{}":
		default:
			return "option " + w + " is not known to only read"
		}
		args = args[1:]
	}
	if len(args) == 0 {
		return ""
	}
	return j.handed(args)
}

// handed judges a command that gets words of unknown text.
func (j *judge) handed(args []word) string {
	if !args[0].lit || args[0].glob {
		return "which command runs is not literal"
	}
	if !plainly(strings.TrimPrefix(strings.TrimPrefix(args[0].text, "/usr"), "/bin/")) {
		j.command(args) // for what it is by itself
		return args[0].text + " gets words that are not known"
	}
	j.command(args)
	return ""
}

const (
	findTests  = " -name -iname -path -ipath -wholename -iwholename -regex -iregex -type -xtype -size -mtime -mmin -atime -amin -ctime -cmin -newer -anewer -cnewer -newermt -newerct -maxdepth -mindepth -user -group -uid -gid -perm -links -inum -samefile -fstype -lname -ilname -regextype -printf -used -context "
	findSwitch = " -print -print0 -ls -prune -depth -d -empty -readable -writable -executable -true -false -not -a -o -and -or ! ( ) , -L -H -P -follow -mount -xdev -noleaf -nouser -nogroup -daystart -ignore_readdir_race -warn -nowarn -quit -O1 -O2 -O3 "
)

// find has a language of its own. What it runs gets file names.
func (j *judge) find(args []word) string {
	if slices.ContainsFunc(args, func(w word) bool { return !w.lit }) {
		return unclear
	}
	for i := 0; i < len(args); i++ {
		w := args[i]
		switch {
		case !w.lit || w.loose || w.glob && strings.HasPrefix(w.text, "-"):
			return unclear
		case strings.Contains(findSwitch, " "+w.text+" "):
		case strings.Contains(findTests, " "+w.text+" "):
			if i++; i >= len(args) || !args[i].lit || args[i].glob {
				return unclear
			}
		case w.text == "-exec" || w.text == "-execdir":
			n := slices.IndexFunc(args[i:], func(w word) bool { return w.text == ";" || w.text == "+" })
			if n < 2 {
				return "what it runs is not understood"
			}
			run := slices.Clone(args[i+1 : i+n])
			if slices.ContainsFunc(run, func(w word) bool { return w.glob && w.text != "{}" }) {
				return unclear
			}
			for k := range run { // {} is a word that nobody has seen
				if strings.Contains(run[k].text, "{}") {
					run[k] = word{printed: true}
				}
			}
			if why := j.handed(run); why != "" {
				return why
			}
			i += n
		case strings.HasPrefix(w.text, "-"):
			return w.text + " is not known to only read"
		}
	}
	return ""
}

// awkReach is what an awk program needs to do more than read. Nothing of it is
// let pass in strings either: telling strings from patterns takes a whole parser.
var awkReach = regexp.MustCompile(`system|getline|close|fflush|ENVIRON|PROCINFO|SYMTAB|@|/inet|\\\n`)

func awk(p parsed) string {
	program := p.operands[0].text
	if p.operands[0].glob || slices.ContainsFunc(p.operands[1:], func(w word) bool { return strings.HasPrefix(w.text, "/inet") }) {
		return unclear
	}
	if awkReach.MatchString(program) || strings.Contains(strings.ReplaceAll(program, "||", ""), "|") {
		return "its program may run a command or write a file"
	}
	// Before the first action a > compares; in one it may write.
	_, action, _ := strings.Cut(program, "{")
	if strings.Contains(strings.ReplaceAll(action, ">=", ""), ">") {
		return "its program may write a file"
	}
	return ""
}
