package store_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/store"
)

// writersAtOnce is how many goroutines enqueue for each core.
const writersAtOnce = 256

// BenchmarkEnqueue is the durable insert of a job by many callers at once.
// BenchmarkFloor is what the database itself can do.
func BenchmarkEnqueue(b *testing.B) {
	db := open(b, store.Options{DataDir: b.TempDir()})
	var n atomic.Int64
	b.SetParallelism(writersAtOnce)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			j := agenttest.Asked(agenttest.Org, fmt.Sprint("job-", i), agenttest.Thread(fmt.Sprint(i%1000)))
			if err := db.Enqueue(b.Context(), j); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

// BenchmarkFloor inserts rows of the same size by database/sql alone, 128 in a
// transaction, with the same settings and the same indexes.
func BenchmarkFloor(b *testing.B) {
	dir := b.TempDir()
	open(b, store.Options{DataDir: dir})
	db, err := sql.Open("sqlite", "file:"+dir+"/interlock.db?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_txlock=immediate")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	b.ResetTimer()
	for from := 0; from < b.N; from += 128 {
		if err := insert(context.WithoutCancel(b.Context()), db, from, min(from+128, b.N)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

func insert(ctx context.Context, db *sql.DB, from, to int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for i := from; i < to; i++ {
		j := agenttest.Asked(agenttest.Org, fmt.Sprint("job-", i), agenttest.Thread(fmt.Sprint(i%1000)))
		body, err := json.Marshal(j)
		if err != nil {
			return err
		}
		thread := fmt.Sprintf(`["console","ops","%d"]`, i%1000)
		if _, err := tx.ExecContext(ctx, "INSERT INTO jobs (org, id, thread, place, control, state, run_after, body) VALUES (?, ?, ?, ?, 0, 'ready', ?, ?)",
			j.Org, j.ID, thread, thread, i, string(body)); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// BenchmarkOpenWith100kSessions is from start to ready.
func BenchmarkOpenWith100kSessions(b *testing.B) {
	dir := b.TempDir()
	fill(b, dir, 100_000)
	b.ResetTimer()
	for range b.N {
		db, err := store.Open(b.Context(), store.Options{DataDir: dir, Keys: testKeys()})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := db.Open(b.Context(), agenttest.Org, agenttest.Thread("t5")); err != nil {
			b.Fatal(err)
		}
		if _, err := db.Stats(b.Context()); err != nil {
			b.Fatal(err)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func fill(b *testing.B, dir string, sessions int) {
	b.Helper()
	open(b, store.Options{DataDir: dir})
	db, err := sql.Open("sqlite", "file:"+dir+"/interlock.db?_pragma=busy_timeout(5000)")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	tx, err := db.BeginTx(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	for from := 0; from < sessions; from += 1000 {
		var rows []string
		for i := from; i < from+1000; i++ {
			rows = append(rows, fmt.Sprintf(`('acme', 's%d', '["console","ops","t%d"]', '["console","ops","t%d"]', 0, zeroblob(32), 0, 0, %d, %d)`, i, i, i, i, i))
		}
		if _, err := tx.ExecContext(b.Context(), "INSERT INTO sessions (org, id, thread, origin, seq, head, sealed, erased, opened, moved) VALUES "+strings.Join(rows, ",")); err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkAppend is one event by many callers at once, each in a session.
func BenchmarkAppend(b *testing.B) {
	db := open(b, store.Options{DataDir: b.TempDir()})
	var n atomic.Int64
	b.SetParallelism(writersAtOnce)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		s, err := db.Open(b.Context(), agenttest.Org, agenttest.Thread(fmt.Sprint(n.Add(1))))
		if err != nil {
			b.Error(err)
			return
		}
		for pb.Next() {
			if err := db.Append(b.Context(), s.Org, agent.Batch{Events: []agent.Event{agenttest.Answer(s, "x")}}); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

// BenchmarkVerify reads and recomputes a log of 20,000 events.
func BenchmarkVerify(b *testing.B) {
	const batches, each = 200, 100
	db := open(b, store.Options{DataDir: b.TempDir()})
	s, err := db.Open(b.Context(), agenttest.Org, agenttest.Thread("1"))
	if err != nil {
		b.Fatal(err)
	}
	for range batches {
		evs := make([]agent.Event, each)
		for i := range evs {
			evs[i] = agenttest.Answer(s, "x")
		}
		if err := db.Append(b.Context(), s.Org, agent.Batch{Events: evs}); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	for range b.N {
		if r, err := db.Verify(b.Context(), s.Org); err != nil || len(r.Problems) > 0 {
			b.Fatal(r.Problems, err)
		}
	}
	b.ReportMetric(float64(b.N*batches*each)/b.Elapsed().Seconds(), "events/s")
}
