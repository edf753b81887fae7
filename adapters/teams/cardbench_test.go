package teams

import "testing"

func BenchmarkDraw(b *testing.B) {
	for _, name := range []string{"approval-open", "long", "answers-many"} {
		c := cardAll(b)[name]
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				draw(c, cardPublic)
			}
		})
	}
}
