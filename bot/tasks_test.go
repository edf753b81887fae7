package bot

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestTasks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var done, busy, late atomic.Int64
		tasks := NewTasks(time.Second, func(_ context.Context, _ string, err error) {
			switch {
			case errors.Is(err, ErrBusy):
				busy.Add(1)
			case errors.Is(err, context.DeadlineExceeded):
				late.Add(1)
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // the chat's request is over: what follows goes on
		for range tasksAtOnce {
			tasks.Go(ctx, "slow", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		}
		synctest.Wait()
		for range tasksWaiting {
			tasks.Go(ctx, "quick", func(context.Context) error { done.Add(1); return nil })
		}
		synctest.Wait()
		if done.Load() != 0 || busy.Load() != tasksAtOnce {
			t.Errorf("%d were done before their turn, %d were dropped", done.Load(), busy.Load())
		}
		tasks.Wait()
		if done.Load() != tasksWaiting-tasksAtOnce || late.Load() != tasksAtOnce {
			t.Errorf("%d were done, %d took too long", done.Load(), late.Load())
		}
		for range 2 {
			for range tasksAtOnce / 2 {
				tasks.Go(ctx, "slow", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
			}
			synctest.Wait()
		}
		for range 10 {
			tasks.Go(ctx, "waits", func(context.Context) error { return nil })
		}
		synctest.Wait()
		began, dropped := time.Now(), busy.Load()
		tasks.Close()
		tasks.Go(ctx, "after", func(context.Context) error { t.Error("it began after the end"); return nil })
		if took := time.Since(began); took > time.Second || busy.Load() != dropped+11 {
			t.Errorf("the end took %s, %d were dropped", took, busy.Load()-dropped)
		}
	})
}
