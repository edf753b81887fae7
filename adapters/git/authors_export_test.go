package git

import (
	"context"

	"interlock/agent"
)

// AuthorWithin is Author of a folder with a smaller limit of commits.
func AuthorWithin(ctx context.Context, s *Source, repository, dir, commit string, most int) (*agent.Authored, error) {
	r, c, err := s.open(repository, "web", commit)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	return author(ctx, r, c, dir, most)
}
