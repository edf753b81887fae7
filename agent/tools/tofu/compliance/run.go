package compliance

import (
	_ "embed" // for the script
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"interlock/agent"
)

// script is the one command of this tool.
//
//go:embed run.sh
var script string

// settings are tflint's, whatever a repository holds: a plugin is a program.
const settings = `config {
  call_module_type = "none"
}
plugin "terraform" {
  enabled = true
  preset  = "recommended"
}
`

// own are files by which a repository could tell a scanner to run something, or to look
// elsewhere.
var own = []string{".checkov.yml", ".checkov.yaml", ".tflint.hcl", ".tflint.json", "trivy.yaml", "trivy.yml"}

func command(e agent.Env, c agent.ToolCall, a args, s agent.Stack, files map[string][]byte) agent.Command {
	put := map[string][]byte{"tflint.hcl": []byte(settings)}
	for name, b := range files {
		if !slices.Contains(own, path.Base(name)) {
			put[path.Join("src", name)] = b
		}
	}
	return agent.Command{
		Org: e.Org, Session: e.Session, Call: c.ID, In: agent.InFresh, Files: put, Limit: limit, Image: s.Image,
		Argv: []string{"sh", "-c", script, "run.sh", a.Scanner, s.Directory, s.VarFile}, Needs: []string{"sh", a.Scanner},
		Collect: []string{"out/began", "out/report", "out/err", "out/code"},
	}
}

// scanner is how one of them is understood: by the exit codes that its documentation
// gives for a look that came to its end, with and without findings.
type scanner struct {
	clean, dirty int
	read         func([]byte) ([]breach, error)
}

var scanners = map[string]scanner{
	"checkov": {0, 1, checkov}, // 1 is also what it says when it fails: then there is no report
	"trivy":   {0, 0, trivy},
	"tflint":  {0, 2, tflint}, // 1 is an error
}

// missing is the customary exit code of a program that is not there.
const missing = 127

// judge tells what a scanner found, or why that is not known.
func judge(name string, out agent.Output) ([]breach, error) {
	s := scanners[name]
	began, report := out.Files["out/began"], out.Files["out/report"]
	code, err := strconv.Atoi(strings.TrimSpace(string(out.Files["out/code"])))
	switch {
	case out.Stopped:
		return nil, errors.New("it was stopped before it ended")
	case len(began) == 0 && out.Code == missing:
		return nil, fmt.Errorf("the image has no %s; name one that has it in stacks.NAME.image or in sandbox.image, see docs/images.md", name)
	case len(began) == 0:
		return nil, fmt.Errorf("the sandbox did not start it: %s", said(out.Stderr))
	case out.Truncated, len(report) > reportLimit:
		return nil, errors.New("its report is too large")
	case err != nil:
		return nil, errors.New("it was not seen to end")
	case code != s.clean && code != s.dirty:
		return nil, fmt.Errorf("it failed with code %d: %s", code, s.why(report, out.Files["out/err"]))
	}
	found, err := s.read(report)
	switch {
	case err != nil:
		return nil, fmt.Errorf("its report cannot be read: %w; it said: %s", err, said(out.Files["out/err"]))
	case len(found) > mostFindings:
		return nil, fmt.Errorf("it found %d breaches, more than the %d that can be kept; narrow its rules", len(found), mostFindings)
	case s.dirty != s.clean && (code == s.dirty) != (len(found) > 0):
		return nil, fmt.Errorf("it ended with code %d and reports %d findings, which does not fit", code, len(found))
	}
	return found, nil
}

// why is what a failed look says of itself: in its report, where that can be read, or
// beside it.
func (s scanner) why(report, beside []byte) string {
	if _, err := s.read(report); len(report) > 0 && err != nil && json.Valid(report) {
		return err.Error()
	}
	return said(beside, report)
}

// saidLimit is how much of a scanner's own words is told, in characters.
const saidLimit = 500

// said is the first output with something in it.
func said(outs ...[]byte) string {
	for _, b := range outs {
		if s := line(string(b), saidLimit); s != "" {
			return s
		}
	}
	return "nothing"
}
