package tofu

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Readable tells what of the code in and below a directory cannot be read, with its file
// and line: who leaves such a file out would find nothing wrong in it. An empty directory
// is an error, too.
func Readable(files map[string][]byte, directory string) error {
	n := 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if directory != "." && !strings.HasPrefix(name, directory+"/") || !isCode(name) {
			continue
		}
		if _, err := parseCode(name, files[name]); err != nil {
			return err
		}
		n++
	}
	if n == 0 {
		return fmt.Errorf("there is no code in %q", directory)
	}
	return nil
}
