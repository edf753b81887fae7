package pagerduty

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ask reads page after page, as PagerDuty promises no order: whoever is on call now
// may be on the last.
func (s *Schedule) ask(ctx context.Context, now time.Time) ([]Turn, error) {
	ctx, done := context.WithTimeout(ctx, askTime)
	defer done()
	var turns []Turn
	offset := 0
	for range mostPages {
		b, err := s.page(ctx, now, offset)
		if err != nil {
			return nil, err
		}
		found, read, more, err := readTurns(b)
		if err != nil {
			return nil, err
		}
		turns, offset = append(turns, found...), offset+read
		if !more || read == 0 {
			break
		}
	}
	return inOrder(turns), nil
}

// page reads the answer from an entry on.
func (s *Schedule) page(ctx context.Context, now time.Time, offset int) ([]byte, error) {
	q := url.Values{
		"schedule_ids[]": {s.ID}, "include[]": {"users"}, "time_zone": {"UTC"}, "limit": {strconv.Itoa(perPage)}, "offset": {strconv.Itoa(offset)},
		"since": {now.UTC().Format(time.RFC3339)}, "until": {now.Add(ahead).UTC().Format(time.RFC3339)},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(cmp.Or(s.URL, DefaultAPI), "/")+"/oncalls?"+q.Encode(), nil)
	if err != nil {
		return nil, errors.New("its address is not one")
	}
	r.Header.Set("Authorization", "Token token="+s.Key)
	r.Header.Set("Accept", "application/vnd.pagerduty+json;version=2")
	client := s.Client
	if client == nil {
		client = &http.Client{}
	}
	res, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answered %s", res.Status)
	}
	return io.ReadAll(io.LimitReader(res.Body, onCallLimit+1))
}

// readTurns reads a page, tells how many entries it has, and whether others follow.
// What names nobody is left out.
func readTurns(b []byte) (turns []Turn, read int, more bool, err error) {
	if len(b) > onCallLimit {
		return nil, 0, false, fmt.Errorf("its answer is larger than %d bytes", onCallLimit)
	}
	var got struct {
		OnCalls []struct {
			User struct {
				Name    string `json:"name"`
				Summary string `json:"summary"`
				Email   string `json:"email"`
			} `json:"user"`
			Level int        `json:"escalation_level"`
			Start *time.Time `json:"start"`
			End   *time.Time `json:"end"`
		} `json:"oncalls"`
		More bool `json:"more"`
	}
	if err := json.Unmarshal(b, &got); err != nil {
		return nil, 0, false, errors.New("its answer cannot be read")
	}
	for _, o := range got.OnCalls {
		t := Turn{Name: cmp.Or(o.User.Name, o.User.Summary), Mail: o.User.Email, Level: o.Level}
		if o.Start != nil {
			t.From = o.Start.UTC()
		}
		if o.End != nil {
			t.Until = o.End.UTC()
		}
		if t.Name+t.Mail != "" {
			turns = append(turns, t)
		}
	}
	return turns, len(got.OnCalls), got.More, nil
}

// inOrder sorts turns, each once: the earliest first, then the lowest level.
func inOrder(turns []Turn) []Turn {
	var once []Turn
	for _, t := range turns {
		if !slices.Contains(once, t) {
			once = append(once, t)
		}
	}
	slices.SortStableFunc(once, func(a, b Turn) int { return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Level, b.Level)) })
	return once
}
