package frames

// Probed is what one probe of a sandbox got.
type Probed struct {
	ID    int
	Tries []Try
}

// Try is one step of a probe: "ok", the name of an error, or what it found.
type Try struct{ Step, Got string }
