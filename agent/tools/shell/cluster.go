package shell

import (
	"slices"
	"strings"
)

// kubectl reads where its own kubeconfig leads; another one can run programs,
// and --raw, --as and --server reach what its user did not mean.
func kubectl(args []word) string {
	list := grammar{
		flags: "AwR", values: "olL",
		long:  "all-namespaces show-labels no-headers watch watch-only ignore-not-found recursive show-kind show-managed-fields show-events",
		longv: "output selector field-selector sort-by label-columns chunk-size template subresource",
	}
	top := grammar{flags: "A", values: "l", long: "all-namespaces containers no-headers sum", longv: "selector field-selector sort-by"}
	show := grammar{values: "o", long: "minify flatten merge no-headers", longv: "output"}
	subs := map[string]grammar{
		"get": list, "describe": list,
		"logs": {
			flags: "fp", values: "cl", long: "follow previous timestamps all-containers all-pods prefix ignore-errors",
			longv: "container selector since since-time tail max-log-requests limit-bytes pod-running-timeout",
		},
		"explain":         {long: "recursive", longv: "api-version output"},
		"version":         {values: "o", long: "client short", longv: "output", no: true},
		"api-resources":   {values: "o", long: "no-headers cached namespaced", longv: "api-group verbs output sort-by categories", no: true},
		"api-versions":    {no: true},
		"cluster-info":    {no: true},
		"events":          {flags: "Aw", values: "o", long: "all-namespaces watch no-headers", longv: "for types output"},
		"wait":            {flags: "A", values: "l", long: "all all-namespaces", longv: "for timeout selector field-selector"},
		"rollout status":  {flags: "w", values: "l", long: "watch", longv: "revision timeout selector"},
		"rollout history": {values: "ol", longv: "revision output selector template"},
		"auth can-i":      {flags: "Aq", long: "list quiet no-headers all-namespaces", longv: "subresource"},
		"auth whoami":     {values: "o", longv: "output", no: true},
	}
	each(subs, top, "top pod", "top pods", "top po", "top node", "top nodes", "top no")
	each(subs, show, "config view", "config get-contexts", "config current-context", "config get-clusters", "config get-users")
	return program{all: grammar{values: "n", longv: "namespace context request-timeout"}, subs: subs}.read(args)
}

// helm reads releases; a chart that is fetched from an address is no read.
func helm(args []word) string {
	list := grammar{
		flags: "Aaqdr", values: "olmf",
		long:  "all-namespaces all short date reverse pending failed deployed uninstalled uninstalling superseded no-headers",
		longv: "output selector max filter offset time-format",
	}
	get := grammar{flags: "a", values: "o", long: "all", longv: "output revision template"}
	subs := map[string]grammar{
		"status":  {values: "o", long: "show-resources show-desc", longv: "output revision"},
		"version": {long: "short", longv: "template", no: true}, "env": {no: true},
		"search repo": {flags: "lr", values: "o", long: "versions devel regexp fail-on-no-result", longv: "output version max-col-width"},
		"plugin list": {}, "plugin ls": {}, "repo list": {values: "o", longv: "output", no: true}, "repo ls": {values: "o", longv: "output", no: true},
		"dependency list": {}, "dependency ls": {}, "dep list": {}, "dep ls": {},
	}
	each(subs, list, "list", "ls")
	subs["lint"] = grammar{values: "f", long: "strict quiet with-subcharts", longv: "values set set-string"}
	subs["template"] = grammar{values: "fs", long: "include-crds skip-tests no-hooks", longv: "values set set-string show-only api-versions kube-version"}
	each(subs, grammar{values: "o", longv: "output max"}, "history", "hist")
	each(subs, get, "get all", "get values", "get manifest", "get notes", "get hooks", "get metadata")
	each(subs, grammar{long: "devel", longv: "version jsonpath"}, "show all", "show chart", "show values", "show readme", "show crds")
	each(subs, grammar{long: "devel", longv: "version jsonpath"}, "inspect all", "inspect chart", "inspect values", "inspect readme", "inspect crds")
	return program{all: grammar{values: "n", longv: "namespace kube-context"}, subs: subs, check: local}.read(args)
}

// local refuses what helm fetches from elsewhere to render it, or is told to by
// an address.
func local(name string, p parsed) string {
	all := slices.Clone(p.operands)
	for _, values := range p.values {
		for _, v := range values {
			all = append(all, word{text: v})
		}
	}
	chart := p.at(len(p.operands) - 1)
	switch {
	case slices.ContainsFunc(all, func(w word) bool { return strings.Contains(w.text, "://") }):
		return "it fetches from an address"
	case name == "template" && !strings.HasPrefix(chart, ".") && !strings.HasPrefix(chart, "/"):
		return "its chart is not a local folder"
	}
	return ""
}

func docker(args []word) string {
	format := grammar{values: "f", longv: "format"}
	list := grammar{flags: "aqls", values: "nf", long: "all quiet no-trunc size latest digests tree", longv: "filter format last"}
	logs := grammar{flags: "ft", values: "n", long: "follow timestamps details no-color no-log-prefix", longv: "since until tail"}
	inspect := grammar{flags: "s", values: "f", long: "size verbose pretty", longv: "format type"}
	stats := grammar{flags: "a", long: "all no-stream no-trunc", longv: "format"}
	subs := map[string]grammar{
		"history": {flags: "Hq", long: "human quiet no-trunc", longv: "format"}, "system df": {flags: "v", long: "verbose", longv: "format"},
		"events": {values: "f", longv: "since until filter format"}, "compose version": {no: true}, "compose config": {flags: "q", long: "quiet services images volumes profiles"}, "buildx version": {no: true},
	}
	subs["image history"] = subs["history"]
	each(subs, format, "version", "info", "system info", "context show")
	each(subs, list, "ps", "images", "image ls", "image list", "container ls", "container ps", "container list", "volume ls", "network ls", "node ls",
		"service ls", "service ps", "stack ls", "stack ps", "stack services", "context ls", "compose ps", "compose ls", "compose images", "buildx ls", "buildx du")
	each(subs, logs, "logs", "container logs", "service logs", "compose logs")
	each(subs, inspect, "inspect", "image inspect", "container inspect", "volume inspect", "network inspect", "node inspect", "service inspect", "context inspect")
	each(subs, stats, "stats", "container stats")
	each(subs, grammar{}, "top", "port", "diff", "container top", "container port", "container diff", "compose top")
	if len(args) == 1 && args[0].lit && args[0].text == "--version" {
		return ""
	}
	return program{subs: subs}.read(args)
}

func github(args []word) string {
	list := grammar{
		values: "LslAaBHSqtwub", long: "draft archived fork all",
		longv: "limit state label author assignee base head search json jq template workflow branch user status milestone language visibility topic key order sort repo",
	}
	view := grammar{flags: "c", values: "qtj", long: "comments log log-failed verbose exit-status required", longv: "json jq template job repo branch"}
	subs := map[string]grammar{"pr diff": {long: "name-only patch", longv: "repo color"}, "auth status": {no: true}}
	each(subs, list, "pr list", "issue list", "run list", "repo list", "release list", "workflow list", "label list", "cache list", "pr status", "issue status")
	each(subs, view, "pr view", "pr checks", "issue view", "run view", "repo view", "release view", "workflow view")
	for name, g := range subs {
		g.values += "R"
		subs[name] = g
	}
	return program{subs: subs}.read(args)
}
