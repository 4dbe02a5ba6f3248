package store

import (
	"strconv"
	"strings"
)

// A dialect is all that differs between the databases in the statements of this package.
type dialect struct {
	name string
	// numbered placeholders are $1, $2 …; else they are question marks.
	numbered bool
	// lock is added to a SELECT that locks the rows it reads.
	lock string
}

var sqlite = dialect{name: "sqlite"}

// bind writes a statement's placeholders as the database wants them.
func (d dialect) bind(statement string) string {
	if !d.numbered {
		return statement
	}
	var b strings.Builder
	n := 0
	for _, r := range statement {
		if r != '?' {
			b.WriteRune(r)
			continue
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}
