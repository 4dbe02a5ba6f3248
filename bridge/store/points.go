//go:build failpoint

package store

import (
	"strings"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/failpoint"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// reach names a moment of the transaction for each change that shares it.
func reach(jobs []*job, moment string) {
	for _, j := range jobs {
		failpoint.Hit(j.name, moment)
	}
}

// wrote names the moment after a statement, by its verb and its table.
func (t *txn) wrote(statement string) {
	words := strings.Fields(statement)
	name := words[0]
	for i, w := range words[:len(words)-1] {
		switch w {
		case "INTO", "FROM":
			name += " " + words[i+1]
		case "UPDATE":
			if i == 0 {
				name += " " + words[1]
			}
		default:
			continue
		}
		break
	}
	failpoint.Hit(t.job.name, strings.ToLower(name))
}

// keeps names the change by what it keeps.
func (t *txn) keeps(k bridge.Keeping) {
	var what []string
	if k.Delivery != nil {
		what = append(what, "delivery "+string(k.State))
	}
	if k.Token != nil {
		what = append(what, "token")
	}
	if len(k.Facts) > 0 {
		what = append(what, subject(k.Facts[0]))
	}
	t.job.name = "keep " + strings.Join(what, ", ")
}

func subject(f purchase.Fact) string {
	if f.Detail.Step != "" {
		return string(f.Kind) + " " + string(f.Detail.Step)
	}
	return string(f.Kind)
}
