package shell

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"interlock/rbac"
)

type row struct {
	ID, Command, Verdict string
	Disputed             bool
}

func corpus(t testing.TB) (rows []row) {
	t.Helper()
	all, err := os.ReadFile("../../../testdata/shell/commands.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(all) {
		var r row
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	return rows
}

// No command that changes something or escapes may be taken for a read, and
// nine of ten that nobody disputes must be.
func TestClassifyCorpus(t *testing.T) {
	t.Parallel()
	reads, read, bad := 0, 0, 0
	for _, r := range corpus(t) {
		e, why := Classify(r.Command)
		switch {
		case r.Verdict != "read-only" && e == rbac.Read:
			t.Errorf("%s is %s, judged a read: %q", r.ID, r.Verdict, r.Command)
		case r.Verdict != "read-only":
			bad++
		case r.Disputed:
		case e == rbac.Read:
			reads, read = reads+1, read+1
		default:
			reads++
			t.Logf("%s %q is %s: %s", r.ID, r.Command, e, strings.Join(why, "; "))
		}
	}
	t.Logf("%d of %d undisputed reads judged reads; %d others, none of them judged a read", read, reads, bad)
	if reads == 0 || bad == 0 || read*10 < reads*9 {
		t.Errorf("%d of %d", read, reads)
	}
}

// Two further lists, written for this project: whole classes of commands that
// are no reads, and what an engineer asks all day.
func TestClassifyLists(t *testing.T) {
	t.Parallel()
	for file, read := range map[string]bool{"not-reads.txt": false, "reads.txt": true} {
		all, err := os.ReadFile("../../../testdata/shell/" + file)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(all)), "\n")
		for _, c := range lines {
			if e, why := Classify(c); (e == rbac.Read) != read {
				t.Errorf("%s: %q is %s: %v", file, c, e, why)
			}
		}
		t.Logf("%s: %d commands", file, len(lines))
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	for want, commands := range map[rbac.Effect][]string{
		rbac.Read: {
			`cat main.tf | grep -n "resource" | head -5`, `(cd modules && ls)`, `ls *.tf`, `if test -f x; then cat x; fi`,
			`grep -rn foo . 2>/dev/null | sort | uniq -c | sort -rn`, `wc -l < main.tf`, `cat <<EOF` + "\nhello\nEOF", `echo $(date)`,
			`find . -name '*.tf' -exec grep -l aws {} +`, `find . -type f -print0 | xargs -0 wc -l`, `diff <(sort a) <(sort b)`,
			`env LC_ALL=C sort a`, `TZ=UTC date`, `time ls`, `timeout 5 cat x`, `nice -n 5 wc -l x`, `command -v tofu`, `/usr/bin/wc -l x`,
			`awk '{print $1}' x`, `awk -F: '$3 > 100' x`, `sed -n '/start/,/end/p' x`, `sed 's/a/b/g; s|x|y|' f`, `sed -e 's/a/b/' -e '$d' f`,
			`git log --oneline -5 -- main.tf`, `git diff HEAD~1 --stat`, `kubectl -n prod get pods -o yaml`, `kubectl logs -f web-0 --tail=10`,
			`helm -n prod status web`, `tofu output -json`, `docker ps -a --format '{{.Names}}'`, `tar tzf x.tgz`, `jq -r '.a | .b' x.json`,
			`aws ec2 describe-instances --filters Name=tag:a,Values=b --query 'Reservations[]'`, `az vm list -g rg -o table`,
			`gcloud logging read 'severity>=ERROR' --limit 5`, `base64 -d x`, `ls \` + "\n -la",
			`kubectl get pods -A -owide`, `kubectl logs -n prod -f web-0 -c app --since=1h --tail 5`, `kubectl -n prod top pods --sort-by cpu`, `kubectl config view --minify`,
			`helm -n prod get values web -a`, `helm history web --max 5`, `helm show values bitnami/nginx`, `docker logs --tail 50 -f web`, `docker image ls`, `docker compose ps`,
			`docker inspect -f '{{.State}}' web`, `gh pr list -R o/r --state open`, `gh run view 12 --log`, `terraform providers`, `terraform state list`, `tofu state show a.b`, `tofu show`,
			`aws ec2 describe-instances --instance-ids i-1 i-2 --region eu-west-1`, `aws --profile p s3 ls s3://b --recursive`, `aws logs tail /app --since 1h`,
			`aws cloudwatch get-metric-statistics --namespace a --metric-name b --dimensions Name=x,Value=y --statistics Average`,
			`gcloud compute instances list --project p --filter "status=RUNNING"`, `gcloud storage ls gs://b`, `gcloud config list`, `az account show`, `az aks list -o table`,
			`az network vnet subnet list -g rg --vnet-name v`, `az monitor metrics list --resource r --metric m`, `az keyvault secret list --vault-name v`,
			`systemctl --failed`, `systemctl list-units --type=service`, `journalctl -xeu nginx -n 50`, `ip -br a`, `ip route show`, `ip addr`, `dpkg -l`, `apt list --installed`, `pip list --format json`,
			`openssl x509 -in c.pem -noout -dates`, `xxd -l 16 x`, `tree -L 2 -a`, `sed -n '/[[:space:]]x/p' f`, `sed 's/[a-z]*/x/' f`, `sed '3a hello' f`, `sed -n '/a\/b/p' f`, `yq '.a.b' x.yaml`, `yq e -o json x.yaml`,
			`git log --format='%h %s'`, `git branch --contains abc`, `git tag -l 'v*'`, `git stash list`, `git config --get user.name`, `git remote get-url origin`, `git show HEAD:main.tf`,
			`git ls-files '*.tf'`, `git rev-parse HEAD`, `git blame -L 1,5 main.tf`, `top -bn1`, `mount`, `iptables -L -n -v`, `printf '%s\n' a b`, `crontab -l`, `paste a b`, `sh -c 'ls | wc -l'`, `helm lint ./chart`, `helm template web ./chart -f values.yaml`, `umask`, `timeout 5 sh -c 'cat x'`,
		},
		rbac.Execute: {
			``, ` `, `#`, `ls &`, `$X`, `"$(echo ls)"`, `ls > out`, `ls >> out`, `ls 2> err`, `ls &> x`, `ls >&f`, `cat <> x`, `cat < /dev/tcp/h/1`,
			`cat x | tee y`, `cat $(rm x)`, `sort $(cat x)`, `sort *`, `sort {-oa,b}`, `uniq a*`, `ls; foo`, `ls || foo`, `! foo`, `FOO=1 ls`, `LC_ALL=$(foo) ls`,
			`env FOO=1 ls`, `env -S "ls"`, `xargs rm`, `xargs sort`, `find . -exec sort {} ;`, `find . -exec cat $(printf ';') -delete \;`, `find $(x)`,
			`timeout 5`, `timeout 5 foo`, `nice foo`, `sed -i s/a/b/ x`, `sed 's/a/b/w x' f`, `sed 's/a/b/e' f`, `sed -n 'w x' f`, `sed -f x`, `sed '1r /x' f`,
			`sed 's/[/]/e x;s/a/b/' f`, `awk 'BEGIN{system("x")}'`, `awk '{print > "x"}' f`, `awk '{print | "sh"}' f`, `awk '/"/{system("x")}/"/' f`,
			`cd /x && git status`, `git branch x`, `git tag v1`, `git stash`, `git remote add a b`, `git config a.b c`, `git log --output=x`, `git -C x log`,
			`git diff --ext-diff`, `git log --textconv`, `git show --outp=x`, `kubectl get -f http://x`, `kubectl get pods --as=root`, `tofu plan`, `terraform init`,
			`terraform fmt`, `tofu -chdir=x show`, `terraform output -state=x`, `aws s3api get-object --bucket b --key k out.bin`, `aws sts get-session-token`,
			`aws ec2 describe-instances --cli-input-json file://x`, `aws lambda list-functions --marker file:///x`, `az account get-access-token`, `gcloud auth print-access-token`,
			`gcloud compute ssh list`, `[[ a > b ]]`, `x=1`, `export A=b`, `f() { ls; }`, `for i in a; do ls; done`, `(( a++ ))`, `test -v 'a[$(x)]'`, `printf -v PATH x`,
			`set -o allexport`, `curl http://x`, `wget x`, `less x`, `man ls`, `tar xf x`, `tar tf host:x`, `shuf -o x y`, `iconv -o x y`, `tree -o x`, `date -s x`,
			`hostname x`, `dig @x y`, `ls $'\x2d'`, `ls "${a[$(x)]}"`, `echo "$(foo)"`, "echo `foo`", `cat >(foo)`, `cat <(foo)`, `./ls`, `/tmp/ls`, `eval ls`, `zsh -c ls`,
			`cat <<EOF` + "\n$(foo)\nEOF", `select x in a; do ls; done`,
			`kubectl -A events delete -l app=x`, `kubectl get -f http://x/y logs`, `kubectl --watch get delete pod x`, `kubectl get pods --server x`, `kubectl config view --raw`, `kubectl config set-context x`,
			`docker -H ps rm x`, `docker exec web ls`, `docker cp web:/x -`, `helm --kubeconfig x list`, `helm show chart oci://x/y`, `helm plugin install x`, `gh api x`, `gh pr view -w`,
			`aws --filters ec2 x --region x ec2 describe-instances`, `aws gamelift get-game-session-log --save-as x`, `aws lakeformation get-temporary-glue-table-credentials`,
			`gcloud --flatten list compute instances reset x`, `gcloud list`, `az acr build --registry r list`, `az acr run -r r show`, `az rest list`, `gcloud container clusters get-credentials x`,
			`git diff --unified --output=x`, `git log --since --output=x`, `git stash -p show`, `git log --format=%G?`, `git verify-commit x`, `git config user.*`, `git config a.b c`, `git push`, `git grep -O x`,
			`pushd /tmp/evil && git status`, `pushd x; tofu show`, `sh -lc 'ls'`, `sh -c 'ls' x`, `sh -c 'foo'`, `bash -c "$X"`, `gawk 1 /inet/tcp/0/h/80`, `git log --format=%+G?`, `git for-each-ref --format '%(signature)'`, `helm template x/y`, `helm lint -f http://x .`, `umask 0`, `arch ls`, `sudo ls`, `xxd -ps a b`, `xxd -r a`, `tree -Lo 2 out`, `ip link s eth0 down`, `ip link set x up`, `ip -b x`, `getconf -v ../../x y`,
			`sed 'a foo\\` + "\nw x' f", `sed ':x;a foo\` + "\nw x' f", `sed ':x;s/a/b\` + "\nw x/' f", `sed 's/[[:alpha:]/]x/e y;s/a/b/' f`, `sed 's/[^]/]/w x/' f`, `sed --in-place s/a/b/ f`, `sed -ni p f`, `sed y/abc/w x/ f`,
			`LC_ALL=/tmp/evil ls`, `TZ=:/etc/shadow date`, `TZ=../x date`, `printf %n 'a[$(x)]'`, `printf %5n x`, `sysctl v*`, `top`, `systemctl restart x`, `systemctl --type status stop x`, `systemctl -H x status`,
			`yq -i .a=1 x`, `yq 'load("/x")' f`, `yq '.a | env' f`, `iptables -L -Z`, `iptables -F`, `ifconfig eth0 down`, `mount a b`, `fdisk x`, `gzip x`, `dpkg -i x`, `rpm -qi --pipe x`, `fd -l x`, `fd -x rm`,
			`journalctl --vacuum-size=1M`, `journalctl -n --rotate`, `pip install x`, `go env -w A=b`, `time -o x ls`, `nice -n 5 rm x`, `timeout -s KILL 5 rm x`, `command -p ls`, `env -C /x ls`, `env - PATH=x ls`,
			`xargs -I{} sh -c {}`, `find . -name x -exec sh -c 'cat {}' \;`, `find . -execdir rm {} +`, `find . -okdir cat {} \;`, `find -files0-from x`, `ls ?(a)`, `ls =(x)`, `cat $((1))`, `let x=1`, `read x`, `source x`, `. x`,
			`ls |& tee x`, `ls >| x`, `ls >/dev/sda`, `ls 1<>x`, `exec 3>x`, `{ ls; } > x`, `(ls) >> x`, `if ls; then ls; fi > x`, `! rm x`, `time rm x`, `while ls; do ls; done`, `ls && (cd x; make)`,
			`dd if=a of=b`, `tee x`, `install a b`, `ln -s a b`, `truncate -s 0 x`, `split x`, `csplit x 1`, `touch x`, `mktemp`, `patch x`, `vi x`, `ed x`, `sqlite3 x`, `nc h 1`, `ssh h`, `rsync a b`, `ping x`, `less x`, `more x`,
			`coproc ls`, `case x in x) ls;; esac`, "ls\x00", strings.Repeat("(", 100) + "ls" + strings.Repeat(")", 100),
		},
		rbac.Change:  {`tofu apply`, `kubectl -n prod scale deploy/x --replicas=0`, `aws s3 cp a s3://b`, `ls; helm upgrade a b`, `echo x | kubectl apply -f -`, `sh -c 'tofu apply'`, `sudo kubectl apply -f x`, `eval "helm upgrade a b"`, `env kubectl -s x -n y apply -f z`, `pulumi up`, `ansible-playbook site.yml`, `gcloud compute instances create x`, `aws --region x ec2 stop-instances`},
		rbac.Destroy: {`terraform destroy`, `tofu apply -destroy`, `kubectl delete pod x`, `aws ec2 terminate-instances --instance-ids i`, `gcloud compute instances delete x`, `az group delete -n x`, `cd x && tofu destroy`, `bash -c "ls; kubectl delete ns x"`, `xargs kubectl delete pod`, `helm -n x uninstall web`, `aws s3 rm s3://b --recursive`, `aws s3api delete-bucket --bucket b`, `find . -exec kubectl delete -f {} \;`, `timeout 5 terraform destroy`, `for x in a; do terraform destroy; done`, `echo $(terraform destroy)`},
	} {
		for _, c := range commands {
			if got, why := Classify(c); got != want || len(why) == 0 {
				t.Errorf("%q is %s, want %s: %v", c, got, want, why)
			}
		}
	}
}

// What is a read stays none with an unknown command beside or in it, and never
// sets a variable or writes a file.
func FuzzClassify(f *testing.F) {
	for i, r := range corpus(f) {
		if i%4 == 0 {
			f.Add(r.Command)
		}
	}
	f.Fuzz(func(t *testing.T, c string) {
		e, why := Classify(c)
		if e < rbac.Read || e > rbac.Destroy || len(why) == 0 {
			t.Fatalf("%q: %s %v", c, e, why)
		}
		// After these, what is added is no command of its own.
		if e != rbac.Read || strings.HasSuffix(c, `\`) || strings.Contains(c, "<<") {
			return
		}
		for _, worse := range []string{c + "\npwn-unknown", "pwn-unknown\n" + c, "{ " + c + "\n} > out", "PATH=/x\n" + c} {
			if e, _ := Classify(worse); e == rbac.Read {
				t.Fatalf("%q is a read", worse)
			}
		}
		for _, sign := range []string{"pwn-unknown", "rm ", "curl ", "eval "} {
			if strings.HasPrefix(strings.TrimSpace(c), sign) {
				t.Fatalf("%q is a read", c)
			}
		}
	})
}

func BenchmarkClassify(b *testing.B) {
	for b.Loop() {
		Classify(`grep -rn "0.0.0.0/0" . 2>/dev/null | sort | uniq -c | sort -rn | head -20`)
	}
}

// No command takes long to judge, however it is nested.
func TestClassifyNested(t *testing.T) {
	t.Parallel()
	for _, c := range []string{
		strings.Repeat("cat <<<$(", 200) + "ls" + strings.Repeat(")", 200), strings.Repeat("echo \"$(", 300) + "ls" + strings.Repeat(")\"", 300),
		strings.Repeat("find . -exec ", 500) + "ls ;", strings.Repeat("xargs ", 2000) + "ls", strings.Repeat("sh -c ", 1000) + "ls", strings.Repeat("ls;", 5000),
		strings.Repeat("echo ${a:-", 100) + "$(x)" + strings.Repeat("}", 100), strings.Repeat("sudo sh -c eval ", 500) + "x", strings.Repeat("ls `rm ", 50), strings.Repeat("env ", 4000) + "ls",
	} {
		if e, _ := Classify(c); e != rbac.Execute {
			t.Errorf("%.40q... is %s", c, e)
		}
	}
}
