package reconcile

import "cmp"

// A name is one of the names of a payment at an account: references and objects alike.
type name struct{ account, id string }

func (n name) compare(o name) int {
	return cmp.Or(cmp.Compare(n.account, o.account), cmp.Compare(n.id, o.id))
}

// A joint finds out which names go together. What a set is called in the end is its smallest name, in whatever order it was joined.
type joint map[name]name

func (j joint) root(n name) name {
	up, known := j[n]
	if !known || up == n {
		return n
	}
	root := j.root(up)
	j[n] = root
	return root
}

func (j joint) join(a, b name) {
	a, b = j.root(a), j.root(b)
	if a.compare(b) > 0 {
		a, b = b, a
	}
	j[a], j[b] = a, a
}
