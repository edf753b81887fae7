package keep

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// Bounds of one value: what is larger is no setting that somebody reviews.
const (
	valueDepth = 20
	valueBytes = 16 << 10
)

// literal writes a value as code. Lines after the first begin as the place does.
func literal(v any, indent string) (string, error) {
	val, err := toCty(v, valueDepth)
	if err != nil {
		return "", err
	}
	b := hclwrite.Format(hclwrite.TokensForValue(val).Bytes())
	if len(b) > valueBytes {
		return "", fmt.Errorf("its value is larger than %d bytes", valueBytes)
	}
	return strings.ReplaceAll(strings.TrimSpace(string(b)), "\n", "\n"+indent), nil
}

func toCty(v any, depth int) (cty.Value, error) {
	if depth == 0 {
		return cty.NilVal, fmt.Errorf("its value is nested more than %d deep", valueDepth)
	}
	switch v := v.(type) {
	case nil:
		return cty.NullVal(cty.DynamicPseudoType), nil
	case bool:
		return cty.BoolVal(v), nil
	case string:
		return cty.StringVal(v), nil
	case json.Number:
		n, err := cty.ParseNumberVal(v.String())
		if err != nil {
			return cty.NilVal, errors.New("its number cannot be written")
		}
		return n, nil
	case []any:
		all := []cty.Value{}
		for _, e := range v {
			c, err := toCty(e, depth-1)
			if err != nil {
				return c, err
			}
			all = append(all, c)
		}
		return cty.TupleVal(all), nil
	case map[string]any:
		all := map[string]cty.Value{}
		for k, e := range v {
			c, err := toCty(e, depth-1)
			if err != nil {
				return c, err
			}
			all[k] = c
		}
		return cty.ObjectVal(all), nil
	}
	return cty.NilVal, errors.New("its value has a form that is not known")
}

// mayBeBlocks tells whether a value may stand for nested blocks.
func mayBeBlocks(v any) bool {
	l, _ := v.([]any)
	for _, e := range l {
		if _, ok := e.(map[string]any); ok {
			return true
		}
	}
	m, _ := v.(map[string]any)
	for _, e := range m {
		switch e.(type) {
		case map[string]any, []any:
			return true
		}
	}
	return false
}

// source names where the code takes a value from; empty when the value itself stands
// there.
func source(e hclsyntax.Expression) string {
	if all := e.Variables(); len(all) > 0 {
		return reference(all[0])
	}
	why := ""
	_ = hclsyntax.VisitAll(e, func(n hclsyntax.Node) hcl.Diagnostics {
		switch n := n.(type) {
		case *hclsyntax.FunctionCallExpr:
			why = "the function " + n.Name
		case *hclsyntax.LiteralValueExpr, *hclsyntax.TemplateExpr, *hclsyntax.TupleConsExpr, *hclsyntax.ObjectConsExpr, *hclsyntax.ObjectConsKeyExpr, *hclsyntax.UnaryOpExpr:
		default:
			if why == "" {
				why = "an expression"
			}
		}
		return nil
	})
	return why
}

// reference is the beginning of a name such as var.cidr or aws_vpc.main.
func reference(t hcl.Traversal) string {
	parts := []string{t.RootName()}
	for _, step := range t[1:] {
		if a, ok := step.(hcl.TraverseAttr); ok && len(parts) < 3 {
			parts = append(parts, a.Name)
		}
	}
	return strings.Join(parts, ".")
}
