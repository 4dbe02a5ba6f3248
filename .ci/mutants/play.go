package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A fault is one change of the source that a careless hand could make, and the test that must notice it.
type fault struct {
	name string // what is wrong, in a few words; the only one of its name
	file string
	was  string // occurs exactly once in the file
	is   string
	in   string // the package of the test
	test string // TestX, or TestX/name of a subtest
	cost string // what it would cost somebody
}

// A result is what became of one fault.
type result struct {
	fault
	problem string // "" where the named test failed
	took    time.Duration
}

// testTimeout is far more than any named test takes: a fault may keep one from ending.
const testTimeout = "120s"

// fit checks the whole table against the source.
func fit(all []fault) error {
	var wrong []error
	seen := map[string]bool{}
	for _, f := range all {
		if seen[f.name] {
			wrong = append(wrong, fmt.Errorf("%q is there twice", f.name))
		}
		seen[f.name] = true
		if _, err := f.changed(); err != nil {
			wrong = append(wrong, err)
		}
	}
	return errors.Join(wrong...)
}

// changed is the file with the fault in it.
func (f fault) changed() ([]byte, error) {
	source, err := os.ReadFile(f.file)
	if err != nil {
		return nil, fmt.Errorf("%q: %w; run this at the top of the source", f.name, err)
	}
	if n := bytes.Count(source, []byte(f.was)); n != 1 {
		return nil, fmt.Errorf("%q: its text occurs %d times in %s; make the table fit the source again", f.name, n, f.file)
	}
	return bytes.Replace(source, []byte(f.was), []byte(f.is), 1), nil
}

// health is how the named tests do without any fault.
type health struct {
	passed map[string]bool // by package and name
	took   time.Duration
}

func (h health) knows(f fault) bool { return h.passed[f.in+" "+f.test] }

// healthy runs the named tests without a fault, a package at a time.
func healthy(ctx context.Context, chosen []fault) (health, error) {
	began, h := time.Now(), health{passed: map[string]bool{}}
	packages := map[string][]string{}
	for _, f := range chosen {
		top, _, _ := strings.Cut(f.test, "/")
		if !slices.Contains(packages[f.in], top) {
			packages[f.in] = append(packages[f.in], top)
		}
	}
	for in, tests := range packages {
		out, err := goTest(ctx, in, "^("+strings.Join(tests, "|")+")$", "-v")
		if err != nil {
			return h, fmt.Errorf("without any fault the tests in %s fail:\n%s", in, out)
		}
		for _, f := range chosen {
			if f.in == in && said(out, "PASS", f.test) {
				h.passed[in+" "+f.test] = true
			}
		}
	}
	h.took = time.Since(began)
	return h, nil
}

// play plants each fault and runs its test.
func play(ctx context.Context, chosen []fault, sound health, at int) []result {
	results := make([]result, len(chosen))
	places := make(chan struct{}, max(1, at))
	var all sync.WaitGroup
	var done atomic.Int32
	for i, f := range chosen {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			began := time.Now()
			problem := "there is no such test"
			if sound.knows(f) {
				problem = f.plant(ctx)
			}
			results[i] = result{fault: f, problem: problem, took: time.Since(began)}
			fmt.Fprintf(os.Stderr, "%3d of %d  %-12s %s\n", done.Add(1), len(chosen), results[i].word(), f.name)
		})
	}
	all.Wait()
	return results
}

// plant says what is wrong with the fault or its test; "" is as it should be: the named test failed.
func (f fault) plant(ctx context.Context) (problem string) {
	overlay, clean, err := f.overlay()
	if err != nil {
		return err.Error()
	}
	defer clean()
	out, err := goTest(ctx, f.in, pattern(f.test), "-overlay="+overlay)
	switch {
	case ctx.Err() != nil:
		return "interrupted"
	case strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]"):
		return "does not compile:\n" + out
	case err == nil:
		return "NOT NOTICED"
	case strings.Contains(out, "panic: test timed out"):
		return "the test does not end"
	case !said(out, "FAIL", f.test):
		return "another test failed:\n" + out
	}
	return ""
}

// overlay writes the changed file, and the note by which the go tool reads it in place of the true one.
func (f fault) overlay() (path string, clean func(), err error) {
	source, err := f.changed()
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp("", "mutant-")
	if err != nil {
		return "", nil, err
	}
	clean = func() { _ = os.RemoveAll(dir) }
	real, err := filepath.Abs(f.file)
	if err != nil {
		return "", clean, err
	}
	planted := filepath.Join(dir, filepath.Base(f.file))
	note, err := json.Marshal(map[string]map[string]string{"Replace": {real: planted}})
	if err != nil {
		return "", clean, err
	}
	path = filepath.Join(dir, "overlay.json")
	return path, clean, errors.Join(os.WriteFile(planted, source, 0o600), os.WriteFile(path, note, 0o600))
}

// wide names the tests of the package that notice the fault: for finding the one to name.
func (f fault) wide(ctx context.Context) string {
	overlay, clean, err := f.overlay()
	if err != nil {
		return err.Error()
	}
	defer clean()
	out, err := goTest(ctx, f.in, ".", "-overlay="+overlay, "-skip=Planted")
	if err == nil {
		return "NOT NOTICED"
	}
	if strings.Contains(out, " failed]") {
		return out
	}
	var names []string
	for _, m := range regexp.MustCompile(`--- FAIL: (\S+)`).FindAllStringSubmatch(out, -1) {
		names = append(names, m[1])
	}
	return strings.Join(names, "\n\t")
}

func goTest(ctx context.Context, in, run string, flags ...string) (string, error) {
	args := append([]string{"test", "-count=1", "-vet=off", "-timeout=" + testTimeout, "-run=" + run}, flags...)
	args = append(args, in)
	if drawsCases(in) {
		// Always the same cases, and none that fails is written into the work tree.
		args = append(args, "-args", "-rapid.seed=1", "-rapid.nofailfile")
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// drawsCases tells whether the package's tests are drawn by rapid.
func drawsCases(in string) bool {
	files, _ := filepath.Glob(filepath.Join(in, "*_test.go"))
	return slices.ContainsFunc(files, func(file string) bool {
		source, err := os.ReadFile(file)
		return err == nil && bytes.Contains(source, []byte(`"pgregory.net/rapid"`))
	})
}

// pattern is the -run pattern of exactly one test.
func pattern(test string) string {
	parts := strings.Split(test, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(strings.ReplaceAll(p, " ", "_")) + "$"
	}
	return strings.Join(parts, "/")
}

// said tells whether the go tool printed this verdict on the test.
func said(out, verdict, test string) bool {
	return strings.Contains(out, "--- "+verdict+": "+strings.ReplaceAll(test, " ", "_")+" (")
}
