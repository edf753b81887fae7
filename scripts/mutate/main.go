// Command mutate tells how much of a package its own tests hold fast: it breaks the
// package in one small way after the other (a comparison turned, a check dropped, a
// constant changed, a statement left out) and counts the breaks that a test
// notices. What does not compile is not counted. It changes no file: the compiler
// is given the broken one by an overlay.
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
)

// equivalent names, one a line, the breaks that change nothing, each with a reason.
//
//go:embed equivalent.txt
var equivalent string

var (
	errBelow   = errors.New("too few breaks are noticed")
	errUntried = errors.New("some breaks could not be tried")
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to stop
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet("mutate", flag.ContinueOnError)
	pkg := f.String("pkg", "./rbac", "folder of the package")
	n := f.Int("n", 150, "how many breaks to try, drawn at random; 0 is all")
	seed := f.Uint64("seed", 1, "of the draw")
	bound := f.Float64("bound", 0.9, "smallest share that must be noticed")
	jobs := f.Int("jobs", 2, "how many at once")
	if err := f.Parse(args); err != nil {
		return err
	}
	all, err := mutants(*pkg)
	if err != nil {
		return fmt.Errorf("read %s: %w", *pkg, err)
	}
	whole, same := len(all), reasons(equivalent)
	all = slices.DeleteFunc(all, func(m mutant) bool { return same[m.name()] })
	found := len(all)
	rand.New(rand.NewPCG(*seed, 0)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] }) //nolint:gosec // a draw, no secret
	if *n > 0 && *n < len(all) {
		all = all[:*n]
	}
	_, _ = fmt.Fprintf(out, "%s: %d of %d breaks, seed %d; %d more change nothing and are left out\n", *pkg, len(all), found, *seed, whole-found)
	t := try(ctx, *pkg, all, *jobs, out)
	if err := ctx.Err(); err != nil {
		return err
	}
	share := float64(t.noticed) / float64(max(1, t.noticed+t.missed))
	_, _ = fmt.Fprintf(out, "%d noticed, %d missed, %d do not compile, %d could not be tried: %.1f%% noticed (at least %.0f%% wanted)\n",
		t.noticed, t.missed, t.broken, t.failed, 100*share, 100**bound)
	switch {
	case t.failed > 0:
		return errUntried
	case share < *bound:
		return errBelow
	}
	return nil
}

// reasons reads the list: lines of "name # reason".
func reasons(list string) map[string]bool {
	same := map[string]bool{}
	for line := range strings.Lines(list) {
		if name, why, ok := strings.Cut(line, " # "); ok && strings.TrimSpace(why) != "" {
			same[strings.TrimSpace(name)] = true
		}
	}
	return same
}

type tally struct{ noticed, missed, broken, failed int }

// try runs them, some at once, and names each that no test notices.
func try(ctx context.Context, pkg string, all []mutant, jobs int, out io.Writer) (t tally) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	todo := make(chan mutant)
	for range jobs {
		wg.Go(func() {
			for m := range todo {
				r := m.run(ctx, pkg)
				mu.Lock()
				switch r {
				case noticed:
					t.noticed++
				case missed:
					t.missed++
					_, _ = fmt.Fprintln(out, "missed", m)
				case uncompiled:
					t.broken++
				default:
					t.failed++
					_, _ = fmt.Fprintln(out, "not tried", m)
				}
				if n := t.noticed + t.missed + t.broken + t.failed; n%50 == 0 {
					_, _ = fmt.Fprintf(out, "%d of %d tried\n", n, len(all))
				}
				mu.Unlock()
			}
		})
	}
	for _, m := range all {
		if ctx.Err() != nil {
			break
		}
		todo <- m
	}
	close(todo)
	wg.Wait()
	return t
}
