package docker

import (
	"testing"

	"interlock/adapters/docker/dockertest"
)

func TestSuite(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Spares: 2})
	t.Run("sandbox", func(t *testing.T) { dockertest.Suite(t, s) })
}
