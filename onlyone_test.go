package main

import (
	"strings"
	"testing"
	"time"
)

// Of two processes on one data folder the second waits a moment, and then says what to do.
func TestOnlyOneServes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	release, err := onlyOne(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := onlyOne(dir, 0); err == nil || !strings.Contains(err.Error(), "another interlock serves from "+dir) {
		t.Errorf("a second one: %v", err)
	}
	got := make(chan error, 1)
	go func() {
		next, err := onlyOne(dir, 10*time.Second)
		if err == nil {
			err = next()
		}
		got <- err
	}()
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Errorf("after the first: %v", err)
	}
	if _, err := onlyOne(dir+"/nowhere", 0); err == nil {
		t.Error("a folder that is not there is locked")
	}
}
