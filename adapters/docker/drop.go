package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/moby/moby/client"
)

// Drop removes all that one session has, and nothing else: it is for who ran
// something once, perhaps beside a process that serves.
func (s *Sandbox) Drop(ctx context.Context, org, session string) error {
	boxes, err := s.cli.ContainerList(ctx, client.ContainerListOptions{
		All:     true,
		Filters: client.Filters{}.Add("label", labelInstance+"="+s.o.Instance, labelOrg+"="+org, labelSession+"="+session),
	})
	if err != nil {
		return s.wrap("list containers", err)
	}
	err = s.dismiss(ctx, s.hashed(kindSession, org, session))
	for _, box := range boxes.Items {
		err = errors.Join(err, s.remove(ctx, box.ID))
	}
	for _, sub := range []string{callsDir, workspacesDir} {
		dir := filepath.Join(s.o.DataDir, sub)
		entries, rerr := os.ReadDir(dir)
		if rerr != nil {
			return errors.Join(err, fmt.Errorf("list folders: %w", rerr))
		}
		for _, e := range entries {
			at := filepath.Join(dir, e.Name())
			if o, oerr := readOwner(at); oerr == nil && o.Org == org && o.Session == session {
				if sub == callsDir {
					err = errors.Join(err, s.remove(ctx, e.Name()))
				}
				err = errors.Join(err, s.discard(at))
			}
		}
	}
	return err
}
