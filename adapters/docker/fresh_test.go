package docker

import (
	"errors"
	"maps"
	"os"
	osexec "os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"interlock/agent"
)

var inspect client.ContainerInspectOptions

func TestFreshBringsInAndOut(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	c := fresh("c", sh("cat; cat a/b.txt; echo err >&2; echo result >out; exit 3")...)
	c.Stdin, c.Dir = []byte("in\n"), "stack"
	c.Files = map[string][]byte{"stack/a/b.txt": []byte("b\n")}
	c.Collect = []string{"stack/out", "stack/missing"}
	out := exec(t, s, c)
	if string(out.Stdout) != "in\nb\n" || string(out.Stderr) != "err\n" || out.Code != 3 || out.Truncated || out.Stopped {
		t.Errorf("%+v %q %q", out, out.Stdout, out.Stderr)
	}
	if len(out.Files) != 1 || string(out.Files["stack/out"]) != "result\n" {
		t.Errorf("files: %q", out.Files)
	}
	if n := len(containers(t.Context(), t, s)); n != 0 {
		t.Errorf("%d containers left", n)
	}
}

func TestBytesAreKept(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	const odd = `printf '\000\001\377\376<&>\r\nno end'`
	for _, c := range []agent.Command{fresh("c", sh(odd)...), inSession(sh(odd)...)} {
		if out := exec(t, s, c); string(out.Stdout) != "\x00\x01\xff\xfe<&>\r\nno end" {
			t.Errorf("got %q", out.Stdout)
		}
	}
}

func TestProgramThatIsNotThere(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	for _, c := range []agent.Command{fresh("c", "no-such-program"), inSession("no-such-program")} {
		if out := exec(t, s, c); out.Code != 127 && out.Code != 126 {
			t.Errorf("%d, %q", out.Code, out.Stderr)
		}
	}
	if out, err := s.Collect(t.Context(), fresh("c", "no-such-program")); err != nil || out.Code != 127 {
		t.Errorf("collected %d, %v", out.Code, err)
	}
}

func TestMounts(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	ro, rw := t.TempDir(), t.TempDir()
	for _, dir := range []string{ro, rw} {
		if err := os.WriteFile(filepath.Join(dir, "f"), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := s.Own(dir); err != nil {
			t.Fatal(err)
		}
	}
	c := fresh("c", sh("cat /ro/f /rw/f; echo y >/rw/f; echo y >/ro/f")...)
	c.Mounts = []agent.Mount{{From: ro, To: "/ro"}, {From: rw, To: "/rw", Write: true}}
	out := exec(t, s, c)
	was, _ := os.ReadFile(filepath.Join(ro, "f"))
	is, _ := os.ReadFile(filepath.Join(rw, "f"))
	if string(out.Stdout) != "xx" || string(was) != "x" || string(is) != "y\n" || out.Code == 0 {
		t.Errorf("%d %q: %q, %q", out.Code, out.Stdout, was, is)
	}
}

func TestOneCallRunsOnce(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	dir := t.TempDir()
	if err := s.Own(dir); err != nil {
		t.Fatal(err)
	}
	c := fresh("c", sh("echo ran >>/count/f; sleep 0.3; echo done")...)
	c.Mounts = []agent.Mount{{From: dir, To: "/count", Write: true}}
	outs := make(chan string, 3)
	for range cap(outs) {
		go func() {
			out, err := s.Exec(t.Context(), c)
			if err != nil {
				outs <- err.Error()
				return
			}
			outs <- string(out.Stdout)
		}()
	}
	for range cap(outs) {
		if got := <-outs; got != "done\n" {
			t.Errorf("got %q", got)
		}
	}
	exec(t, s, c)
	if b, _ := os.ReadFile(filepath.Join(dir, "f")); string(b) != "ran\n" {
		t.Errorf("ran: %q", b)
	}
}

func TestCollectStartsNothing(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	c := fresh("c", sh("echo ran")...)
	if _, err := s.Collect(t.Context(), c); !errors.Is(err, agent.ErrNotFound) {
		t.Fatalf("nothing was started: %v", err)
	}
	c.Image, c.Limit = testImage(), time.Minute
	half := func() { // as if we died before the start
		t.Helper()
		b, err := s.blankFor(t.Context(), c)
		if err == nil {
			err = s.inscribe(t.Context(), c, b, s.callName(c))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	half()
	if _, err := s.Collect(t.Context(), c); !errors.Is(err, agent.ErrNotFound) {
		t.Fatalf("nothing was started, only made: %v", err)
	}
	half()
	if out := exec(t, s, c); string(out.Stdout) != "ran\n" {
		t.Errorf("made, then run: %q", out.Stdout)
	}
	if _, err := s.Collect(t.Context(), inSession("true")); !errors.Is(err, agent.ErrNotFound) {
		t.Errorf("a session's command was collected: %v", err)
	}
}

// Of a call that began, and whose container was taken away, nobody says that it never
// began. Whoever knows that it may run twice runs it again.
func TestContainerTakenAway(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	c := fresh("c", sh("echo again")...)
	c.Image, c.Limit = testImage(), time.Minute
	b, _, err := s.launch(t.Context(), c, s.callName(c))
	if err == nil {
		err = s.remove(t.Context(), b.id)
	}
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.Collect(t.Context(), c); !errors.Is(err, agent.ErrGone) {
			t.Fatalf("collected: %v", err)
		}
	}
	if out := exec(t, s, c); string(out.Stdout) != "again\n" {
		t.Errorf("run again: %q", out.Stdout)
	}
}

// helperEnv makes the test binary a worker that is killed in the middle.
const helperEnv = "INTERLOCK_TEST_WORKER"

func slowCall() agent.Command {
	c := fresh("slow", sh("echo started; echo started >/mark/f; sleep 1; echo err >&2; echo result >out; echo ended; exit 5")...)
	c.Collect = []string{"out"}
	return c
}

// TestWorker is no test: it is what the child process of the next one runs.
func TestWorker(t *testing.T) {
	dir := os.Getenv(helperEnv)
	if dir == "" {
		return
	}
	s, err := New(Options{DataDir: filepath.Join(dir, "data"), Instance: dir, Image: testImage()})
	if err != nil {
		t.Fatal(err)
	}
	c := slowCall()
	c.Mounts = []agent.Mount{{From: filepath.Join(dir, "mark"), To: "/mark", Write: true}}
	_, err = s.Exec(t.Context(), c)
	t.Fatalf("the worker should be dead: %v", err)
}

func TestAnotherProcessCollects(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, Options{DataDir: filepath.Join(dir, "data"), Instance: dir})
	if err := os.Mkdir(filepath.Join(dir, "mark"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := s.Own(filepath.Join(dir, "mark")); err != nil {
		t.Fatal(err)
	}
	worker := osexec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWorker$")
	worker.Env = append(os.Environ(), helperEnv+"="+dir)
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	for begin := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(dir, "mark", "f")); err == nil {
			break
		}
		if time.Since(begin) > 30*time.Second {
			t.Fatal("the worker started nothing")
		}
	}
	if err := worker.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = worker.Wait()
	for range 2 { // the second time from the record
		out, err := s.Collect(t.Context(), slowCall())
		if err != nil || out.Code != 5 || out.Stopped || string(out.Stdout) != "started\nended\n" ||
			string(out.Stderr) != "err\n" || string(out.Files["out"]) != "result\n" || out.Image == "" {
			t.Fatalf("%+v %q %v", out, out.Stdout, err)
		}
	}
}

func TestHostileFilesStay(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	c := fresh("c", sh(`ln -s /etc/passwd link; ln -s ../output.json up; mkfifo fifo; mkdir dir real; ln -s real dirlink
		echo x >real/f; truncate -s 70M big; echo fine >ok; ln ok hard`)...)
	c.Collect = []string{"link", "up", "fifo", "dir", "dirlink/f", "big", "ok", "hard", "real/f", "ok/not-a-folder"}
	out := exec(t, s, c)
	got := slices.Sorted(maps.Keys(out.Files))
	if !slices.Equal(got, []string{"hard", "ok", "real/f"}) {
		t.Errorf("brought back %v", got)
	}
	for _, name := range []string{"link", "up", "fifo", "dir", "dirlink/f", "big"} {
		if !strings.Contains(string(out.Stderr), "[sandbox: "+name+" was not brought back") {
			t.Errorf("nothing said about %s: %s", name, out.Stderr)
		}
	}
}

func TestFreshIsStopped(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	c := fresh("gentle", sh(gentle)...)
	c.Collect = []string{"state"}
	out := stop(t, s, c)
	if !out.Stopped || out.Code != 4 || string(out.Stdout) != "on\nbye\n" || string(out.Files["state"]) != "saved\n" {
		t.Errorf("gentle: %+v %q", out, out.Stdout)
	}
	s = open(t, Options{Grace: 200 * time.Millisecond})
	if out := stop(t, s, fresh("stubborn", sh(stubborn)...)); !out.Stopped || out.Code != killedCode || string(out.Stdout) != "on\n" {
		t.Errorf("stubborn: %+v %q", out, out.Stdout)
	}
}

func TestTimeLimit(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	for _, c := range []agent.Command{fresh("c", "sleep", "1000"), inSession("sleep", "1000")} {
		c.Limit = 300 * time.Millisecond
		if out := exec(t, s, c); !out.Stopped || out.Code == 0 || !strings.Contains(string(out.Stderr), "time limit of 300ms") {
			t.Errorf("%+v %q", out, out.Stderr)
		}
	}
}

func TestFlood(t *testing.T) {
	t.Parallel()
	const limit = 64 << 10
	s := open(t, Options{OutputLimit: limit})
	flood := sh(`yes 'a line that is said again and again' | head -c 50000000; echo the end; echo short >&2`)
	for _, c := range []agent.Command{fresh("c", flood...), inSession(flood...)} {
		out := exec(t, s, c)
		if !out.Truncated || len(out.Stdout) > limit+100 || !strings.HasSuffix(string(out.Stdout), "the end\n") || string(out.Stderr) != "short\n" {
			t.Errorf("truncated %v, %d bytes, %q", out.Truncated, len(out.Stdout), out.Stderr)
		}
	}
	exact := sh("head -c 65536 /dev/zero")
	for _, c := range []agent.Command{fresh("exact", exact...), inSession(exact...)} {
		if out := exec(t, s, c); out.Truncated || len(out.Stdout) != limit {
			t.Errorf("exactly the limit: %v, %d", out.Truncated, len(out.Stdout))
		}
	}
}
