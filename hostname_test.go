package main

import (
	"os"
	"sync"
	"testing"
)

// All processes of one data folder give the machine one name, and another folder has
// another.
func TestHostName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	names := make([]string, 8)
	var all sync.WaitGroup
	for i := range names {
		all.Go(func() {
			var err error
			if names[i], err = hostName(dir); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, name := range names {
		if name == "" || name != names[0] {
			t.Errorf("names %q", names)
		}
	}
	if other, err := hostName(t.TempDir()); err != nil || other == names[0] {
		t.Errorf("another folder is %q, %v", other, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left are %v, %v", left, err)
	}
	if _, err := hostName(dir + "/nowhere"); err == nil {
		t.Error("a folder that is not there has a name")
	}
}
