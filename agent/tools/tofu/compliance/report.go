package compliance

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// reportLimit bounds a report, in bytes.
const reportLimit = 16 << 20

// breach is a rule that some place does not keep, in the scanner's own words.
type breach struct {
	rule, title, severity string
	resource              string // its address, where the scanner knows one
	file                  string
	line                  int
}

// decode reads one value and refuses what follows it.
func decode(b []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	if err := dec.Decode(v); err != nil {
		return errors.New("it is not the JSON that is expected") // its words would quote the code
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON")
	}
	return nil
}

// checkovReport is what checkov prints for one framework. Without anything to check
// there are counts alone.
type checkovReport struct {
	Passed  *int            `json:"passed"`
	Unread  int             `json:"parsing_errors"`
	Results *checkovResults `json:"results"`
	Summary struct {
		Unread int `json:"parsing_errors"`
	} `json:"summary"`
}

type checkovResults struct {
	Failed []struct {
		ID       string `json:"check_id"`
		Name     string `json:"check_name"`
		Severity string `json:"severity"`
		Resource string `json:"resource"`
		Path     string `json:"file_path"`
		Lines    []int  `json:"file_line_range"`
	} `json:"failed_checks"`
	Unread []json.RawMessage `json:"parsing_errors"`
}

func checkov(b []byte) (found []breach, err error) {
	all, err := checkovReports(b)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		if r.Results == nil {
			if r.Passed == nil {
				return nil, errNothing
			}
			r.Results = &checkovResults{}
		}
		if n := max(r.Summary.Unread, r.Unread, len(r.Results.Unread)); n > 0 {
			return nil, fmt.Errorf("it could not read %d files", n)
		}
		for _, f := range r.Results.Failed {
			at := 0
			if len(f.Lines) > 0 {
				at = f.Lines[0]
			}
			found = append(found, breach{f.ID, f.Name, f.Severity, f.Resource, f.Path, at})
		}
	}
	return found, nil
}

// errNothing is a report that says neither what was found nor that nothing was.
var errNothing = errors.New("it holds no result")

// checkovReports are one, or a list of one for each framework.
func checkovReports(b []byte) (all []checkovReport, err error) {
	if trimmed := bytes.TrimSpace(b); len(trimmed) > 0 && trimmed[0] == '[' {
		err = decode(b, &all)
	} else {
		all = make([]checkovReport, 1)
		err = decode(b, &all[0])
	}
	if err == nil && len(all) == 0 {
		err = errNothing
	}
	return all, err
}

// trivyReport is what trivy config prints. Without any result it looked at no code, which
// a stack always has.
type trivyReport struct {
	Schema  int `json:"SchemaVersion"`
	Results []struct {
		Target string
		Broken []struct {
			ID, AVDID, Title, Message, Severity, Status string

			Cause struct {
				Resource string
				Line     int `json:"StartLine"`
			} `json:"CauseMetadata"`
		} `json:"Misconfigurations"`
	}
}

func trivy(b []byte) (found []breach, err error) {
	var r trivyReport
	if err := decode(b, &r); err != nil {
		return nil, err
	}
	if r.Schema != 2 {
		return nil, fmt.Errorf("its form %d is not known: 2 is", r.Schema)
	}
	if len(r.Results) == 0 {
		return nil, errNothing
	}
	for _, t := range r.Results {
		for _, m := range t.Broken {
			if m.Status == "" || m.Status == "FAIL" {
				found = append(found, breach{cmp.Or(m.ID, m.AVDID), cmp.Or(m.Title, m.Message), m.Severity, m.Cause.Resource, t.Target, m.Cause.Line})
			}
		}
	}
	return found, nil
}

// tflintReport is what tflint prints. Errors are files that it could not look at.
type tflintReport struct {
	Issues *[]struct {
		Rule    struct{ Name, Severity string }
		Message string
		Range   struct {
			Filename string
			Start    struct{ Line int }
		}
	}
	Errors []struct{ Message, Summary string }
}

func tflint(b []byte) (found []breach, err error) {
	var r tflintReport
	if err := decode(b, &r); err != nil {
		return nil, err
	}
	if len(r.Errors) > 0 {
		e := r.Errors[0]
		return nil, fmt.Errorf("it could not look at all: %s", line(cmp.Or(e.Summary, e.Message), saidLimit))
	}
	if r.Issues == nil {
		return nil, errNothing
	}
	for _, i := range *r.Issues {
		found = append(found, breach{i.Rule.Name, i.Message, i.Rule.Severity, "", i.Range.Filename, i.Range.Start.Line})
	}
	return found, nil
}
