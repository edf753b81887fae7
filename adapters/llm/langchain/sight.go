package langchain

import (
	"encoding/json"

	"interlock/agent"
)

// sight is what was seen in the body of an answer; the clients drop parts of it.
type sight struct {
	seen    bool // the rest holds
	stop    string
	refusal string // why the provider or the model declines
	usage   agent.Usage
	args    []json.RawMessage // of all calls, where the client does not keep their bytes
	empty   bool              // it ended properly, with nothing in it
}

// see reads what an exchange left, if it is an answer.
func (k kind) see(ex *exchange) sight {
	status, _, data, _ := ex.left()
	if k.look == nil || status < 200 || status > 299 {
		return sight{}
	}
	s, err := k.look(data)
	if err != nil {
		return sight{}
	}
	s.seen = true
	return s
}

func lookAnthropic(data []byte) (sight, error) {
	var a struct {
		Content []struct {
			Type  string
			Input json.RawMessage
		}
		StopReason string `json:"stop_reason"`
		Usage      struct {
			Input  int `json:"input_tokens"`
			Output int `json:"output_tokens"`
			Read   int `json:"cache_read_input_tokens"`
			Write  int `json:"cache_creation_input_tokens"`
		}
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return sight{}, err
	}
	s := sight{stop: a.StopReason, empty: len(a.Content) == 0 && a.StopReason != ""}
	s.usage = agent.Usage{Input: a.Usage.Input, Output: a.Usage.Output, CacheRead: a.Usage.Read, CacheWrite: a.Usage.Write}
	if a.StopReason == "refusal" {
		s.refusal = "the model refuses"
	}
	for _, c := range a.Content {
		if c.Type == "tool_use" {
			s.args = append(s.args, c.Input)
		}
	}
	return s, nil
}

func lookOpenAI(data []byte) (sight, error) {
	var a struct {
		Choices []struct {
			Message struct{ Refusal string }
			Reason  string `json:"finish_reason"`
		}
		Usage struct {
			Prompt     int `json:"prompt_tokens"`
			Completion int `json:"completion_tokens"`
			Details    struct {
				Cached int `json:"cached_tokens"`
			} `json:"prompt_tokens_details"`
		}
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return sight{}, err
	}
	u := a.Usage
	s := sight{usage: agent.Usage{Input: max(0, u.Prompt-u.Details.Cached), Output: u.Completion, CacheRead: u.Details.Cached}}
	for _, c := range a.Choices {
		s.stop = graver(s.stop, c.Reason)
		if c.Message.Refusal != "" {
			s.refusal = c.Message.Refusal
		}
	}
	return s, nil
}
