// Package frames is what a sandbox and the runner inside its container say to each
// other over one unix socket: frames of a kind, a length and a payload. It must
// never know what a command is for. Both ends distrust the other: a frame has a
// limit, and what does not fit ends the connection.
package frames

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Kind is what a frame carries. The zero value is none.
type Kind byte

// From the runner: Hello, then for each command any number of Stdout and Stderr,
// and Done. To the runner: any number of Input, then Start; and Signal at any time.
const (
	Hello  Kind = 'h' // Version, as text
	Stdout Kind = 'o'
	Stderr Kind = 'e'
	Done   Kind = 'd' // an End, as JSON
	Input  Kind = 'i' // of the next command
	Start  Kind = 's' // a Command, as JSON
	Signal Kind = 'k' // one byte: the number, for everything that the command started
)

// Version changes whenever an older runner could be misunderstood.
const Version = "2"

// MaxFrame is the most bytes that a frame carries. MaxInput is what a runner takes
// in for one command: more belongs into a file.
const (
	MaxFrame = 64 << 10
	MaxInput = 4 << 20
)

// Command is one process. Argv[0] is looked up in the PATH of the image.
type Command struct {
	Argv []string
	Dir  string   // absolute, inside the container
	Env  []string `json:",omitempty"` // NAME=value, over the environment of the container
	Out  bool     `json:",omitempty"` // relay Loopback to the socket out beside our own, as long as the command runs
}

// Once is the one command of a fresh container, as a file.
type Once struct {
	Command
	Stdin []byte `json:",omitempty"`
}

// Loopback is where a command finds the relay to its way out.
const Loopback = "127.0.0.1:3128"

// End is how a command ended: its exit code, or 128 and the signal. Error says
// why it could not be started.
type End struct {
	Code  int
	Error string `json:",omitempty"`
}

// Ask is what a probe says to the way out. With a Tunnel, that is asked for first;
// with a Name, TLS for it is begun. "{token}" stands for the token of the way. Fill
// is how many bytes follow Text.
type Ask struct {
	Text, Tunnel, Name string
	Fill               int
}

// ErrFrame is a frame that no honest end sends.
var ErrFrame = errors.New("bad frame")

// Write sends one frame. It is not safe for concurrent use.
func Write(w io.Writer, k Kind, payload []byte) error {
	if len(payload) > MaxFrame {
		return fmt.Errorf("%w: %d bytes", ErrFrame, len(payload))
	}
	b := make([]byte, 5, 5+len(payload))
	b[0] = byte(k)
	binary.BigEndian.PutUint32(b[1:], uint32(len(payload))) //nolint:gosec // bounded above
	_, err := w.Write(append(b, payload...))
	return err
}

// Read takes one frame in. The payload is in buf, which must hold MaxFrame bytes,
// and is good until the next Read.
func Read(r io.Reader, buf []byte) (Kind, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > MaxFrame || int(n) > len(buf) {
		return 0, nil, fmt.Errorf("%w: %d bytes", ErrFrame, n)
	}
	if _, err := io.ReadFull(r, buf[:n]); err != nil {
		return 0, nil, fmt.Errorf("%w: cut short", ErrFrame)
	}
	return Kind(head[0]), buf[:n], nil
}
