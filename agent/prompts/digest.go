package prompts

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// largestDigest is the most bytes of policies that one thread is told: they must
// leave room for the thread.
const largestDigest = 24 << 10

// orgPath is the file that holds for all of an Org.
const orgPath = "org.md"

// digest is the policies that hold in a thread, a section each: what is common to
// all threads of the Org, and what is of these stacks. Check finds beforehand
// what does not fit; should it come to that, the model is told what it misses.
func (s *Set) digest(org string, stacks []Stack) (common, own []string) {
	size := 0
	var out []string
	for _, path := range paths(stacks) {
		p := s.policies[org][path]
		if p.text == "" {
			continue
		}
		text := section(path, p)
		if size+len(text) > largestDigest {
			out = append(out, title(path))
			continue
		}
		size += len(text)
		if path == orgPath {
			common = append(common, text)
			continue
		}
		own = append(own, text)
	}
	if len(out) > 0 {
		own = append(own, "# Policies left out\n\nFor want of room you were not told the policy of "+strings.Join(out, ", of ")+
			".\nChange nothing there: tell people so, and that their policies must be shortened.")
	}
	return common, own
}

// paths names the files that hold for these stacks, in the order in which they
// are told.
func paths(stacks []Stack) []string {
	var environments, own []string
	for _, st := range stacks {
		environments = append(environments, "environments/"+st.Environment+".md")
		own = append(own, "stacks/"+st.Name+".md")
	}
	slices.Sort(environments)
	slices.Sort(own)
	return slices.Concat([]string{orgPath}, slices.Compact(environments), slices.Compact(own))
}

func section(path string, p policy) string {
	return fmt.Sprintf("# Policy of %s, version %s\n\n%s", title(path), p.version, p.text)
}

func title(path string) string {
	kind, name, _ := strings.Cut(strings.TrimSuffix(path, ".md"), "/")
	switch kind {
	case "environments":
		return "environment " + name
	case "stacks":
		return "stack " + name
	}
	return "the organisation"
}

// Check tells whether the policies of one channel's stacks fit into a prompt. The
// error names each file with its size in bytes.
func (s *Set) Check(org string, stacks []Stack) error {
	size := 0
	var all []string
	for _, path := range paths(stacks) {
		if p := s.policies[org][path]; p.text != "" {
			n := len(section(path, p))
			size += n
			all = append(all, fmt.Sprintf("%s (%d)", path, n))
		}
	}
	if size <= largestDigest {
		return nil
	}
	return fmt.Errorf("the policies of one channel have %d bytes, at most %d are told: shorten or merge %s", size, largestDigest, strings.Join(all, ", "))
}

// Unused lists the files that none of an Org's stacks is told, for example for a
// name that is misspelt.
func (s *Set) Unused(org string, stacks []Stack) (unused []string) {
	told := paths(stacks)
	for _, path := range slices.Sorted(maps.Keys(s.policies[org])) {
		if !slices.Contains(told, path) {
			unused = append(unused, path)
		}
	}
	return unused
}

// Versions lists an Org's policies as "PATH VERSION", in order of their paths.
func (s *Set) Versions(org string) (all []string) {
	for _, path := range slices.Sorted(maps.Keys(s.policies[org])) {
		all = append(all, path+" "+s.policies[org][path].version)
	}
	return all
}
