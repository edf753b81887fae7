package shell

import (
	"regexp"
	"slices"
	"strings"
)

var (
	awsReads = regexp.MustCompile(`^(describe|list|get|batch-get|lookup|search|head|filter-log-events|view|preview|estimate|check|validate|simulate)(-[a-z0-9-]+)?$`)
	// awsGives are the reads that hand out a credential or write a file.
	awsGives = regexp.MustCompile(`(credential|token|login|password|web-identity|access-grant)` +
		`|^get-(id|object|object-torrent|job-output|export|sdk|media.*|clip|snapshot-block|data-access|tile|dash-streaming.*|hls-streaming.*|raw-message.*|bucket-object|generated-.*|package-version-asset|block|blob.*|game-session-log.*)$`)
	awsOption = regexp.MustCompile(`^--[a-z][a-z0-9-]*$`)
	awsWord   = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	awsNever  = fields("--endpoint-url --ca-bundle --cli-input-json --cli-input-yaml --no-verify-ssl --outfile --output-file --save-as --generate-cli-skeleton --debug --cli-auto-prompt --with-session-token")
	// awsAll may stand before the operation: what is not known there can
	// swallow a word, so that another operation runs than one reads.
	awsAll = grammar{long: "no-cli-pager no-paginate no-cli-auto-prompt no-sign-request", longv: "region profile output query color cli-read-timeout cli-connect-timeout"}
)

// aws reads by the verb of the operation. An operand after it would be a file
// to write, and a value with a scheme a file to send.
func aws(args []word) string {
	if slices.ContainsFunc(args, func(w word) bool { return !w.lit || w.loose || foreign(w.text) && !strings.HasPrefix(w.text, "s3://") }) {
		return "a value is not literal, or comes from a file or an address"
	}
	if len(args) == 1 && args[0].text == "--version" {
		return ""
	}
	var names [2]string
	for i := range names {
		rest, why := awsAll.lead(args)
		switch {
		case why != "":
			return why
		case len(rest) == 0 || !awsWord.MatchString(rest[0].text):
			return unknownSub
		}
		names[i], args = rest[0].text, rest[1:]
	}
	if why := awsOperation(names[0], names[1]); why != "" {
		return why
	}
	return awsArguments(slices.Contains(awsOperands, names[0]+" "+names[1]), args)
}

func foreign(value string) bool { return strings.Contains(value, "://") }

// awsOperands are the reads that take operands, which name nothing to write.
var awsOperands = []string{"s3 ls", "logs tail", "configure get"}

func awsOperation(service, op string) string {
	both := service + " " + op
	switch {
	case slices.Contains(awsOperands, both), both == "configure list", both == "configure list-profiles", both == "dynamodb scan", both == "dynamodb query":
		return ""
	case awsGives.MatchString(op):
		return "it hands out a credential or writes a file"
	case awsReads.MatchString(op):
		return ""
	}
	return "this operation is not known to only read"
}

// awsArguments takes options with their values, and operands where they may be.
func awsArguments(operands bool, args []word) string {
	for i := 0; i < len(args); i++ {
		w := args[i].text
		name, _, given := strings.Cut(w, "=")
		switch {
		case !strings.HasPrefix(w, "-"):
			if !operands {
				return "an operand may be a file to write"
			}
		case !awsOption.MatchString(name) || slices.Contains(awsNever, name):
			return "option " + name + " is not known to only read"
		case !given:
			n, ok := awsValues(name, args[i+1:])
			if !ok && !operands {
				return "an operand may be a file to write"
			}
			i += n
		}
	}
	return ""
}

var awsSwitch = regexp.MustCompile(`^--(no-.*|include-.*|with-decryption|recursive|human-readable|summarize|dry-run|follow|consistent-read|only-.*)$`)

// awsValues counts the words that belong to an option: one, or more when its
// name is a plural or they look like pairs. Switches have none.
func awsValues(name string, args []word) (n int, ok bool) {
	if awsSwitch.MatchString(name) {
		return 0, true
	}
	for n < len(args) && !strings.HasPrefix(args[n].text, "-") {
		if n > 0 && !strings.HasSuffix(name, "s") && !strings.Contains(args[n].text, "=") {
			return n, false
		}
		n++
	}
	return n, true
}
