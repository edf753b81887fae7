package git

import (
	"context"
)

// HistoryWithin is History with a smaller limit.
func HistoryWithin(ctx context.Context, s *Source, dir, commit string, most int64) (map[string][]byte, error) {
	st, c, err := s.open(dir, "web", commit)
	if err != nil {
		return nil, err
	}
	defer func() { _ = st.Close() }()
	o, err := openPacks(st)
	if err != nil {
		return nil, err
	}
	defer o.close()
	p, err := o.pack(ctx, c.Hash, most)
	if err != nil {
		return nil, err
	}
	index, err := indexOf(ctx, st, c)
	return folder(p, index, c.Hash, commit), err
}
