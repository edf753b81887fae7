package config

// Secret is given as "env:NAME" or "file:PATH" and prints as <secret>. Reveal
// gives the value that Load has read.
type Secret struct{ ref, value string }

// Reveal is the one way to the value.
func (s Secret) Reveal() string { return s.value }

// Set tells whether there is a value.
func (s Secret) Set() bool { return s.value != "" }

func (Secret) String() string { return "<secret>" }

// GoString keeps %#v from showing what String hides.
func (Secret) GoString() string { return "<secret>" }

// Size is a number of bytes, written as "512MB", "1GiB" or a plain number.
type Size int64
