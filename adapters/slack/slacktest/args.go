package slacktest

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strings"
)

// arguments reads a form, a multipart form or a JSON object, and the query.
func arguments(r *http.Request) (map[string]string, error) {
	args := map[string]string{}
	r.Body = http.MaxBytesReader(nil, r.Body, largestBody)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/json" {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return args, err
		}
		for k := range r.URL.Query() {
			args[k] = r.URL.Query().Get(k)
		}
		return args, flatten(body, args)
	}
	err := r.ParseForm()
	if kind == "multipart/form-data" {
		err = r.ParseMultipartForm(largestBody)
	}
	for k := range r.Form {
		args[k] = r.Form.Get(k)
	}
	return args, err
}

// flatten makes of a JSON body what a form would have held.
func flatten(body []byte, args map[string]string) error {
	if len(strings.TrimSpace(string(body))) == 0 {
		return nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return err
	}
	for k, raw := range fields {
		var text string
		switch {
		case string(raw) == "null":
		case json.Unmarshal(raw, &text) == nil:
			args[k] = text
		default:
			args[k] = string(raw)
		}
	}
	return nil
}

// token is the bearer token, from the header or else from the arguments, which
// keep none.
func token(r *http.Request, args map[string]string) string {
	t := args["token"]
	delete(args, "token")
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return bearer
	}
	return t
}
