package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"interlock/adapters/docker"
)

// sandboxCommand is about the containers in which tools run.
func sandboxCommand(file *string) *cobra.Command {
	c := &cobra.Command{Use: "sandbox", Short: "Look after the containers in which tools run"}
	var asJSON bool
	p := &cobra.Command{
		Use: "probe", Short: "Try to get out of a sandbox in every way that is known (exit 1: one gets through; 3: a control does not fire)", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return probeSandbox(c.Context(), *file, asJSON, c.OutOrStdout())
		},
	}
	p.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	c.AddCommand(p, sandboxBuildCommand(file))
	return c
}

func probeSandbox(ctx context.Context, file string, asJSON bool, out io.Writer) error {
	cfg, log, err := load(file)
	if err != nil {
		return err
	}
	cfg.Sandbox.Memory, cfg.Sandbox.CPUs, cfg.Sandbox.Disk = 256<<20, 0.25, 64<<20 // small, so that the probes need not take much to reach them
	box, err := newSandbox(cfg, filepath.Join(cfg.DataDir, "probe.sock"), log)
	if err != nil {
		return &coded{exitFailed, err}
	}
	defer func() { _ = box.Close() }()
	all, err := box.Probe(ctx)
	if err != nil {
		return &coded{exitFailed, err}
	}
	more, err := probeAbove(ctx, cfg, box)
	if err != nil {
		return &coded{exitFailed, err}
	}
	all = append(all, more...)
	slices.SortFunc(all, func(a, b docker.ProbeResult) int { return a.ID - b.ID })
	if asJSON {
		if err := json.NewEncoder(out).Encode(all); err != nil {
			return &coded{exitFailed, err}
		}
	}
	if !asJSON {
		for _, r := range all {
			tell(out, r)
		}
		holes, mute := tally(all)
		_, _ = fmt.Fprintf(out, "%d of %d are refused; %d controls do not fire\n", len(all)-holes, len(all), mute)
	}
	return proved(all)
}

func tally(all []docker.ProbeResult) (holes, mute int) {
	for _, r := range all {
		if len(r.Holes) > 0 {
			holes++
		}
		if !r.Control {
			mute++
		}
	}
	return holes, mute
}

// proved ends the command. A probe whose control does not fire was refused by nothing
// that is known, so it proves nothing.
func proved(all []docker.ProbeResult) error {
	switch holes, mute := tally(all); {
	case holes > 0:
		return &coded{code: exitFound}
	case mute > 0 || len(all) == 0:
		return &coded{exitFailed, fmt.Errorf("%d of %d probes prove nothing: what they try does not succeed where nothing holds it either", mute, len(all))}
	}
	return nil
}

func tell(out io.Writer, r docker.ProbeResult) {
	state, control := "refused", "fires"
	if len(r.Holes) > 0 {
		state = "THROUGH"
	}
	if !r.Control {
		control = "does not fire: nobody knows"
	}
	_, _ = fmt.Fprintf(out, "%3d  %-7s  %-50s control %s\n", r.ID, state, r.Name, control)
	for _, h := range r.Holes {
		_, _ = fmt.Fprintf(out, "     %-7s  %s: %s\n", "", h.Step, h.Got)
	}
}
