package tofu

import (
	"context"

	"interlock/agent"
)

// Authors tells who changed the code of a stack last, as of a commit. Nil without an
// error is not known: there is no history, or it is too long to be looked through.
type Authors interface {
	Author(ctx context.Context, org, stack, commit string) (*agent.Authored, error)
}

// Authored is who changed the code last, if that is known. It is beside what a scan is
// for: what goes wrong there fails no scan.
func (d Deps) Authored(ctx context.Context, org, stack, commit string) *agent.Authored {
	if d.Authors == nil {
		return nil
	}
	by, err := d.Authors.Author(ctx, org, stack, commit)
	if err != nil {
		return nil
	}
	return by
}
