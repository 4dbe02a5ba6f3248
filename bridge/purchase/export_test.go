package purchase

import (
	"reflect"
	"runtime"
	"strings"
	"time"
)

// PlanBy is Plan by a list of rules that the caller made from the real one; the names are those of the functions.
func PlanBy(change func(name string, rule Rule) Rule) func(Purchase, time.Time, ...string) Next {
	var list []Rule
	for _, rule := range rules {
		if changed := change(ruleName(rule), rule); changed != nil {
			list = append(list, changed)
		}
	}
	return func(p Purchase, now time.Time, shut ...string) Next { return planBy(list, p, now, shut) }
}

// Rule is one rule of the plan.
type Rule = rule

func ruleName(rule Rule) string {
	name := runtime.FuncForPC(reflect.ValueOf(rule).Pointer()).Name()
	return name[strings.LastIndex(name, ".")+1:]
}
