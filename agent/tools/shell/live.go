package shell

import (
	"regexp"
	"slices"
	"strings"

	"interlock/rbac"
)

// live tells what is surely a change or a destruction of live infrastructure.
// It only names what is refused anyway: nothing here lets a command run.
func live(name string, args []word) (rbac.Effect, string) {
	var words []string
	for _, w := range args {
		if w.lit {
			words = append(words, w.text)
		}
	}
	names := operandsOf(words)
	switch name {
	case "terraform", "tofu", "terragrunt":
		return liveTerraform(name, words, names)
	case "kubectl", "oc":
		return liveVerb(name, names, 0, "delete", "apply create patch edit scale label annotate set expose autoscale cordon uncordon drain taint replace run exec attach cp debug port-forward")
	case "pulumi", "cdk":
		return liveVerb(name, names, 0, "destroy", "up update deploy import refresh cancel bootstrap")
	case "eksctl", "doctl":
		return liveAny(name, names, "delete", "create update upgrade scale drain set apply")
	case "gsutil":
		return liveVerb(name, names, 0, "rm rb", "cp mv rsync mb setmeta")
	case "argocd", "flux":
		return liveAny(name, names, "delete uninstall", "create sync set rollback patch reconcile suspend resume bootstrap")
	case "ansible-playbook":
		return liveAnsible(words, names)
	case "helm":
		return liveVerb(name, names, 0, "uninstall delete del un", "install upgrade rollback")
	case "aws":
		return liveAWS(names)
	case "gcloud":
		return liveAny(name, names, "delete destroy", "create update deploy stop start reset resize add-iam-policy-binding remove-iam-policy-binding set-iam-policy patch")
	case "az":
		return liveAny(name, names, "delete purge", "create update start stop restart deallocate add remove set import")
	}
	return rbac.Unknown, ""
}

// valued are options before a verb whose value is the next word.
var valued = fields("--as --as-group -s --server --token --user --cluster -l --selector --query --filter --location --vault-name --name -n --namespace --context --kubeconfig --kube-context --region --profile --output -o --project --subscription -g --resource-group")

// operandsOf leaves options and the values of well-known ones out.
func operandsOf(words []string) (names []string) {
	for i, w := range words {
		if !strings.HasPrefix(w, "-") && (i == 0 || !slices.Contains(valued, words[i-1])) {
			names = append(names, w)
		}
	}
	return names
}

func liveTerraform(name string, words, names []string) (rbac.Effect, string) {
	if len(names) == 0 {
		return rbac.Unknown, ""
	}
	verb := names[0]
	if len(names) > 1 && slices.Contains(fields("state run-all workspace"), verb) {
		verb += " " + names[1]
	}
	switch {
	case verb == "destroy", verb == "run-all destroy", verb == "apply" && (slices.Contains(words, "-destroy") || slices.Contains(words, "--destroy")):
		return rbac.Destroy, name + " " + verb + " destroys live infrastructure"
	case slices.Contains(fields("apply import taint untaint refresh force-unlock"), verb), slices.Contains([]string{"run-all apply", "workspace new", "workspace delete", "state rm", "state mv", "state push", "state replace-provider"}, verb):
		return rbac.Change, name + " " + verb + " changes live infrastructure or its state"
	}
	return rbac.Unknown, ""
}

func liveAnsible(words, names []string) (rbac.Effect, string) {
	if len(names) == 0 || slices.ContainsFunc(words, func(w string) bool {
		return slices.Contains(fields("-C --check --syntax-check --list-hosts --list-tasks --list-tags"), w)
	}) {
		return rbac.Unknown, ""
	}
	return rbac.Change, "ansible-playbook changes live infrastructure"
}

func liveVerb(name string, names []string, at int, destroys, changes string) (rbac.Effect, string) {
	if len(names) <= at {
		return rbac.Unknown, ""
	}
	verb := names[at]
	if name == "kubectl" && verb == "rollout" && len(names) > 1 && slices.Contains(fields("restart undo pause resume"), names[1]) {
		return rbac.Change, "kubectl rollout " + names[1] + " changes live infrastructure"
	}
	return judged(name, verb, destroys, changes)
}

func liveAny(name string, names []string, destroys, changes string) (rbac.Effect, string) {
	for _, w := range names {
		if e, why := judged(name, w, destroys, changes); e != rbac.Unknown {
			return e, why
		}
		if slices.Contains(fields("list show describe ssh get read query"), w) {
			break
		}
	}
	return rbac.Unknown, ""
}

func judged(name, verb, destroys, changes string) (rbac.Effect, string) {
	switch {
	case slices.Contains(fields(destroys), verb):
		return rbac.Destroy, name + " " + verb + " destroys live infrastructure"
	case slices.Contains(fields(changes), verb):
		return rbac.Change, name + " " + verb + " changes live infrastructure"
	}
	return rbac.Unknown, ""
}

var (
	awsDestroys = regexp.MustCompile(`^(delete|terminate|deregister|purge|destroy|batch-delete)-`)
	awsChanges  = regexp.MustCompile(`^(create|put|update|modify|attach|detach|start|stop|run|reboot|add|remove|associate|disassociate|enable|disable|set|tag|untag|register|restore|invoke|authorize|revoke|allocate|release|import|reset|replace)(-|$)`)
)

func liveAWS(names []string) (rbac.Effect, string) {
	if len(names) < 2 {
		return rbac.Unknown, ""
	}
	switch op := names[1]; {
	case awsDestroys.MatchString(op), names[0] == "s3" && (op == "rm" || op == "rb"):
		return rbac.Destroy, "aws " + names[0] + " " + op + " destroys live infrastructure"
	case awsChanges.MatchString(op), names[0] == "s3" && slices.Contains(fields("cp mv sync mb"), op):
		return rbac.Change, "aws " + names[0] + " " + op + " changes live infrastructure"
	}
	return rbac.Unknown, ""
}
