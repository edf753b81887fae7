// Package files is what the file tools share: which paths they take, and how a
// command of theirs looks in the session's workspace. It must never run a
// shell string that arguments were put into, nor touch a file of this host.
package files

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

const limit = time.Minute // of one file command

// Args are the arguments that every file tool takes.
type Args struct{ Stack, Path string }

// Parse reads arguments into v, which embeds Args.
func Parse(raw json.RawMessage, v any) error {
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("read arguments: %w", err)
	}
	return nil
}

// Clean gives the path as a command takes it: below the repository and with
// "./" in front, so that no name is ever taken for an option.
func Clean(p string) (string, error) {
	switch {
	case strings.ContainsAny(p, "\x00\n\r"):
		return "", errors.New("path has a control character in it")
	case path.IsAbs(p):
		return "", fmt.Errorf("path %q is absolute: give it below the repository", p)
	}
	for part := range strings.SplitSeq(p, "/") {
		if part == ".." {
			return "", fmt.Errorf("path %q leads out of the repository", p)
		}
	}
	if c := path.Clean(p); c != "." {
		return "./" + c, nil
	}
	return ".", nil
}

// Place finds the stack and the path of a call; its error is told to the model.
func Place(ctx context.Context, stacks agent.Stacks, org string, a Args) (s agent.Stack, p string, err error) {
	s, err = stacks.Stack(ctx, org, a.Stack)
	if errors.Is(err, agent.ErrNotFound) {
		return s, "", fmt.Errorf("there is no stack %q", a.Stack)
	}
	if err != nil {
		return s, "", fmt.Errorf("read stack: %w", err)
	}
	p, err = Clean(a.Path)
	return s, p, err
}

// Action says what a file tool would do to a stack's workspace.
func Action(ctx context.Context, stacks agent.Stacks, org, tool string, a Args, e rbac.Effect) (rbac.Action, error) {
	s, _, err := Place(ctx, stacks, org, a)
	if err != nil {
		return rbac.Action{}, err
	}
	return rbac.Action{Tool: tool, Stack: s.Name, Environment: s.Environment, Effect: e}, nil
}

// Command runs argv in the stack's folder of the session's workspace, which is
// filled with the newest reviewed commit the first time.
func Command(ctx context.Context, stacks agent.Stacks, e agent.Env, c agent.ToolCall, stack string, argv ...string) agent.Command {
	return agent.Command{
		Org: e.Org, Session: e.Session, Call: c.ID, In: agent.InSession, Argv: argv, Dir: stack, Limit: limit,
		Seed: agent.Code(ctx, stacks, e.Org, stack, ""),
	}
}

// OK is a result with text that reviewed code, or this session itself, wrote.
// What a shell wrote before has made the session's label foreign already.
func OK(text string) agent.ToolResult {
	return agent.ToolResult{Text: text, Label: rbac.Label{Integrity: rbac.Trusted, Confidentiality: rbac.Internal}}
}

// Fail is a result that says why there is nothing.
func Fail(format string, args ...any) agent.ToolResult {
	r := OK(fmt.Sprintf(format, args...))
	r.Failed = true
	return r
}

// Ended says why a command did not do its work, in the command's own words.
func Ended(out agent.Output) agent.ToolResult {
	why := strings.TrimSpace(string(out.Stderr))
	switch {
	case out.Stopped:
		why = "it was stopped before it ended"
	case why == "":
		why = fmt.Sprintf("it ended with code %d", out.Code)
	case len(why) > 500:
		why = why[:500] + "..."
	}
	return Fail("not done: %s", why)
}

// Size is the most bytes of one answer: a little less than what the agent records
// whole, so that an answer is cut once, and by whole lines.
const Size = 15 << 10

// Lines splits output into lines of at most width bytes.
func Lines(out []byte, width int) (lines []string) {
	for line := range strings.Lines(string(out)) {
		line = strings.TrimRight(line, "\r\n")
		if len(line) > width {
			line = strings.ToValidUTF8(line[:width], "") + "..."
		}
		lines = append(lines, line)
	}
	return lines
}

// Fit keeps the first lines that are at most so many and together within Size,
// and tells how many are left out.
func Fit(lines []string, most int) (kept []string, left int) {
	size := 0
	for i, line := range lines {
		size += len(line) + 1
		if i == most || size > Size {
			return lines[:i], len(lines) - i
		}
	}
	return lines, 0
}
