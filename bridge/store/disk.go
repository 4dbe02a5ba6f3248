//go:build failpoint

package store

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/paybridge/paybridge/bridge/failpoint"
)

// A disk stands between SQLite and its files, and names each write, flush and cut as a point. It remembers what was written to each file
// since its last flush: a power cut may take any of that.
//
// Source: SQLite, "The OS interface or VFS"; https://www.sqlite.org/vfs.html
type disk struct {
	base    *sqlite3.Tsqlite3_vfs
	methods map[method]uintptr // our tables of calls, by SQLite's and the kind of file
	dirty   map[string][]span  // by kind
	held    []any              // functions that only SQLite knows of
	sync.Mutex
}

type method struct {
	base uintptr
	kind string
}

// A span is some bytes of a file.
type span struct{ from, to int64 }

type (
	openCall     = func(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32
	writeCall    = func(tls *libc.TLS, file, buf uintptr, n int32, at int64) int32
	truncateCall = func(tls *libc.TLS, file uintptr, size int64) int32
	syncCall     = func(tls *libc.TLS, file uintptr, flags int32) int32
)

func init() {
	tls := libc.NewTLS()
	base := sqlite3.Xsqlite3_vfs_find(tls, 0)
	if base == 0 {
		sqlite3.Xsqlite3_initialize(tls)
		base = sqlite3.Xsqlite3_vfs_find(tls, 0)
	}
	d := &disk{base: (*sqlite3.Tsqlite3_vfs)(pointer(base)), methods: map[method]uintptr{}, dirty: map[string][]span{}}
	ours := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_vfs{})))
	*(*sqlite3.Tsqlite3_vfs)(pointer(ours)) = *d.base
	(*sqlite3.Tsqlite3_vfs)(pointer(ours)).FxOpen = hold(d, d.open)
	if rc := sqlite3.Xsqlite3_vfs_register(tls, ours, 1); rc != sqlite3.SQLITE_OK {
		panic(fmt.Sprintf("store: register the disk of failpoints: %d", rc))
	}
	failpoint.Witness = d.unflushed
}

// pointer is memory of SQLite's own, which Go's collector knows nothing of.
func pointer(address uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&address)) }

// hold makes a function callable by SQLite.
func hold[F any](d *disk, f F) uintptr {
	d.held = append(d.held, &f)
	return *(*uintptr)(unsafe.Pointer(&f))
}

// called makes one of SQLite's functions callable.
func called[F any](address uintptr) F { return *(*F)(unsafe.Pointer(&address)) }

func (d *disk) open(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32 {
	rc := called[openCall](d.base.FxOpen)(tls, vfs, name, file, flags, out)
	f := (*sqlite3.Tsqlite3_file)(pointer(file))
	kind := kindOf(flags)
	if rc != sqlite3.SQLITE_OK || f.FpMethods == 0 || kind == "" {
		return rc
	}
	d.Lock()
	defer d.Unlock()
	key := method{f.FpMethods, kind}
	if d.methods[key] == 0 {
		d.methods[key] = d.table(tls, key)
	}
	f.FpMethods = d.methods[key]
	return rc
}

// kindOf is "" for files that no crash leaves behind.
func kindOf(flags int32) string {
	switch {
	case flags&sqlite3.SQLITE_OPEN_WAL != 0:
		return "log"
	case flags&sqlite3.SQLITE_OPEN_MAIN_DB != 0:
		return "database"
	case flags&sqlite3.SQLITE_OPEN_MAIN_JOURNAL != 0:
		return "journal"
	}
	return ""
}

// table is SQLite's table of calls with three of ours.
func (d *disk) table(tls *libc.TLS, key method) uintptr {
	base := (*sqlite3.Tsqlite3_io_methods)(pointer(key.base))
	ours := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(*base)))
	t := (*sqlite3.Tsqlite3_io_methods)(pointer(ours))
	*t = *base
	write, truncate, flush := called[writeCall](base.FxWrite), called[truncateCall](base.FxTruncate), called[syncCall](base.FxSync)
	t.FxWrite = hold(d, func(tls *libc.TLS, file, buf uintptr, n int32, at int64) int32 {
		failpoint.Hit(key.kind, "write")
		d.touch(key.kind, span{at, at + int64(n)})
		if failpoint.Due(key.kind, "half a write") {
			write(tls, file, buf, n/2, at)
			failpoint.Die()
		}
		return write(tls, file, buf, n, at)
	})
	t.FxTruncate = hold(d, func(tls *libc.TLS, file uintptr, size int64) int32 {
		failpoint.Hit(key.kind, "cut")
		return truncate(tls, file, size)
	})
	t.FxSync = hold(d, func(tls *libc.TLS, file uintptr, flags int32) int32 {
		failpoint.Hit(key.kind, "flush")
		rc := flush(tls, file, flags)
		d.flushed(key.kind)
		failpoint.Hit(key.kind, "flushed")
		return rc
	})
	return ours
}

func (d *disk) touch(kind string, s span) {
	d.Lock()
	defer d.Unlock()
	d.dirty[kind] = append(d.dirty[kind], s)
}

func (d *disk) flushed(kind string) {
	d.Lock()
	defer d.Unlock()
	delete(d.dirty, kind)
}

// unflushed lists what a power cut may take now: a line for each stretch of a file.
func (d *disk) unflushed() string {
	d.Lock()
	defer d.Unlock()
	var lines []string
	for kind, spans := range d.dirty {
		slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
		for _, s := range spans {
			lines = append(lines, fmt.Sprintf("%s %d %d", kind, s.from, s.to))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
