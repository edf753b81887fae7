package slacktest

import (
	"cmp"
	"io"
	"mime"
	"net/http"
	"path/filepath"
	"strings"
	"time"
)

// File is a file of the workspace.
type File struct {
	ID, Name, Title, Mimetype string
	User                      string
	Content                   []byte
	Channel, Thread           string // where it was shared
}

// file is a file in the store.
type file struct {
	File
	length   int // as announced
	uploaded bool
	shared   bool
	ready    time.Time // when Slack has finished with it
}

// File is a file, its content included.
func (s *Server) File(id string) (File, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.files[id]
	if !ok {
		return File{}, false
	}
	return f.File, true
}

// RemoveFile deletes a file, as an administrator or a rule of retention does.
func (s *Server) RemoveFile(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.files, id)
}

// keep stores a file that a person shares and returns its id.
func (s *Server) keep(f File) string {
	f.ID = cmp.Or(f.ID, s.id("F"))
	f.Title = cmp.Or(f.Title, f.Name)
	f.Mimetype = cmp.Or(f.Mimetype, mime.TypeByExtension(filepath.Ext(f.Name)), "text/plain")
	s.files[f.ID] = &file{File: f, length: len(f.Content), uploaded: true, shared: true}
	return f.ID
}

// filesWire are files as Slack tells of them.
func (s *Server) filesWire(ids []string) []any {
	out := make([]any, 0, len(ids))
	for _, id := range ids {
		if f, ok := s.files[id]; ok {
			out = append(out, s.fileWire(f))
		}
	}
	return out
}

func (s *Server) fileWire(f *file) object {
	if time.Now().Before(f.ready) {
		return object{"id": f.ID, "name": f.Name, "title": f.Title, "mimetype": "", "filetype": "", "mode": "hosted", "user": f.User}
	}
	place := s.base + "/files-pri/" + s.opts.Team + "-" + f.ID
	kind := cmp.Or(strings.TrimPrefix(filepath.Ext(f.Name), "."), "text")
	return object{
		"id": f.ID, "created": 1700000000, "timestamp": 1700000000, "name": f.Name, "title": f.Title,
		"mimetype": f.Mimetype, "filetype": kind, "pretty_type": strings.ToUpper(kind), "user": f.User,
		"size": len(f.Content), "mode": "hosted", "is_external": false, "is_public": false,
		"url_private": place + "/" + f.Name, "url_private_download": place + "/download/" + f.Name,
		"permalink": "https://" + s.opts.Domain + ".slack.com/files/" + f.User + "/" + f.ID + "/" + f.Name,
	}
}

func (s *Server) fileInfo(c *call) (object, error) {
	f, ok := s.files[c.args["file"]]
	if !ok || !f.shared {
		return nil, refuse("file_not_found")
	}
	return object{"file": s.fileWire(f)}, nil
}

// download serves a url_private. Who has no good token is sent to a page to sign
// in, which answers 200: clients that look at the status alone keep that page.
func (s *Server) download(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, &Call{Method: "download", At: time.Now(), Args: map[string]string{"name": r.PathValue("name")}, Status: 200})
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	state, known := s.tokens[bearer]
	f, ok := s.files[strings.TrimPrefix(r.PathValue("place"), s.opts.Team+"-")]
	switch {
	case !known || state != "" || !s.opts.permits("files:read"):
		http.Redirect(w, r, "/signin", http.StatusFound)
	case !ok || !f.shared:
		http.NotFound(w, r)
	default:
		w.Header().Set("Content-Type", f.Mimetype)
		_, _ = w.Write(f.Content)
	}
}

func signin(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, "<!DOCTYPE html><title>Sign in</title>")
}
