//go:build race

package scheduler_test

// raced tells that the race detector watches, which makes all ten times slower.
const raced = true
