package tofu

import (
	"encoding/json"
	"fmt"
	"io"

	"interlock/agent"
)

type explained struct {
	Create    int                 `json:"create"`
	Update    int                 `json:"update"`
	Delete    int                 `json:"delete"`
	Replace   int                 `json:"replace"`
	Read      int                 `json:"read"`
	Noop      int                 `json:"noop"`
	Moved     int                 `json:"moved"`
	Imported  int                 `json:"imported"`
	Drift     int                 `json:"drift"`
	Resources []explainedResource `json:"resources"`
}

type explainedResource struct {
	Address    string               `json:"address"`
	Type       string               `json:"type"`
	Action     string               `json:"action"`
	Attributes []explainedAttribute `json:"attributes"`
}

type explainedAttribute struct {
	Path   string `json:"path"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Explain reads a plan document and writes its counts and changes as one JSON
// object on one line. Nothing is written when the document is no plan.
func Explain(w io.Writer, r io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(r, planLimit+1))
	if err != nil {
		return fmt.Errorf("read plan: %w", err)
	}
	p, err := Summarize(b)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(w).Encode(explain(p)); err != nil {
		return fmt.Errorf("write plan: %w", err)
	}
	return nil
}

func explain(p agent.Plan) explained {
	e := explained{
		Create: p.Create, Update: p.Update, Delete: p.Delete, Replace: p.Replace, Read: p.Read, Noop: p.Noop,
		Moved: p.Moved, Imported: p.Imported, Drift: p.Drift, Resources: []explainedResource{},
	}
	for _, r := range p.Resources {
		attributes := []explainedAttribute{}
		for _, a := range r.Attributes {
			attributes = append(attributes, explainedAttribute(a))
		}
		e.Resources = append(e.Resources, explainedResource{r.Address, r.Type, r.Action, attributes})
	}
	return e
}
