package sandboxd

import (
	"fmt"
	"testing"
)

// The word to stop a command may come before, while and after it runs.
func TestStopComesAnyTime(t *testing.T) {
	t.Parallel()
	s := &Server{}
	stop := func(id string) {
		t.Helper()
		if _, err := s.stop(t.Context(), stopping{ID: id}); err != nil {
			t.Fatal(err)
		}
	}
	stop("early")
	ctx, done := s.begin(t.Context(), "early")
	if ctx.Err() == nil {
		t.Error("a command that was stopped before it came runs")
	}
	done()

	ctx, done = s.begin(t.Context(), "running")
	if ctx.Err() != nil {
		t.Error("a command was stopped that nobody stopped")
	}
	if stop("running"); ctx.Err() == nil {
		t.Error("a command runs on after it was stopped")
	}
	done()

	for i := range 3 * mostStopped {
		stop(fmt.Sprint("late ", i))
	}
	if len(s.stopped) > mostStopped || len(s.running) != 0 {
		t.Errorf("%d words are kept, %d run", len(s.stopped), len(s.running))
	}
}
