package slacktest

import (
	"cmp"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"
)

func (s *Server) uploadURL(c *call) (object, error) {
	length, err := strconv.Atoi(c.args["length"])
	if err != nil || length <= 0 || c.args["filename"] == "" {
		return nil, refuse("invalid_arguments")
	}
	id := s.keep(File{Name: c.args["filename"], User: s.opts.BotUser})
	f := s.files[id]
	f.length, f.uploaded, f.shared = length, false, false
	return object{"upload_url": s.base + "/upload/" + id, "file_id": id}, nil
}

// upload takes the bytes: raw, or as the field of a multipart form.
func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	body, err := content(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.changed()
	rec := &Call{Method: "upload", At: time.Now(), Args: map[string]string{"file": r.PathValue("file")}, Status: http.StatusOK}
	s.calls = append(s.calls, rec)
	f, ok := s.files[r.PathValue("file")]
	fault, faulty := s.fault("upload")
	switch {
	case faulty && fault.Status != 0:
		rec.Status = fault.Status
	case !ok || f.uploaded:
		rec.Status = http.StatusNotFound
	case err != nil || len(body) != f.length:
		rec.Status, rec.Error = http.StatusBadRequest, "length"
	default:
		f.Content, f.uploaded = body, true
	}
	w.WriteHeader(rec.Status)
	if rec.Status == http.StatusOK {
		_, _ = io.WriteString(w, "OK - "+strconv.Itoa(len(body)))
	}
}

func content(r *http.Request) ([]byte, error) {
	r.Body = http.MaxBytesReader(nil, r.Body, largestBody)
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "multipart/form-data" {
		return io.ReadAll(r.Body)
	}
	if err := r.ParseMultipartForm(largestBody); err != nil {
		return nil, err
	}
	for field := range r.MultipartForm.File {
		part, _, err := r.FormFile(field)
		if err != nil {
			return nil, err
		}
		defer part.Close() //nolint:errcheck // it was read
		return io.ReadAll(part)
	}
	return nil, http.ErrMissingFile
}

// uploadComplete shares what was uploaded, as one message of the bot.
func (s *Server) uploadComplete(c *call) (object, error) {
	var list []struct{ ID, Title string }
	if json.Unmarshal([]byte(c.args["files"]), &list) != nil || len(list) == 0 {
		return nil, refuse("invalid_arguments")
	}
	var ids []string
	for _, l := range list {
		f, ok := s.files[l.ID]
		if !ok || !f.uploaded || f.shared {
			return nil, refuse("file_not_found")
		}
		f.Title = cmp.Or(l.Title, f.Title)
		ids = append(ids, l.ID)
	}
	if c.args["channel_id"] != "" {
		if err := s.share(c, ids); err != nil {
			return nil, err
		}
	}
	for _, id := range ids {
		s.files[id].shared, s.files[id].ready = true, time.Now().Add(s.opts.Processing)
	}
	return object{"files": s.filesWire(ids)}, nil
}

func (s *Server) share(c *call, ids []string) error {
	c.args["channel"] = c.args["channel_id"]
	ch, err := s.writable(c)
	if err != nil {
		return err
	}
	e := &entry{Message: Message{
		Channel: ch.ID, User: s.opts.BotUser, BotID: s.opts.BotID, Files: ids, Text: c.args["initial_comment"],
	}}
	if e.Thread, err = s.threadOf(ch, c.args["thread_ts"]); err != nil {
		return err
	}
	if raw := c.args["blocks"]; raw != "" {
		if e.Blocks, err = s.checkBlocks(raw, surfaceMessage); err != nil {
			return err
		}
	}
	for _, id := range ids {
		s.files[id].Channel, s.files[id].Thread = ch.ID, e.Thread
	}
	s.publish(e)
	return nil
}
