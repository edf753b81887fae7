package redact

// automaton finds many words in one pass, however many there are (Aho and Corasick,
// 1975). With fold, the words are lower case and the case of the text does not
// count.
type automaton struct {
	next [][256]int32 // by state and letter; negative (^state) where a word ends
	ends [][]int32    // the words that end in a state
	fold bool
}

func newAutomaton(words []string, fold bool) *automaton {
	a := &automaton{next: make([][256]int32, 1), ends: make([][]int32, 1), fold: fold}
	for i, w := range words {
		state := int32(0)
		for _, c := range []byte(w) {
			if a.next[state][c] == 0 {
				a.next, a.ends = append(a.next, [256]int32{}), append(a.ends, nil)
				a.next[state][c] = int32(len(a.next) - 1) //nolint:gosec // words are few and short
			}
			state = a.next[state][c]
		}
		a.ends[state] = append(a.ends[state], int32(i)) //nolint:gosec // words are few
	}
	a.link()
	a.settle()
	return a
}

// link makes of the tree of words an automaton that never goes back in the text.
func (a *automaton) link() {
	fail := make([]int32, len(a.next))
	var queue []int32
	for _, to := range a.next[0] {
		if to != 0 {
			queue = append(queue, to)
		}
	}
	for len(queue) > 0 {
		state := queue[0]
		queue = queue[1:]
		a.ends[state] = append(a.ends[state], a.ends[fail[state]]...)
		for c, to := range a.next[state] {
			if back := a.next[fail[state]][c]; to == 0 {
				a.next[state][c] = back
			} else {
				fail[to] = back
				queue = append(queue, to)
			}
		}
	}
}

// settle puts into each step what find would have to look up.
func (a *automaton) settle() {
	for state := range a.next {
		row := &a.next[state]
		for c, to := range row {
			if len(a.ends[to]) > 0 {
				row[c] = ^to
			}
		}
		for c := byte('a'); a.fold && c <= 'z'; c++ {
			row[c-'a'+'A'] = row[c]
		}
	}
}

// cursor is a place in a text, and what the automaton remembers there of what came
// before.
type cursor struct {
	at    int
	state int32
}

// find calls hit for every word, with the place where it ends, until one says that
// it is not its time yet. Called again from the cursor, it begins with that word.
func (a *automaton) find(text string, from cursor, hit func(word, end int) bool) cursor {
	state := from.state
	for i := from.at; i < len(text); i++ {
		next := a.next[state][text[i]]
		if next < 0 {
			next = ^next
			for _, w := range a.ends[next] {
				if !hit(int(w), i+1) {
					return cursor{i, state}
				}
			}
		}
		state = next
	}
	return cursor{max(from.at, len(text)), state}
}
