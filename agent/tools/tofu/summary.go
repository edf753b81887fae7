package tofu

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"interlock/agent"
)

// ErrNotPlan reports a document that is no plan, for example a state or the
// output of a validation. It is never taken for a plan without changes.
var ErrNotPlan = errors.New("not a plan")

// planLimit bounds a plan document in bytes: the memory that reading it takes
// is several times as much.
const planLimit = 64 << 20

// document is what is read of a plan. The version is under another name in the
// form without secrets that remote backends serve.
type document struct {
	FormatVersion     string                    `json:"format_version"`
	PlanFormatVersion string                    `json:"plan_format_version"`
	PlannedValues     json.RawMessage           `json:"planned_values"`
	ResourceChanges   []*tfjson.ResourceChange  `json:"resource_changes"`
	ResourceDrift     []*tfjson.ResourceChange  `json:"resource_drift"`
	OutputChanges     map[string]*tfjson.Change `json:"output_changes"`
	Valid             *bool                     `json:"valid"`
	Values            json.RawMessage           `json:"values"`
	Errored           bool                      `json:"errored"`

	secrets secrets
	sets    map[string]bool // what the code sets, as "address attribute" without indexes
	left    *int            // how many attributes may still be told
}

// Summarize counts what a plan document (tofu show -json) would do. Every value
// that the document marks sensitive is left out, wherever it appears. Anything
// that is not wholly a plan of a known format is an error.
func Summarize(planJSON []byte) (agent.Plan, error) {
	d, err := parse(planJSON)
	if err != nil {
		return agent.Plan{}, err
	}
	return d.plan()
}

// SensitiveValues are what the document marks sensitive anywhere, sorted.
func SensitiveValues(planJSON []byte) []string {
	d, err := parse(planJSON)
	if err != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(d.secrets))
}

func parse(b []byte) (*document, error) {
	if len(b) > planLimit {
		return nil, fmt.Errorf("read plan: larger than %d bytes", planLimit)
	}
	var d document
	if err := decodeOne(b, &d); err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	var all map[string]any
	if err := decodeOne(b, &all); err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	left := planAttributes
	d.secrets, d.sets, d.left = gather(all), map[string]bool{}, &left
	d.configured("", dig(all, "configuration", "root_module"))
	return &d, nil
}

// decodeOne reads one value and refuses what follows it.
func decodeOne(b []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber() // a float would show large numbers wrongly
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the document")
	}
	return nil
}

func (d *document) check() error {
	switch {
	case d.Valid != nil:
		return fmt.Errorf("%w: this is the result of a validation", ErrNotPlan)
	case d.Values != nil:
		return fmt.Errorf("%w: this is a state", ErrNotPlan)
	case d.FormatVersion == "" && d.PlanFormatVersion == "":
		return fmt.Errorf("%w: it names no format version", ErrNotPlan)
	case d.FormatVersion != "" && d.PlannedValues == nil:
		return fmt.Errorf("%w: it has no planned values", ErrNotPlan)
	case d.FormatVersion == "" && d.ResourceChanges == nil && d.OutputChanges == nil:
		return fmt.Errorf("%w: it has no changes", ErrNotPlan)
	}
	if d.FormatVersion != "" {
		return checkVersion(d.FormatVersion)
	}
	return checkVersion(d.PlanFormatVersion)
}

// checkVersion takes the major versions 0 and 1; a minor version only adds.
func checkVersion(version string) error {
	major, minor, ok := strings.Cut(version, ".")
	_, err := strconv.ParseUint(minor, 10, 16)
	if !ok || err != nil || major != "0" && major != "1" {
		return fmt.Errorf("plan format version %q is not known: 0.x and 1.x are", short(version, valueLimit))
	}
	return nil
}

func (d *document) plan() (agent.Plan, error) {
	p := agent.Plan{Errored: d.Errored}
	for _, r := range d.ResourceChanges {
		if err := d.count(&p, r); err != nil {
			return agent.Plan{}, err
		}
	}
	for name, c := range d.OutputChanges {
		if c == nil || len(c.Actions) == 0 {
			return agent.Plan{}, fmt.Errorf("%w: output %q has no action", ErrNotPlan, short(name, valueLimit))
		}
		if !c.Actions.NoOp() {
			p.Outputs++
		}
	}
	for _, r := range d.ResourceDrift {
		res, ok, err := d.drifted(r)
		if err != nil {
			return agent.Plan{}, err
		}
		if ok {
			p.Drift++
			p.Drifted = append(p.Drifted, res)
		}
	}
	return p, nil
}

// count adds one resource. Being moved or imported is counted beside the action.
func (d *document) count(p *agent.Plan, r *tfjson.ResourceChange) error {
	action, err := actionOf(r)
	if err != nil {
		return err
	}
	switch action {
	case "create":
		p.Create++
	case "update":
		p.Update++
	case "delete":
		p.Delete++
	case "replace":
		p.Replace++
	case "read":
		p.Read++
		return nil
	case "no-op":
		p.Noop++
	}
	if moved(r) {
		p.Moved++
	}
	if r.Change.Importing != nil {
		p.Imported++
	}
	if shown := shownAction(r, action); shown != "" {
		p.Resources = append(p.Resources, d.resource(r, shown, changeDiff(r.Change)))
	}
	return nil
}

func moved(r *tfjson.ResourceChange) bool {
	return r.PreviousAddress != "" && r.PreviousAddress != r.Address
}

// shownAction names what a reader must know of an untouched resource; an empty
// name means that there is nothing to tell.
func shownAction(r *tfjson.ResourceChange, action string) string {
	switch {
	case action != "no-op":
		return action
	case r.Change.Importing != nil:
		return "imported"
	case moved(r):
		return "moved"
	}
	return ""
}

// actionOf refuses what it does not know: a new kind of action must never pass
// for nothing. What gives up an object and makes another is a replacement.
func actionOf(r *tfjson.ResourceChange) (string, error) {
	if r == nil || r.Change == nil || r.Address == "" {
		return "", fmt.Errorf("%w: a resource has no address or no change", ErrNotPlan)
	}
	switch a := r.Change.Actions; {
	case a.NoOp():
		return "no-op", nil
	case a.Create():
		return "create", nil
	case a.Read():
		return "read", nil
	case a.Update():
		return "update", nil
	case a.Delete():
		return "delete", nil
	case a.Replace(), len(a) == 2 && a[0] == tfjson.ActionForget && a[1] == tfjson.ActionCreate:
		return "replace", nil
	case a.Forget():
		return "forget", nil
	default:
		return "", fmt.Errorf("plan has an unknown action %q on %s", a, short(r.Address, valueLimit))
	}
}

func (d *document) resource(r *tfjson.ResourceChange, action string, diffs []difference) agent.PlanResource {
	address := r.Address
	if r.DeposedKey != "" { // left over from a replacement that failed
		address += " (deposed " + r.DeposedKey + ")"
	}
	return agent.PlanResource{Address: Line(address), Type: Line(r.Type), Action: action, Attributes: d.attributes(diffs)}
}
