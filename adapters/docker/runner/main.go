//go:build linux

// Command runner is the first process of a sandbox's container. It takes commands
// over a unix socket that the sandbox listens on, runs one at a time, and ends all
// that a command left behind. It holds no secret and trusts nobody: it runs as the
// user that the commands run as, within the same bounds. When the sandbox is gone,
// it ends, and the container with it.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 2 && args[0] == "serve":
		err = serve(args[1])
	case len(args) == 2 && args[0] == "once":
		os.Exit(once(args[1]))
	case len(args) == 1 && args[0] == "probe":
		err = runProbes(os.Stdout)
	case len(args) == 2 && args[0] == "part":
		runPart(args[1])
	default:
		err = errors.New("use: runner serve SOCKET, runner once FOLDER, or runner probe")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "runner:", err)
		os.Exit(1)
	}
}

// prSetDumpable is a number of prctl. Without it, a command could look into the
// files and the memory of this process, which has its user.
const prSetDumpable = 4

// serve returns when it cannot go on, and why.
func serve(socket string) error {
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetDumpable, 0, 0); errno != 0 {
		return fmt.Errorf("hide from commands: %w", errno)
	}
	signal.Notify(make(chan os.Signal, 1), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT) // of a command: not for us
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "unix", socket)
	if err != nil {
		return fmt.Errorf("find sandbox: %w", err)
	}
	r := &runner{conn: conn, out: filepath.Join(filepath.Dir(socket), "out")}
	return r.serve()
}
