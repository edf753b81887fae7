package config

import (
	"cmp"
	"errors"
	"reflect"
	"slices"
	"strings"
)

// Section decodes the section of an adapter into c, which holds the defaults, and
// judges it as a whole: judge gives what is wrong, each with its key within the
// section, or without one when it is about the section. It may complete c. The error
// is a Problems with everything that is wrong, each with its place.
func Section[T any](n Node, c *T, judge func(*T) Problems) error {
	var wrong Problems
	if err := n.Decode(c); err != nil && !errors.As(err, &wrong) {
		return err
	}
	if wrong = joined(n.key, wrong, placed[T](n, judge(c))); len(wrong) > 0 {
		return wrong
	}
	return nil
}

// spot refuses every value, so that the decoder tells where each stands.
type spot struct{}

var errSpot = errors.New("stands here")

// UnmarshalText refuses.
func (*spot) UnmarshalText([]byte) error { return errSpot }

// placed gives problems their file, line and whole key, or their variable. What
// is found by looking at several keys is found after decoding, when the lines
// are gone; so the section is decoded once more, into spots.
func placed[T any](n Node, wrong Problems) Problems {
	name := n.key
	var keys []reflect.StructField
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		keys = append(keys, reflect.StructField{Name: f.Name, Type: reflect.TypeFor[spot](), Tag: f.Tag})
	}
	var spots Problems
	_ = errors.As(n.Decode(reflect.New(reflect.StructOf(keys)).Interface()), &spots)
	for i, p := range wrong {
		if p.Key == "" {
			wrong[i].Key = name
			continue
		}
		wrong[i].Key = name + "." + p.Key
		variable := "INTERLOCK_" + strings.ToUpper(name+"_"+p.Key)
		// Variables come before the file there, as they win over it.
		at := slices.IndexFunc(spots, func(at Problem) bool { return at.Key == name+"."+p.Key || at.Key == variable })
		if at >= 0 {
			wrong[i] = spots[at]
			wrong[i].Text = p.Text
		}
	}
	return wrong
}

// joined are problems of reading and of judging. What could not be read is not
// judged by its default as well, nor is the section as a whole then.
func joined(name string, read, judged Problems) Problems {
	judged = slices.DeleteFunc(judged, func(p Problem) bool {
		return len(read) > 0 && p.Key == name || slices.ContainsFunc(read, func(r Problem) bool { return r.Key == p.Key })
	})
	all := append(read, judged...)
	slices.SortStableFunc(all, func(a, b Problem) int { return cmp.Or(a.Line-b.Line, strings.Compare(a.Key, b.Key)) })
	return all
}
