package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"interlock/rbac"
)

// Toolset is the tools by name, each with its compiled schema. It is immutable.
type Toolset struct {
	tools   map[string]Tool
	schemas map[string]*jsonschema.Schema
	order   []string
}

// NewToolset compiles the schema of each tool. A name twice or a schema that
// does not compile is an error.
func NewToolset(tools ...Tool) (Toolset, error) {
	s := Toolset{tools: map[string]Tool{}, schemas: map[string]*jsonschema.Schema{}}
	for _, t := range tools {
		spec := t.Spec()
		if s.tools[spec.Name] != nil {
			return s, fmt.Errorf("tool %s is there twice", spec.Name)
		}
		schema, err := compile(spec)
		if err != nil {
			return s, fmt.Errorf("tool %s: %w", spec.Name, err)
		}
		s.tools[spec.Name], s.schemas[spec.Name] = t, schema
		s.order = append(s.order, spec.Name)
	}
	return s, nil
}

func compile(spec ToolSpec) (*jsonschema.Schema, error) {
	if len(spec.Schema) == 0 {
		return nil, errors.New("has no schema")
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(spec.Schema))
	if err != nil {
		return nil, fmt.Errorf("parse schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("tool:"+spec.Name, doc); err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	return c.Compile("tool:" + spec.Name)
}

// Tool finds a tool by its name.
func (s Toolset) Tool(name string) (Tool, bool) {
	t, ok := s.tools[name]
	return t, ok
}

// Specs are what a profile with this list may be told of, in the order of the set.
func (s Toolset) Specs(list rbac.ToolList) (specs []ToolSpec) {
	for _, n := range s.order {
		if list.May(n) {
			specs = append(specs, s.tools[n].Spec())
		}
	}
	return specs
}

// Validate checks arguments against the tool's schema and says in one line what
// does not fit.
func (s Toolset) Validate(name string, args json.RawMessage) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(args))
	if err != nil {
		return fmt.Errorf("arguments: %w", err)
	}
	err = s.schemas[name].Validate(v)
	var bad *jsonschema.ValidationError
	if !errors.As(err, &bad) {
		return err
	}
	lines := strings.Split(bad.Error(), "\n")
	return errors.New("arguments do not fit: " + strings.Join(lines[1:], "; "))
}
