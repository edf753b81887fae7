package main

import (
	"fmt"
	"os"
	"path/filepath"

	"gopkg.in/yaml.v3"
)

// furnish writes what the scenario has instead of the demo's.
func (s *scene) furnish(sc scenario) {
	s.Helper()
	for name, b := range sc.repo {
		s.write(filepath.Join(s.world.repo, name), b)
	}
	if len(sc.repo) > 0 {
		if err := s.world.commit("as the scenario has it"); err != nil {
			s.Fatal(err)
		}
	}
	for name, b := range sc.world {
		s.write(filepath.Join(s.world.world, name), b)
	}
	for i, b := range sc.scripts {
		s.write(filepath.Join(s.world.dir, "script", fmt.Sprintf("%d-%s.txtar", i, sc.name)), b)
	}
	old, err := os.ReadFile(s.world.config)
	if err != nil {
		s.Fatal(err)
	}
	b, err := merged(old, []byte(scenePeople), []byte("model: {script: "+filepath.Join(s.world.dir, "script")+"}"), sc.config)
	if err != nil {
		s.Fatal(err)
	}
	s.write(s.world.config, b)
}

// scenePeople adds a second approver to the demo's people.
const scenePeople = `orgs: {acme: {people: {dave: {name: Dave, roles: [approver]}}}}`

func (s *scene) write(path string, b []byte) {
	s.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o666); err != nil { //nolint:gosec // the sandbox must be able to mend the world
		s.Fatal(err)
	}
	if err := os.Chmod(path, 0o666); err != nil { //nolint:gosec // as above, whatever the umask
		s.Fatal(err)
	}
}

// merged lays YAML documents over each other: maps are joined, all else is replaced.
func merged(docs ...[]byte) ([]byte, error) {
	all := map[string]any{}
	for _, d := range docs {
		var m map[string]any
		if err := yaml.Unmarshal(d, &m); err != nil {
			return nil, fmt.Errorf("read config.yaml: %w", err)
		}
		lay(all, m)
	}
	return yaml.Marshal(all)
}

func lay(over, m map[string]any) {
	for k, v := range m {
		was, _ := over[k].(map[string]any)
		if now, ok := v.(map[string]any); ok && was != nil {
			lay(was, now)
			continue
		}
		over[k] = v
	}
}

func (s *scene) snapshot() map[string]string {
	s.Helper()
	files := map[string]string{}
	for _, path := range []string{filepath.Join(s.world.world, "*.json"), filepath.Join(s.world.state, "terraform.tfstate")} {
		names, err := filepath.Glob(path)
		if err != nil {
			s.Fatal(err)
		}
		for _, n := range names {
			b, err := os.ReadFile(n)
			if err != nil {
				s.Fatal(err)
			}
			files[filepath.Base(n)] = string(b)
		}
	}
	return files
}
