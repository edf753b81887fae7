package slack

import (
	"crypto/sha256"
	"slices"
	"sync"
	"time"
)

// mostUploaded bounds what is remembered; what was forgotten is uploaded once more.
const mostUploaded = 1000

// pictureFile is a picture in Slack. One that is not ready cannot be shown yet.
type pictureFile struct {
	id    string
	ready bool
}

// pictures remembers which files hold which pictures, by their content, so that a card
// that is redrawn uploads nothing. It is safe for concurrent use.
type pictures struct {
	mu    sync.Mutex
	files map[[sha256.Size]byte]pictureFile
	until time.Time // before it nothing is uploaded
}

func (s *pictures) find(key [sha256.Size]byte) (pictureFile, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.files[key]
	return f, ok
}

func (s *pictures) keep(key [sha256.Size]byte, f pictureFile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.files[key]; s.files == nil || !known && len(s.files) >= mostUploaded {
		s.files = map[[sha256.Size]byte]pictureFile{}
	}
	s.files[key] = f
}

// forget lets files go that Slack does not show any more.
func (s *pictures) forget(ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, f := range s.files {
		if slices.Contains(ids, f.id) {
			delete(s.files, key)
		}
	}
}

// rest keeps uploads away for a time: what failed just now would fail for each card.
func (s *pictures) rest(until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.until = until
}

func (s *pictures) rests(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return now.Before(s.until)
}
