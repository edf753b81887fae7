package keep

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"interlock/agent"
	"interlock/agent/tools/tofu"
)

// putLimit is for one file.
const putLimit = time.Minute

// stdinLimit is the most that a command takes as input, in bytes.
const stdinLimit = 64 << 10

// put writes a file whose content is still one of two: as it was reviewed, or as a lost
// try of this call left it. What people or a model edited there is theirs.
const put = `case $(sha256sum <"$1" | cut -d" " -f1) in
"$2"|"$3") ;;
*) echo "it has other edits" >&2; exit 3 ;;
esac
cat >"$1.interlock-tmp" && mv -f -- "$1.interlock-tmp" "$1"`

// place puts the edited files into the session's own copy, and says what is there.
func (t Tool) place(ctx context.Context, e agent.Env, c agent.ToolCall, src tofu.Source, edited map[string][]byte) (string, error) {
	var kept []string
	for i, name := range slices.Sorted(maps.Keys(edited)) {
		if len(edited[name]) > stdinLimit {
			kept = append(kept, tofu.Line(name)+" is too large")
			continue
		}
		out, err := e.Box.Exec(ctx, agent.Command{
			Org: e.Org, Session: e.Session, Call: fmt.Sprintf("%s/put/%d", c.ID, i), In: agent.InSession, Limit: putLimit,
			Argv: []string{"sh", "-c", put, "sh", "./" + name, sum(src.Files[name]), sum(edited[name])}, Dir: src.Stack.Name,
			Stdin: edited[name], Seed: agent.Code(ctx, t.Deps.Stacks, e.Org, src.Stack.Name, src.Commit),
		})
		if err != nil {
			return "", fmt.Errorf("put into copy: %w", err)
		}
		if out.Code != 0 || out.Stopped {
			kept = append(kept, tofu.Line(name)+": "+tofu.Line(strings.TrimSpace(tofu.Excerpt(out.Stderr))))
		}
	}
	if len(kept) > 0 {
		return "Not put into this session's copy of the code: " + strings.Join(kept, "; ") + ".", nil
	}
	return "The edited code is in this session's copy.", nil
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
