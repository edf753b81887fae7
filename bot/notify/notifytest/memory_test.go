package notifytest_test

import (
	"testing"

	"interlock/bot/notify/notifytest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	notifytest.TestStore(t, func(*testing.T) (notifytest.Store, func(t *testing.T) []string) {
		m := &notifytest.Memory{}
		return m, func(*testing.T) (ids []string) {
			for _, j := range m.Jobs() {
				ids = append(ids, j.ID)
			}
			return ids
		}
	})
}
