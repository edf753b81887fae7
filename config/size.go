package config

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes, written as "512MB", "1GiB" or a plain number.
type Size int64

var errSize = errors.New(`must be a size such as 512MB, 1GiB or a plain number of bytes`)

// units are tried in this order, so that "MiB" is not read as "B".
var units = [...]struct {
	suffix string
	bytes  int64
}{
	{"KiB", kib},
	{"MiB", mib},
	{"GiB", gib},
	{"TiB", 1 << 40},
	{"KB", 1e3},
	{"kB", 1e3},
	{"MB", 1e6},
	{"GB", 1e9},
	{"TB", 1e12},
	{"B", 1},
}

// UnmarshalText reads a size. KB, MB, GB and TB are powers of 1000, KiB, MiB,
// GiB and TiB powers of 1024.
func (s *Size) UnmarshalText(text []byte) error {
	number, factor := string(text), int64(1)
	for _, u := range units {
		if n, ok := strings.CutSuffix(number, u.suffix); ok {
			number, factor = strings.TrimSpace(n), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/factor {
		return errSize
	}
	*s = Size(n * factor)
	return nil
}
