package ingenico

// What the published vectors are about, and only the adapter's own calls use.
var (
	Signed    = signed
	Canonical = canonical
	Words     = words
	SHANames  = feedbackNames
	Pack      = pack
	Unpack    = unpack
)

// SHAIn signs fields as the account signs what it sends.
func (a *Ogone) SHAIn(fields map[string]string) string { return a.in.signature(fields) }
