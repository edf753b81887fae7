package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// idleLimit is how long a session's container waits for its next command. Its
// workspace stays as long as the session is kept.
const idleLimit = 15 * time.Minute

// young is the age below which a folder without an owner may still be in the
// making by another process.
const young = time.Minute

// Keep says whether something is still wanted. The call is empty for what
// belongs to the session as a whole.
type Keep = func(ctx context.Context, org, session, call string) bool

// Sweep removes containers and folders of this instance that are not kept, and
// containers of sessions that were idle for long. Run it at the start and every
// minute. What is in use by this process is passed by.
func (s *Sandbox) Sweep(ctx context.Context, keep Keep) (removed int, err error) {
	boxes, err := s.cli.ContainerList(ctx, client.ContainerListOptions{
		All: true, Filters: client.Filters{}.Add("label", labelInstance+"="+s.o.Instance),
	})
	if err != nil {
		return 0, s.wrap("list containers", err)
	}
	for _, box := range boxes.Items {
		gone, rerr := s.sweepContainer(ctx, box, keep)
		err = errors.Join(err, rerr)
		if gone {
			removed++
		}
	}
	err = errors.Join(err, s.dropStale(ctx, false))
	for _, sub := range []string{callsDir, workspacesDir, sparesDir} {
		n, serr := s.sweepFolders(ctx, filepath.Join(s.o.DataDir, sub), keep)
		removed += n
		err = errors.Join(err, serr)
	}
	return removed, errors.Join(err, s.sweepInside(boxes.Items), s.sweepMakers())
}

func (s *Sandbox) sweepContainer(ctx context.Context, box container.Summary, keep Keep) (gone bool, err error) {
	org, session, call := box.Labels[labelOrg], box.Labels[labelSession], box.Labels[labelCall]
	name := strings.TrimPrefix(strings.Join(box.Names[:min(len(box.Names), 1)], ""), "/")
	idle := box.Labels[labelKind] == kindSession && time.Since(s.lastUse(name, box.Created)) > idleLimit
	if session == "" { // it was made before there was one
		o, err := s.ownerOf(name, box.Labels[labelInside])
		session, call = o.Session, o.Call
		_, other, dead := s.madeBy(box.Labels[labelInside])
		if s.isSpare(name) || err != nil && (other || !dead && !s.isResident(name) && time.Since(time.Unix(box.Created, 0)) < s.young) {
			return false, nil
		}
	}
	if s.inUse(name) || !idle && session != "" && keep(ctx, org, session, call) {
		return false, nil
	}
	unlock, free := s.tryLock(name) // a command that comes now waits, and then makes a new one
	if !free {
		return false, nil
	}
	defer unlock()
	if box.Labels[labelKind] == kindSession {
		err = s.dismiss(ctx, name)
		s.rest(ctx, filepath.Join(s.o.DataDir, workspacesDir, name))
	} else {
		err = s.remove(ctx, box.ID)
	}
	return err == nil, err
}

// ownerOf is whose a container is: that of the folder with its name, or, when a
// process was killed in between, of the one that it was made with.
func (s *Sandbox) ownerOf(name, inside string) (o owner, err error) {
	for _, dir := range []string{filepath.Join(s.o.DataDir, workspacesDir, name), s.callDir(name), s.blankDir(inside)} {
		if o, err = readOwner(dir); err == nil {
			return o, nil
		}
	}
	return o, err
}

// sweepInside removes the folders of sockets whose container is gone.
func (s *Sandbox) sweepInside(boxes []container.Summary) (err error) {
	dir := filepath.Join(s.o.DataDir, insideSub)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("list sockets: %w", err)
	}
	for _, e := range entries {
		used := slices.ContainsFunc(boxes, func(b container.Summary) bool { return b.Labels[labelInside] == e.Name() })
		_, other, dead := s.madeBy(e.Name())
		if fi, ferr := e.Info(); !e.IsDir() || used || other || ferr != nil || !dead && time.Since(fi.ModTime()) < s.young {
			continue
		}
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

// isResident tells whether a session of this process has the container.
func (s *Sandbox) isResident(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.residents[name] != nil
}

func (s *Sandbox) inUse(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.locks[name] != nil
}

// lastUse is when a session's container served last, as far as is known here.
func (s *Sandbox) lastUse(name string, created int64) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := s.used[name]; ok {
		return t
	}
	return time.Unix(created, 0)
}

// sweepFolders looks at the folders after the containers: a folder never goes
// before what has it mounted.
func (s *Sandbox) sweepFolders(ctx context.Context, dir string, keep Keep) (removed int, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, fmt.Errorf("list folders: %w", err)
	}
	for _, e := range entries {
		at := filepath.Join(dir, e.Name())
		if s.inUse(e.Name()) || s.isSpare(e.Name()) {
			continue
		}
		o, oerr := readOwner(at)
		if oerr == nil && keep(ctx, o.Org, o.Session, o.Call) {
			continue
		}
		_, other, dead := s.madeBy(e.Name())
		if fi, ferr := e.Info(); oerr != nil && (other || !dead && ferr == nil && time.Since(fi.ModTime()) < s.young) {
			continue
		}
		if rerr := s.discard(at); rerr != nil {
			err = errors.Join(err, rerr)
			continue
		}
		s.forget(e.Name())
		removed++
	}
	return removed, err
}

func (s *Sandbox) forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.used, name)
}
