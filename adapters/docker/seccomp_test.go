package docker

import (
	"slices"
	"strings"
	"testing"

	engine "github.com/moby/profiles/seccomp"
)

// Our filter is no wider than the one that engines have by themselves, for a process
// without capabilities; and it is narrower.
func TestFilterIsNoWider(t *testing.T) {
	t.Parallel()
	var theirs []string
	for _, rule := range engine.DefaultProfile().Syscalls {
		if rule.Action != "SCMP_ACT_ALLOW" || rule.Includes != nil && len(rule.Includes.Caps) > 0 {
			continue
		}
		theirs = append(theirs, rule.Names...)
	}
	mine := strings.Fields(calls)
	for _, name := range mine {
		if !slices.Contains(theirs, name) {
			t.Errorf("%s is not allowed by the engine's own", name)
		}
	}
	for _, name := range []string{"ptrace", "process_vm_readv", "io_uring_setup", "name_to_handle_at", "shmget", "vmsplice", "keyctl", "bpf"} {
		if slices.Contains(mine, name) {
			t.Errorf("%s is allowed", name)
		}
	}
	if !slices.Contains(theirs, "ptrace") || len(theirs) <= len(mine) {
		t.Error("the engine's own list was not read")
	}
}
