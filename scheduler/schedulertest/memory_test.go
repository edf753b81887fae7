package schedulertest_test

import (
	"testing"

	"interlock/scheduler/schedulertest"
)

func TestMemoryClaims(t *testing.T) {
	t.Parallel()
	schedulertest.TestClaims(t, func(*testing.T) schedulertest.Claims { return schedulertest.NewMemory() })
}
