package langchain

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/llms/anthropic"
	"github.com/tmc/langchaingo/llms/openai"
)

// kind is how one provider, and its client, differ from the others. The zero
// value is that of a caller's own llms.Model.
type kind struct {
	open    func(Options, *http.Client) (llms.Model, error)
	form    Form
	merges  bool                             // edit makes one message of neighbours, so that calls stay together
	refills bool                             // edit puts the arguments of calls in
	stub    bool                             // the client cannot carry schemas: edit puts them in
	bridge  string                           // what the assistant says between a result and the user's words
	takes   func(id string) bool             // nil takes every id
	options []llms.CallOption                // of each call
	edit    func(*exchange, body)            // the request's body, on its way out
	trim    func(body)                       // an answer's body, of what its client cannot read
	look    func(data []byte) (sight, error) // at the body of an answer
}

// body is a JSON object whose other parts stay as they are.
type body map[string]json.RawMessage

// kindNames are what New knows. Not here: cohere and ollama, whose clients know
// no tools (ollama also speaks openai), and bedrock, whose client drops the text
// of an answer that was cut.
var kindNames = [...]string{"anthropic", "gemini", "mistral", "openai"}

func kindOf(name string) (kind, error) {
	switch name {
	case "anthropic":
		return anthropicKind(), nil
	case "gemini":
		return geminiKind()
	case "mistral":
		return mistralKind(), nil
	case "openai":
		return openaiKind(), nil
	}
	return kind{}, fmt.Errorf("langchain: there is no kind %q: name one of %s", name, strings.Join(kindNames[:], ", "))
}

func openaiKind() kind {
	return kind{
		open: func(o Options, c *http.Client) (llms.Model, error) {
			return openOpenAI(o, c, "https://api.openai.com/v1")
		},
		takes: func(id string) bool { return len(id) <= 40 }, // the API's bound
		edit:  withoutTemperature,
		look:  lookOpenAI,
	}
}

// openOpenAI sets everything that the client would else read from OPENAI_* in
// the environment.
func openOpenAI(o Options, c *http.Client, own string) (llms.Model, error) {
	base := own
	if o.BaseURL != "" {
		base = o.BaseURL
	}
	return openai.New(openai.WithToken(o.token()), openai.WithModel(o.Model), openai.WithBaseURL(base),
		openai.WithOrganization(""), openai.WithAPIType(openai.APITypeOpenAI), openai.WithHTTPClient(c))
}

var nineAlphanumerics = regexp.MustCompile(`^[a-zA-Z0-9]{9}$`)

// mistralKind goes by the OpenAI client, whose wire Mistral speaks too: the
// library's own client for Mistral knows no context and no HTTP client, sleeps
// between retries, and tells the status only in words.
func mistralKind() kind {
	k := openaiKind()
	k.open = func(o Options, c *http.Client) (llms.Model, error) {
		return openOpenAI(o, c, "https://api.mistral.ai/v1")
	}
	k.takes = nineAlphanumerics.MatchString // the API's rule
	k.bridge = "Understood."                // the API refuses a user's message right after a tool's
	k.options = []llms.CallOption{openai.WithLegacyMaxTokensField()}
	return k
}

var anthropicID = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`) // the API's rule

func anthropicKind() kind {
	return kind{
		open: func(o Options, c *http.Client) (llms.Model, error) {
			return anthropic.New(anthropic.WithToken(o.token()), anthropic.WithModel(o.Model),
				anthropic.WithBaseURL(o.base("https://api.anthropic.com")+"/v1"), anthropic.WithHTTPClient(c))
		},
		form:    PerPart,
		merges:  true,
		refills: true,
		takes:   anthropicID.MatchString,
		edit:    editAnthropic,
		trim:    trimAnthropic,
		look:    lookAnthropic,
	}
}

// withoutTemperature drops the 0 that the clients send when nobody asked for
// one: some models take only their own default.
func withoutTemperature(_ *exchange, b body) { delete(b, "temperature") }

// editAnthropic makes one message of neighbours with the same role: roles must
// alternate, and calls that were made at once must read so.
func editAnthropic(ex *exchange, b body) {
	withoutTemperature(ex, b)
	type message struct {
		Role    string `json:"role"`
		Content []body `json:"content"`
	}
	var messages, merged []message
	if json.Unmarshal(b["messages"], &messages) != nil {
		return
	}
	calls := 0
	for _, m := range messages {
		for _, part := range m.Content {
			if part.is("tool_use") && calls < len(ex.args) {
				part["input"] = ex.args[calls]
				calls++
			}
		}
		if n := len(merged); n > 0 && merged[n-1].Role == m.Role {
			merged[n-1].Content = append(merged[n-1].Content, m.Content...)
			continue
		}
		merged = append(merged, m)
	}
	b.set("messages", merged)
}

// trimAnthropic leaves out all but text and calls: the client fails on blocks
// that it does not know, and nothing here has a use for thinking.
func trimAnthropic(b body) {
	var content []body
	if json.Unmarshal(b["content"], &content) != nil {
		return
	}
	b.set("content", slices.DeleteFunc(content, func(part body) bool {
		return !part.is("text") && !part.is("tool_use")
	}))
}

// is tells a part's type.
func (b body) is(name string) bool { return plainText(b["type"]) == name }

// set replaces a part; one that cannot be encoded stays as it is.
func (b body) set(name string, v any) {
	if data, err := json.Marshal(v); err == nil {
		b[name] = data
	}
}
