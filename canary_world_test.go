package main

import (
	"fmt"
	"math/rand/v2"
	"path"
	"strings"
)

// canary is a secret of the test's own. Where it is found beside its slot, it leaked.
type canary struct {
	name   string // the slot and its number
	slot   slot
	value  string
	text   string // as it stands in its place
	inRepo bool   // so that workspaces hold it by right
}

// slot is where a canary is put.
type slot string

const (
	ofHost    slot = "environment of the host"
	ofConfig  slot = "configuration"
	ofFiles   slot = "file of the host"
	ofPlan    slot = "marked as sensitive"
	ofRepo    slot = "repository"
	ofIssue   slot = "issued secret"
	ofControl slot = "control" // planted where it must be found
)

// The alphabets of what providers give out.
const (
	capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	letters  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	small    = "abcdefghijklmnopqrstuvwxyz0123456789"
	base64s  = letters + "+/"
	keyboard = letters + "!@#%^*_+-=.~/"
)

// shape is what a secret looks like: in %s of text stands the value, which is that
// of value with each letter drawn from its alphabet.
type shape struct {
	name, text, head, alphabet string
	size                       int
}

var shapes = map[string]shape{
	"aws id":      {"aws id", "AWS_ACCESS_KEY_ID=%s", "AKIA", capitals, 16},
	"aws secret":  {"aws secret", "AWS_SECRET_ACCESS_KEY=%s", "", base64s, 40},
	"github":      {"github", "GITHUB_TOKEN=%s", "ghp_", letters, 36},
	"gitlab":      {"gitlab", "the deploy token is %s", "glpat-", letters, 20},
	"slack":       {"slack", "notify: %s", "xoxb-2384756019-4820175936281-", letters, 24},
	"stripe":      {"stripe", "billing = '%s'", "sk_live_", letters, 24},
	"password":    {"password", "DB_PASSWORD=%s", "p", keyboard, 19},
	"yaml":        {"yaml", "  password: %s", "y", keyboard, 19},
	"json":        {"json", `  "password": "%s",`, "j", keyboard, 19},
	"tfvars":      {"tfvars", `db_password = "%s"`, "t", keyboard, 19},
	"url":         {"url", "postgres://app:%s@db.internal:5432/app?sslmode=require", "", letters, 22},
	"remote":      {"remote", "url = https://bot:%s@git.example.com/infra.git", "", letters, 30},
	"bearer":      {"bearer", `curl -H "Authorization: Bearer %s" https://api.example.com/v1`, "", letters, 40},
	"netrc":       {"netrc", "machine git.example.com login bot password %s", "n", letters, 21},
	"kubeconfig":  {"kubeconfig", "users: [{name: admin, user: {client-key-data: %s}}]", "LS0tLS1CRUdJTiBFQyBQUklWQVRFIEtFWS0tLS0t", letters, 40},
	"kube token":  {"kube token", "    token: %s", "k8s-aws-v1.", letters, 44},
	"private key": {"private key", pemHead + "%s" + pemTail, "", base64s, 64},
	"plain":       {"plain", "%s", "", letters, 32},
	"phrase":      {"phrase", `phrase_%%d = "%s"`, "", small, 24},
}

// Lines of a key before and after the one that is a canary; none of them opens
// anything.
const (
	pemHead = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA0Zx81q5nV7yTq2m4uJ8rWkd3sHgFvB6oPzXcLtEiYaRbNfUw\n"
	pemTail = "\nK1c9vQeRj5tHs8uYwXzBnMk2dLpGfAoTiVrEyUqZxCbNmJh7g6f5d4s3a2P1o0Ii\n-----END RSA PRIVATE KEY-----"
)

// mint makes canaries from a seed.
type mint struct {
	*rand.Rand
	all []*canary
}

func (m *mint) make(s slot, shapeName string) *canary {
	sh := shapes[shapeName]
	v := []byte(sh.head)
	for range sh.size {
		v = append(v, sh.alphabet[m.IntN(len(sh.alphabet))])
	}
	if end := &v[len(v)-1]; strings.IndexByte(letters, *end) < 0 {
		*end = letters[m.IntN(len(letters))] // no end of a sentence
	}
	c := &canary{name: fmt.Sprintf("%s %d (%s)", s, len(m.all), sh.name), slot: s, value: string(v)}
	c.text, c.inRepo = fmt.Sprintf(sh.text, c.value), s == ofRepo || s == ofIssue
	m.all = append(m.all, c)
	return c
}

func (m *mint) some(s slot, n int, shapeNames ...string) {
	for i := range n {
		m.make(s, shapeNames[i%len(shapeNames)])
	}
}

// newCanaries makes two hundred.
func newCanaries(seed uint64) []*canary {
	m := &mint{Rand: rand.New(rand.NewPCG(seed, 200))}
	m.some(ofHost, 30, "aws id", "aws secret", "github", "slack", "stripe", "password", "url", "plain", "bearer", "private key")
	m.some(ofConfig, 6, "plain")
	m.some(ofFiles, 33, "aws id", "aws secret", "netrc", "kubeconfig", "kube token", "private key", "password", "github", "remote", "stripe")
	m.some(ofFiles, 1, "plain")
	m.some(ofPlan, 28, "plain")
	m.some(ofRepo, 60, leaked...)
	m.some(ofRepo, 2, "password")
	m.some(ofIssue, 40, "plain")
	return m.all
}

// leaked are the shapes in what somebody committed by mistake, twelve a service.
var leaked = []string{
	"aws id", "aws secret", "github", "password", "url", "slack", // .env
	"yaml", "kubeconfig", "bearer", // config.yaml
	"json", "stripe", // settings.json
	"private key", // id_rsa
}

// of are the canaries of a slot, in their order.
func of(all []*canary, s slot) (some []*canary) {
	for _, c := range all {
		if c.slot == s {
			some = append(some, c)
		}
	}
	return some
}

func texts(all []*canary) string {
	var b strings.Builder
	for _, c := range all {
		b.WriteString(c.text + "\n")
	}
	return b.String()
}

// leakedFiles are the files that a repository has too much of, with their canaries.
func leakedFiles(all []*canary) map[string]string {
	files := map[string]string{}
	repo := of(all, ofRepo)
	for i := 0; i+len(leaked) <= len(repo); i += len(leaked) {
		dir, c := fmt.Sprintf("services/s%d", i/len(leaked)), repo[i:]
		files[path.Join(dir, ".env")] = texts(c[:6])
		files[path.Join(dir, "config.yaml")] = "database:\n" + texts(c[6:9])
		files[path.Join(dir, "settings.json")] = "{\n" + texts(c[9:11]) + "}\n"
		files[path.Join(dir, "id_rsa")] = texts(c[11:12])
	}
	issued := of(all, ofIssue)
	for i := 0; i+4 <= len(issued); i += 4 {
		files[fmt.Sprintf("notes/n%d.txt", i/4)] = "to be kept:\n" + texts(issued[i:i+4])
	}
	files["notes/model.txt"] = "tried with " + of(all, ofConfig)[2].value + " on Monday\n"
	return files
}

// peers is code with values that are sensitive: tokens, which the provider marks
// too, and phrases, whose names say nothing. What stands in remarks is not marked.
func peers(tokens, phrases, remarks []*canary) map[string]string {
	var code, values strings.Builder
	for i, c := range tokens {
		fmt.Fprintf(&code, peerCode, "peer_token", i, "token")
		fmt.Fprintf(&values, "peer_token_%d = %q\n", i, c.value)
	}
	for i, c := range phrases {
		fmt.Fprintf(&code, peerCode, "phrase", i, "description")
		fmt.Fprintf(&values, "phrase_%d = %q\n", i, c.value)
	}
	for i, c := range remarks {
		fmt.Fprintf(&code, remarkCode, i, c.text)
	}
	dir := "stacks/" + demoStack + "/"
	return map[string]string{dir + "peers.tf": code.String(), dir + "terraform.tfvars": values.String()}
}

const peerCode = `
variable "%[1]s_%[2]d" {
  type      = string
  sensitive = true
}

resource "firewall_rule" "%[1]s_%[2]d" {
  name   = "%[3]s-%[2]d"
  source = "10.9.0.0/16"
  port   = 443
  action = "allow"
  %[3]s  = var.%[1]s_%[2]d
}
`

const remarkCode = `
resource "firewall_rule" "remark_%[1]d" {
  name        = "remark-%[1]d"
  source      = "10.9.0.0/16"
  port        = 443
  action      = "allow"
  description = "for the batch: %[2]s"
}
`
