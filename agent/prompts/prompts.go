// Package prompts holds what a model is told beside the thread: the hard rules,
// what each profile is for, and an Org's plain-language policies. What must hold
// is held by policy and tiers; these texts only guide. It must never know a
// provider, chat, or how rights are decided.
package prompts

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
)

//go:embed rules.md profiles/*.md
var files embed.FS

// defaultProfile serves each profile that has no file of its own.
const defaultProfile = "default"

// Stack is a stack whose policies a thread is told.
type Stack struct{ Name, Environment string }

// Set is all prompts of an installation, read once. It is immutable and safe for
// concurrent use: to read changed files, Load another one.
type Set struct {
	rules    string
	profiles map[string]string
	policies map[string]map[string]policy // by Org, then by the file's path
}

// Load reads the policies of each Org from its folder; an empty name of a folder
// is none. The error joins all that is wrong, each with its file.
func Load(dirs map[string]string) (*Set, error) {
	s := &Set{profiles: map[string]string{}, policies: map[string]map[string]policy{}}
	errs := []error{s.loadOwn()}
	for _, org := range slices.Sorted(maps.Keys(dirs)) {
		if dirs[org] == "" {
			continue
		}
		all, err := readPolicies(os.DirFS(dirs[org]), dirs[org])
		s.policies[org] = all
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

// loadOwn reads the prompts that are part of the program.
func (s *Set) loadOwn() error {
	rules, err := files.ReadFile("rules.md")
	if err != nil {
		return fmt.Errorf("read rules: %w", err)
	}
	s.rules = strings.TrimSpace(string(rules))
	all, err := fs.Glob(files, "profiles/*.md")
	if err != nil {
		return fmt.Errorf("list profiles: %w", err)
	}
	for _, name := range all {
		text, err := files.ReadFile(name)
		if err != nil {
			return fmt.Errorf("read profile: %w", err)
		}
		s.profiles[strings.TrimSuffix(path.Base(name), ".md")] = strings.TrimSpace(string(text))
	}
	return nil
}

// Brief is what a thread's model is told, in sections, the most stable first:
// the rules, the profile, the Org's policy, the stacks of the thread's channel,
// then the policies of their environments and their own. A profile without a
// file gets the default one. The same arguments, in any order of the stacks,
// give the same bytes.
func (s *Set) Brief(org, profile string, stacks []Stack) []string {
	words, ok := s.profiles[profile]
	if !ok {
		words = s.profiles[defaultProfile]
	}
	common, own := s.digest(org, stacks)
	return slices.Concat([]string{s.rules, words}, common, []string{channel(stacks)}, own)
}

// channel names the stacks of the thread's channel: a model that has to guess a
// name spends calls on it.
func channel(stacks []Stack) string {
	const title = "# Stacks of this channel\n\n"
	if len(stacks) == 0 {
		return title + "None. Whoever asks about a stack must ask in a channel of that stack: say so."
	}
	var lines []string
	for _, st := range stacks {
		lines = append(lines, fmt.Sprintf("- %s, environment %s", st.Name, st.Environment))
	}
	slices.Sort(lines)
	return title + strings.Join(slices.Compact(lines), "\n")
}
