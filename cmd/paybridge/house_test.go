package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paybridge/paybridge/bridge/purchase"
)

const module = "github.com/paybridge/paybridge/"

// mayImport is the house: what a package may import of ours. What is not here may import nothing of ours.
var mayImport = map[string][]string{
	"cmd/paybridge": {"bridge", "bridge/governor", "bridge/history", "bridge/post", "bridge/purchase", "bridge/reconcile", "bridge/store", "bridge/web", "config", "config/field", "dataverse",
		"dataverse/dataversesim", "providers", "providers/protocol", "providers/providersim"},
	"config":                 {"bridge/post", "bridge/reconcile", "bridge/web", "config/field", "dataverse", "providers"},
	"config/field":           {},
	"bridge":                 {"bridge/failpoint", "bridge/purchase"},
	"bridge/failpoint":       {}, // but for a build with its tag, it is nothing
	"bridge/purchase":        {},
	"bridge/history":         {"bridge/purchase"},
	"bridge/reconcile":       {"bridge/purchase"},
	"bridge/store":           {"bridge", "bridge/failpoint", "bridge/purchase", "config/field"},
	"bridge/store/storetest": {"bridge", "bridge/purchase", "bridge/store"},
	"bridge/governor":        {"bridge", "bridge/purchase", "config/field"},
	"bridge/post":            {"bridge", "bridge/purchase", "config/field"},
	"bridge/web":             {"bridge", "bridge/purchase", "config/field"},
	"dataverse":              {"bridge/purchase", "config/field"},
	"dataverse/dataversesim": {},
	"providers":              {"bridge", "bridge/purchase", "config/field", "providers/protocol", adapters},
	"providers/protocol":     {"bridge/purchase", "config/field"},
	"providers/providertest": {"bridge", "bridge/purchase", "config/field", "providers/protocol", "providers/providersim"},
	"providers/providersim":  {},
	adapters:                 {"bridge/purchase", "config/field", "providers/protocol"},
}

// adapters are the payment providers, a package each: they are alike, and a new one changes nothing here.
const adapters = "providers/*"

// room is a package as the house knows it.
func room(of string) string {
	if _, named := mayImport[of]; !named && strings.HasPrefix(of, "providers/") && strings.Count(of, "/") == 1 {
		return adapters
	}
	return of
}

// pure packages touch neither clock nor chance nor the outside.
var pure = []string{"bridge/purchase", "bridge/history", "bridge/reconcile"}

var impure = []string{"os", "net", "math/rand", "math/rand/v2", "crypto/rand", "database/sql", "log", "io/ioutil", "os/exec", "syscall"}

// imports reads what the packages of this module import, tests left out.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir("../..", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2 || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		from := filepath.ToSlash(filepath.Dir(strings.TrimPrefix(filepath.ToSlash(file), "../../")))
		for _, spec := range parsed.Imports {
			to, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			found[from] = append(found[from], to)
		}
		if found[from] == nil {
			found[from] = []string{}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestArrowsPointInwardOnly(t *testing.T) {
	t.Parallel()
	for from, list := range imports(t) {
		allowed, known := mayImport[room(from)]
		if !known {
			t.Errorf("package %s is not in the house", from)
		}
		for _, to := range list {
			if ours, ok := strings.CutPrefix(to, module); ok && !slices.Contains(allowed, room(ours)) {
				t.Errorf("%s may not import %s", from, ours)
			}
			if slices.Contains(pure, from) && slices.Contains(impure, to) {
				t.Errorf("%s is pure and may not import %s", from, to)
			}
			if to == "github.com/labstack/echo/v4" && from != "bridge/web" {
				t.Errorf("%s knows the HTTP framework; only bridge/web may", from)
			}
		}
	}
}

var arrow = regexp.MustCompile(`^(.+?) --> (.+)$`)
var box = regexp.MustCompile(`^(\w+)(?:\[([^<\]]+)(?:<br>[^\]]*)?\])?$`)

func TestTheReadmesPictureIsTheHouse(t *testing.T) {
	t.Parallel()
	drawn := picture(t, readme(t))
	built := map[string][]string{}
	for from, list := range imports(t) {
		for _, to := range list {
			ours, ok := strings.CutPrefix(to, module)
			if !ok || ours == "config/field" || strings.HasSuffix(from, "test") {
				continue
			}
			from, ours := room(from), room(ours)
			if strings.HasSuffix(ours, "sim") {
				ours = "the simulators"
			}
			if from == "cmd/paybridge" && (ours == "bridge/purchase" || ours == "providers/protocol") {
				continue // the program prints the core's words, and fills in what an account is given
			}
			if !slices.Contains(built[from], ours) {
				built[from] = append(built[from], ours)
			}
		}
	}
	for from, list := range built {
		slices.Sort(list)
		if diff := cmp.Diff(drawn[from], list); diff != "" {
			t.Errorf("%s: the picture (-) and the imports (+) differ:\n%s", from, diff)
		}
	}
}

func readme(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// picture reads the arrows of the README's first drawing.
func picture(t *testing.T, text string) map[string][]string {
	t.Helper()
	_, rest, _ := strings.Cut(text, "```mermaid\ngraph TD\n")
	body, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the README has no picture of the house")
	}
	names := map[string]string{"store": "bridge/store", "web": "bridge/web", "post": "bridge/post", "governor": "bridge/governor"}
	var edges [][2][]string
	for _, line := range strings.Split(strings.TrimSpace(body), "\n") {
		m := arrow.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			t.Fatalf("not an arrow: %s", line)
		}
		edges = append(edges, [2][]string{nodes(t, m[1], names), nodes(t, m[2], names)})
	}
	drawn := map[string][]string{}
	for _, e := range edges {
		for _, from := range e[0] {
			for _, to := range e[1] {
				drawn[names[from]] = append(drawn[names[from]], names[to])
			}
		}
	}
	for from := range drawn {
		slices.Sort(drawn[from])
	}
	return drawn
}

func nodes(t *testing.T, text string, names map[string]string) []string {
	t.Helper()
	var ids []string
	for _, part := range strings.Split(text, " & ") {
		m := box.FindStringSubmatch(strings.TrimSpace(part))
		if m == nil {
			t.Fatalf("not a package: %s", part)
		}
		if m[2] != "" {
			names[m[1]] = m[2]
		} else if names[m[1]] == "" {
			names[m[1]] = m[1]
		}
		ids = append(ids, m[1])
	}
	return ids
}

func TestTheReadmeNamesEveryState(t *testing.T) {
	t.Parallel()
	text := readme(t)
	if !strings.Contains(text, purchase.Diagram()) {
		t.Error("the README's diagram of the states is not the table's; paste bridge/purchase/testdata/states.mmd")
	}
	for _, row := range purchase.States() {
		if !strings.Contains(text, "`"+string(row.State)+"`") {
			t.Errorf("the README does not say what %s means", row.State)
		}
	}
}

func TestThePlaceOfEveryFileIsSaid(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{"cmd", "bridge", "dataverse", "providers", "config", "deploy", "go.mod", "go.sum", "README.md", "LICENSE"}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(allowed, e.Name()) {
			t.Errorf("%s does not belong at the top", path.Clean(e.Name()))
		}
	}
}
