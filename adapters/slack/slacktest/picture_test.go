package slacktest

import (
	"fmt"
	"testing"
	"time"
)

// A message shows a file that is there, is a picture, and is finished.
func TestPicturesOfBlocks(t *testing.T) {
	s, err := New(Options{Processing: time.Hour, Unlimited: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.AddChannel(Channel{ID: "C1", Members: []string{s.Options().BotUser}})
	s.mu.Lock()
	picture, text := s.keep(File{Name: "a.png"}), s.keep(File{Name: "a.txt"})
	early, private := s.keep(File{Name: "b.png"}), s.keep(File{Name: "c.png"})
	s.files[early].ready = time.Now().Add(time.Hour)
	s.files[private].shared = false
	s.mu.Unlock()
	for file, want := range map[string]string{
		`{"id":"` + picture + `"}`: "", `{"id":"` + text + `"}`: "invalid_blocks", `{"id":"` + early + `"}`: "invalid_blocks",
		`{"id":"` + private + `"}`: "invalid_blocks", `{"id":"F99999999"}`: "invalid_blocks", `{"id":"chart"}`: "invalid_blocks",
		`{}`: "invalid_blocks", `{"id":"` + picture + `","url":"https://a.invalid"}`: "invalid_blocks", `7`: "invalid_blocks",
	} {
		body := fmt.Sprintf(`{"channel":"C1","text":"a","blocks":[{"type":"image","alt_text":"words","slack_file":%s}]}`, file)
		if got := code(t, s, "chat.postMessage", body); got != want {
			t.Errorf("%s: %q, want %q", file, got, want)
		}
	}
	if _, _, a := invoke(t, s, s.Options().BotToken, "files.info", `{"file":"`+early+`"}`); a["file"].(map[string]any)["mimetype"] != "" {
		t.Errorf("a file that is not finished has a type: %v", a)
	}
	s.RemoveFile(picture)
	if got := code(t, s, "files.info", `{"file":"`+picture+`"}`); got != "file_not_found" {
		t.Errorf("a file that was deleted: %q", got)
	}
}
