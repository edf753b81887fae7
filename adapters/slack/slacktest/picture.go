package slacktest

import (
	"regexp"
	"slices"
	"time"
)

var fileID = regexp.MustCompile(`^F[A-Z0-9]{8,}$`)

// slackFile checks how a block names a file of Slack: by its id or by its address.
func (c *checker) slackFile(at string, v any) {
	f, _ := v.(map[string]any)
	id, url := c.length(at+"/id", f["id"], 255), c.length(at+"/url", f["url"], 3000)
	switch {
	case (id == "") == (url == ""):
		c.fail(at, "must have an id or a url, and not both")
	case id != "" && !fileID.MatchString(id):
		c.fail(at+"/id", "input must match regex pattern: %s", fileID)
	case id != "":
		c.files = append(c.files, id)
	}
}

// pictures refuses a message with a file that cannot be shown. One that is gone is no
// mistake of the app, which cannot know; one that is not ready is.
func (s *Server) pictures(ids []string) error {
	for _, id := range ids {
		f, ok := s.files[id]
		early := ok && time.Now().Before(f.ready)
		if early {
			s.problem("bad_blocks", "file %s is shown before Slack has finished with it", id)
		}
		if !ok || early || !f.shared || !slices.Contains([]string{"image/png", "image/jpeg", "image/gif"}, f.Mimetype) {
			wrong := []string{"[ERROR] invalid slack file [json-pointer:/blocks/slack_file]"}
			return &refusal{code: "invalid_blocks", more: object{"errors": wrong, "response_metadata": object{"messages": wrong}}}
		}
	}
	return nil
}
