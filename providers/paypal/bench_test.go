package paypal_test

import "testing"

// BenchmarkRead is what reading a usual webhook costs, offline: headers, certificate from memory, RSA, CRC-32, JSON.
func BenchmarkRead(b *testing.B) {
	f := loadVectors(b)
	for _, v := range f.Vectors {
		if v.Name != "paypal-rs-simulator-capture-completed-2025" {
			continue
		}
		p := f.account(b, v, nil)
		d := v.delivery(v.sent(b))
		b.ReportAllocs()
		b.SetBytes(int64(len(d.Body)))
		for b.Loop() {
			if _, err := p.Read(b.Context(), d); err != nil {
				b.Fatal(err)
			}
		}
	}
}
