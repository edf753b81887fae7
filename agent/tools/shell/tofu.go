package shell

import (
	"slices"
	"strings"
)

// tofuOptions are the sub-commands that only read, with their options. OpenTofu
// writes its options with one dash or two. A plan is not here: it runs the
// code's providers, where the code may have been edited.
var tofuOptions = map[string]string{
	"version": "json", "-version": "", "--version": "", "-v": "",
	"show": "json no-color", "output": "json raw no-color", "providers": "", "providers schema": "json", "graph": "draw-cycles",
	"state list": "", "state show": "json no-color", "state pull": "", "workspace list": "", "workspace show": "",
	"fmt": "check diff recursive list list=false list=true no-color write=false",
}

func terraform(args []word) string {
	for _, w := range args {
		if !w.lit || w.loose || w.glob && strings.HasPrefix(w.text, "-") {
			return unclear
		}
	}
	name, rest := tofuName(args)
	if name == "plan" {
		return "a plan runs the code's providers; tofu_plan does that in a container of its own"
	}
	allowed, known := tofuOptions[name]
	checks := false
	for _, w := range rest {
		if !strings.HasPrefix(w.text, "-") {
			continue
		}
		o := strings.TrimPrefix(strings.TrimPrefix(w.text, "-"), "-")
		if !slices.Contains(fields(allowed), o) && (name != "state list" || !strings.HasPrefix(o, "id=")) {
			return "option " + w.text + " is not known to only read"
		}
		checks = checks || o == "check" || o == "write=false"
	}
	switch {
	case !known:
		return unknownSub
	case name == "providers" && len(rest) > 0:
		return unknownSub
	case name == "fmt" && !checks:
		return "it rewrites files"
	}
	return ""
}

func tofuName(args []word) (name string, rest []word) {
	if len(args) == 0 || args[0].glob {
		return "", nil
	}
	name, rest = args[0].text, args[1:]
	two := len(rest) > 0 && !rest[0].glob && slices.Contains(fields("state workspace providers"), name)
	if two && !strings.HasPrefix(rest[0].text, "-") {
		return name + " " + rest[0].text, rest[1:]
	}
	return name, rest
}
